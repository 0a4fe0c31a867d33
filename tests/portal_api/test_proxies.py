"""Behind a proxy people are told apart, and nobody can pretend to come from elsewhere."""

from __future__ import annotations

import sys

import httpx
import pytest

from cli.run import server_options
from hub.errors import NeedsPerson
from hub.settings import load
from portal_api.access.routes import MANY
from portal_api.app import create_app

HERE = "127.0.0.1"
"""Where the proxy of these tests stands: the address from which the portal is asked."""


@pytest.fixture
def press(sqlite_world, request):
    """`press("192.0.2.1")`: the status of a press on an unknown link, with that X-Forwarded-For."""
    serving = sys.modules[type(sqlite_world).__module__].serving
    settings = sqlite_world.settings.model_copy(update={"trusted_proxies": (request.param,)})
    with serving(create_app(settings), **server_options(settings)) as address, httpx.Client(base_url=address) as client:

        def go(forwarded):
            return client.post("/sign-in/nothing", headers={"x-forwarded-for": forwarded}).status_code

        yield go


@pytest.mark.parametrize("press", [HERE], indirect=True)
def test_behind_a_trusted_proxy_one_persons_tries_lock_nobody_else_out(press):
    assert [press("192.0.2.1") for _ in range(MANY + 1)] == [410] * MANY + [429]
    assert press("192.0.2.2") == 410


@pytest.mark.parametrize("press", [HERE], indirect=True)
def test_what_a_person_claims_before_the_proxy_counts_for_nothing(press):
    assert [press(f"198.51.100.{n}, 192.0.2.1") for n in range(MANY + 1)] == [410] * MANY + [429]


@pytest.mark.parametrize("press", ["10.0.0.5"], indirect=True)
def test_who_is_no_trusted_proxy_cannot_say_where_a_request_comes_from(press):
    assert [press(f"192.0.2.{n}") for n in range(MANY + 1)] == [410] * MANY + [429]


def test_proxies_are_addresses_and_networks_and_never_everybody(tmp_path):
    def named(text):
        return load(
            environment={"FRONTDESK_DATABASE_URL": "sqlite:///x", "FRONTDESK_TRUSTED_PROXIES": text}
        ).trusted_proxies

    assert named("10.0.0.5, 10.1.0.0/16") == ("10.0.0.5", "10.1.0.0/16")
    assert named("") == ()
    for wrong in ("*", "0.0.0.0/0", "::/0", "proxy.internal", "10.0.0.5/8"):
        with pytest.raises(NeedsPerson, match="TRUSTED_PROXIES"):
            named(wrong)
