"""Webhooks: signed hints, taken once, answered at once; nothing of what they say enters the store."""

from __future__ import annotations

import base64
import hmac
import json
from hashlib import sha256

import httpx
import pytest
from sqlalchemy import delete, select

from portal_api.app import create_app
from store.hub_tables import LET_THROUGH, Inbox

pytestmark = pytest.mark.anyio

SECRET = "verifier-token"
REALM = "9130357766900456"


@pytest.fixture
async def post(world, tmp_path):
    """`await post("quickbooks", body, headers)`: a delivery to a portal whose sources have webhook secrets."""
    sources = {
        name: source.model_copy(update={"webhook_secret": secret(name), "realm_id": REALM})
        for name, source in world.settings.sources.items()
    }
    sources["plain"] = world.settings.sources["salesforce"]
    settings = world.settings.model_copy(update={"sources": sources, "content_path": tmp_path})
    app = create_app(settings)
    with world.engine.begin() as connection:
        connection.execute(delete(Inbox))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=settings.public_url) as client,
    ):

        async def deliver(source, body, headers=None):
            content = body if isinstance(body, bytes) else json.dumps(body).encode()
            return await client.post(f"/hooks/{source}", content=content, headers=headers or signed(content))

        yield deliver


def secret(_name):
    from pydantic import SecretStr

    return SecretStr(SECRET)


def signed(body):
    return {"intuit-signature": base64.b64encode(hmac.new(SECRET.encode(), body, sha256).digest()).decode()}


def waiting(world):
    with world.engine.connect() as connection:
        rows = connection.execute(
            select(Inbox.c.source, Inbox.c.stream, Inbox.c.external_id).order_by(Inbox.c.event_id)
        )
        return [tuple(row) for row in rows]


def event(id_, realm=REALM, kind="qbo.invoice.updated.v1", entity="145"):
    return {
        "specversion": "1.0", "id": id_, "source": "intuit.dsnBgbseACLLRZNxo2dfc4evmEJdxde58xeeYcZliOU=", "type": kind,
        "time": "2026-09-10T21:31:25.179851517Z", "intuitentityid": entity, "intuitaccountid": realm, "data": {},
    }  # fmt: skip


OLD = {
    "eventNotifications": [
        {
            "realmId": REALM,
            "dataChangeEvent": {
                "entities": [
                    {"name": "Invoice", "id": "145", "operation": "Update", "lastUpdated": "2026-09-10T21:31:25Z"},
                    {"name": "Estimate", "id": "3", "operation": "Create", "lastUpdated": "2026-09-10T21:31:25Z"},
                ]
            },
        }
    ]
}


async def test_both_shapes_of_quickbooks_become_hints(world, post):
    answer = await post("quickbooks", [event("a"), event("b", kind="qbo.customer.updated.v1", entity="7")])
    assert (answer.status_code, answer.json()) == (200, {"accepted": 2})
    assert (await post("quickbooks", OLD)).json() == {"accepted": 1}
    assert waiting(world) == [
        ("quickbooks", "Invoice", "145"),
        ("quickbooks", "Invoice", "145"),
        ("quickbooks", "Customer", "7"),
    ]


async def test_a_payment_has_what_changed_of_invoices_read_too_for_it_moves_their_balance(world, post):
    payments = [
        event(str(n), kind=f"qbo.payment.{what}.v1", entity=str(n)) for n, what in ((1, "created"), (2, "deleted"))
    ]
    for expected in (3, 0):
        assert (await post("quickbooks", payments)).json() == {"accepted": expected}
    assert waiting(world) == [
        ("quickbooks", "Payment", "1"),
        ("quickbooks", "Payment", "2"),
        ("quickbooks", "Invoice", None),
    ]
    await post("quickbooks", [event("3", kind="qbo.creditmemo.updated.v1", entity="3")])
    assert waiting(world).count(("quickbooks", "Invoice", None)) == 2


async def test_a_repeat_changes_nothing(world, post):
    for expected in (1, 0, 0):
        assert (await post("quickbooks", [event("same")])).json() == {"accepted": expected}
    assert len(waiting(world)) == 1


async def test_another_companys_events_are_left_out(world, post):
    answer = await post("quickbooks", [event("x", realm="1"), event("y")])
    assert answer.json() == {"accepted": 1}


async def test_a_wrong_or_missing_signature_is_refused(world, post):
    body = [event("a")]
    for headers in ({"intuit-signature": "wrong"}, {"x": "y"}, signed(b"another body"), {"intuit-signature": "ÿ"}):
        answer = await post("quickbooks", body, {k: v.encode("latin-1") for k, v in headers.items()})
        assert answer.status_code == 401
    assert waiting(world) == []


async def test_drive_says_only_that_something_changed(world, post):
    told = {"x-goog-channel-token": SECRET, "x-goog-channel-id": "c1", "x-goog-resource-state": "change"}
    assert (await post("google_drive", b"", {**told, "x-goog-message-number": "7"})).json() == {"accepted": 1}
    assert (await post("google_drive", b"", {**told, "x-goog-message-number": "7"})).json() == {"accepted": 0}
    first = {**told, "x-goog-resource-state": "sync", "x-goog-message-number": "1"}
    assert (await post("google_drive", b"", first)).json() == {"accepted": 0}
    assert (await post("google_drive", b"", {**told, "x-goog-channel-token": "no"})).status_code == 401
    assert (await post("google_drive", b"", told)).status_code == 400
    assert waiting(world) == [("google_drive", None, None)]


async def test_other_systems_sign_with_the_shared_secret(world, post):
    body = json.dumps({"id": "e1", "stream": "Case", "external_id": "5001"}).encode()
    good = {"x-frontdesk-signature": f"sha256={hmac.new(SECRET.encode(), body, sha256).hexdigest()}"}
    assert (await post("salesforce", body, good)).status_code == 202
    assert waiting(world) == [("salesforce", "Case", "5001")]


async def test_bad_deliveries_get_a_4xx_that_says_why(world, post):
    for body, status in (
        (b"{", 400), (b"[]", 200), (b"{}", 400), (b'[{"id": 5}]', 400), (b"null", 400), (b'"x"', 400), (b"[[]]", 400),
        (b'{"eventNotifications": [{}]}', 400), (b"[" * 100_000, 400), (b"x" * 300_000, 413), (b"\xff\xfe", 400),
        (json.dumps([{**event("a"), "type": "qbo"}]).encode(), 400),
        (json.dumps([event("a", entity="x" * 500)]).encode(), 400), (json.dumps([event("a\0")]).encode(), 400),
    ):  # fmt: skip
        answer = await post("quickbooks", body)
        assert answer.status_code == status, body[:40]
        if status >= 400:
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.json()["title"]
    assert waiting(world) == []


async def test_no_secret_no_webhook(post):
    assert (await post("plain", b"{}")).status_code == 404
    assert (await post("nowhere", b"{}")).status_code == 404


async def test_a_flood_becomes_one_hint_for_the_whole_source(world, post):
    answer = await post("quickbooks", [event(f"e{n}", entity=str(n)) for n in range(600)])
    assert answer.json() == {"accepted": 1}
    assert waiting(world) == [("quickbooks", None, None)]


async def test_no_webhook_passes_for_a_press_that_lets_a_braked_stream_through(world, post):
    assert (await post("quickbooks", [event(f"{LET_THROUGH}1")])).status_code in {200, 202}
    with world.engine.connect() as connection:
        [name] = connection.scalars(select(Inbox.c.event_id))
    assert LET_THROUGH not in name
