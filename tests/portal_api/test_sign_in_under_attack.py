"""Who is meant gets in: whatever scanners press, and whoever else asks for links to the same address."""

from __future__ import annotations

import datetime as dt
import re
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest
from sqlalchemy import delete, update

from hub.clock import now
from portal_api.access import links, routes
from portal_api.access.limits import place_of
from portal_api.access.links import create_link
from store.access_tables import SignInLink

pytestmark = pytest.mark.anyio

KEY = "a test secret of 32 characters or more"
MINE, OTHERS = "m" * 43, "o" * 43


@pytest.fixture(autouse=True)
def forget(world):
    """Nobody has asked for a link yet."""
    with world.engine.begin() as connection:
        connection.execute(delete(SignInLink))


@pytest.fixture
def mailed(portal, monkeypatch):
    """The mails that the portal sends: address, link's path, code."""
    sent = []

    def send(message, to):
        text = message.get_body(("plain",)).get_content()
        path = urlsplit(re.search(r"http://\S+/sign-in/\S+", text)[0]).path
        sent.append(SimpleNamespace(to=to, path=path, code=message["subject"][:7]))

    monkeypatch.setattr(portal.app.state.portal.mailer, "send_soon", send)
    return sent


async def ask(portal, email, browser=None):
    portal.cookies.clear()
    if browser:
        portal.cookies.set("frontdesk_asked", browser)
    return await portal.post("/sign-in", data={"email": email})


def is_in(answer):
    return answer.status_code == 303 and "frontdesk=" in answer.headers.get("set-cookie", "")


async def test_a_scanner_that_presses_every_button_gets_no_session_and_leaves_the_link_good(world, portal, mailed):
    await ask(portal, world.client("legal").email)
    browser = portal.cookies["frontdesk_asked"]
    [mail] = mailed
    portal.cookies.clear()
    for _ in range(links.TRIES + 2):
        page = await portal.get(mail.path)
        assert 'name="code"' in page.text
        for form in ({}, {"code": ""}, {"code": "test"}):
            pressed = await portal.post(mail.path, data=form)
            assert pressed.status_code == 400
            assert "set-cookie" not in pressed.headers
    portal.cookies.set("frontdesk_asked", browser)
    assert 'name="code"' not in (await portal.get(mail.path)).text
    assert is_in(await portal.post(mail.path))


async def test_on_another_device_the_link_takes_the_code_of_its_mail(world, portal, mailed):
    await ask(portal, world.client("legal").email)
    [mail] = mailed
    portal.cookies.clear()
    wrong = f"{(int(mail.code.replace(' ', '')) + 1) % 10**6:06d}"
    refused = await portal.post(mail.path, data={"code": wrong})
    assert refused.status_code == 400
    assert "That code did not fit" in refused.text
    assert is_in(await portal.post(mail.path, data={"code": mail.code}))
    assert (await portal.post(mail.path, data={"code": mail.code})).status_code == 410


async def test_guessing_the_code_of_a_link_ends_after_a_few_tries(world, portal, mailed):
    await ask(portal, world.client("legal").email)
    [mail] = mailed
    portal.cookies.clear()
    for n in range(links.TRIES):
        guess = f"{(int(mail.code.replace(' ', '')) + 1 + n) % 10**6:06d}"
        assert (await portal.post(mail.path, data={"code": guess})).status_code == 400
    assert (await portal.post(mail.path, data={"code": mail.code})).status_code == 400


async def test_whoever_asks_for_links_to_my_address_ends_none_of_mine(world, portal, mailed):
    email = world.client("legal").email
    await ask(portal, email, MINE)
    for _ in range(links.PER_PLACE - 1):
        await ask(portal, email)
    portal.cookies.clear()
    portal.cookies.set("frontdesk_asked", MINE)
    assert is_in(await portal.post("/sign-in/code", data={"code": mailed[0].code}))


async def test_whoever_asks_too_often_for_my_address_keeps_me_from_nothing(world, portal, mailed):
    email = world.client("legal").email
    answers = [await ask(portal, email, OTHERS) for _ in range(links.PER_PLACE + 1)]
    assert [one.status_code for one in answers] == [303] * links.PER_PLACE + [429]
    assert "Links that came by mail already stay good" in answers[-1].text
    portal._transport.client = ("192.0.2.9", 123)
    await ask(portal, email, MINE)
    assert len(mailed) == links.PER_PLACE + 1
    assert is_in(await portal.post("/sign-in/code", data={"code": mailed[-1].code}))


async def test_the_same_is_said_of_an_address_that_nobody_has(portal):
    answers = [await ask(portal, "nobody@nowhere.example") for _ in range(links.PER_PLACE + 1)]
    assert [one.status_code for one in answers] == [303] * links.PER_PLACE + [429]


async def test_who_asks_twice_in_one_browser_may_use_either_mail(world, portal, mailed):
    email = world.client("legal").email
    await portal.post("/sign-in", data={"email": email})
    await portal.post("/sign-in", data={"email": email})
    first, second = mailed
    assert is_in(await portal.post("/sign-in/code", data={"code": first.code}))
    assert is_in(await portal.post(second.path))


async def test_too_many_tries_from_one_place_are_braked_and_said_so(world, portal):
    codes = [(await portal.post("/sign-in/" + "x" * 43)).status_code for _ in range(routes.MANY + 1)]
    assert codes == [410] * routes.MANY + [429]
    with world.engine.begin() as connection:
        path = urlsplit(create_link(connection, world.client("saas").email)).path
    braked = await portal.post(path)
    assert braked.status_code == 429
    assert routes.TOO_MANY in braked.text
    assert 'href="/sign-in">Go to sign-in' in braked.text
    assert "Go to home" not in braked.text
    for _ in range(routes.MANY + 1):
        asked = await portal.post("/sign-in", data={"email": "nobody@nowhere.example"})
        entered = await portal.post("/sign-in/code", data={"code": "123456"})
    assert (asked.status_code, entered.status_code) == (429, 429)
    portal.app.state.portal.limits.clear()
    assert is_in(await portal.post(path))


def test_the_code_works_once_in_the_browser_that_asked_and_five_tries_end_it(world):
    email = world.client("architecture").email
    with world.engine.begin() as connection:
        asked = links.ask(connection, email, "/", MINE, now(), KEY)
        assert links.redeem_code(connection, asked.code, OTHERS, now(), KEY) is None
        assert links.redeem_code(connection, asked.code, MINE, now(), "another key") is None
        assert links.redeem_code(connection, asked.code, MINE, now(), KEY).email == email
        assert links.redeem_code(connection, asked.code, MINE, now(), KEY) is None
        asked = links.ask(connection, email, "/", MINE, now(), KEY)
        wrong = f"{(int(asked.code) + 1) % 10**6:06d}"
        for _ in range(links.TRIES):
            assert links.redeem_code(connection, wrong, MINE, now(), KEY) is None
        assert links.redeem_code(connection, asked.code, MINE, now(), KEY) is None


def test_only_so_many_links_are_good_at_once(world):
    email = "many@client.example"
    with world.engine.begin() as connection:
        asked = [links.ask(connection, email, "/", "b", now(), KEY) for _ in range(links.PER_ADDRESS)]
        assert links.ask(connection, email, "/", "b", now(), KEY) is None
        assert [links.needs(connection, one.token, "b", now()) for one in asked] == ["press"] * links.PER_ADDRESS
        old = now() - dt.timedelta(minutes=links.MINUTES, seconds=1)
        connection.execute(update(SignInLink).values(created_at=old, expires_at=now()))
        assert links.ask(connection, email, "/", "b", now(), KEY) is not None


def test_an_ipv6_network_is_one_place():
    assert place_of("2001:db8::1") == place_of("2001:db8::ffff:1") == "2001:db8::/64"
    assert place_of("2001:db8:0:1::1") != place_of("2001:db8::1")
    assert [place_of(host) for host in ("192.0.2.9", "testclient", "")] == ["192.0.2.9", "testclient", ""]
