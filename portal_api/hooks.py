"""Webhooks: `POST /hooks/{source}`. A hook says "read this again now" and never carries data into the store.

Each delivery is proved by the source's own signature, becomes inbox rows that are unique by the sender's event id, and
is answered at once; the worker does the reading. Without a `webhook_secret` a source takes none.
"""

from __future__ import annotations

import base64
import hmac
import logging
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any, NamedTuple

import orjson
from fastapi import APIRouter, Request
from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql, sqlite
from starlette.datastructures import Headers
from starlette.responses import JSONResponse, Response

from hub.ids import random_id
from hub.settings import Source
from mappings.refusals import STREAM_LENGTH
from portal_api.pages import problem_json
from portal_api.portal import portal_of
from store.hub_tables import LET_THROUGH, Inbox

router = APIRouter(include_in_schema=False)
log = logging.getLogger(__name__)

MOST_BYTES = 256_000
MOST_HINTS = 500
"""A delivery that names more is one hint for the whole source."""
MOST_ID = 120
INSERTS: Mapping[str, Callable[..., Any]] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


class Hint(NamedTuple):
    """What to read again: one record, one stream, or (without a stream) the whole source."""

    event_id: str
    stream: str | None = None
    external_id: str | None = None


class NotOurs(ValueError):
    """The body is not what this source sends; the text says what would be."""


class Webhook(NamedTuple):
    """How one kind of source proves and words its webhooks."""

    proves: Callable[[Headers, bytes, str], bool]
    hints: Callable[[Headers, bytes, Source], list[Hint]]
    taken: int = 202


@router.post("/hooks/{source}")
async def receive(request: Request, source: str) -> Response:
    """Take a delivery. 202 (Intuit wants 200) with how many hints were new; 4xx says what is wrong with it."""
    portal = portal_of(request)
    configured = portal.settings.sources.get(source)
    secret = configured.webhook_secret.get_secret_value() if configured else ""
    if configured is None or not secret:
        return problem_json(404, "No webhook is expected here.", "Set a webhook secret for the source first.")
    body = await _body(request)
    if body is None:
        return problem_json(413, "The delivery is too large.", f"At most {MOST_BYTES} bytes are taken.")
    webhook = WEBHOOKS.get(configured.connector, OTHERS)
    if not webhook.proves(request.headers, body, secret):
        log.warning("refused a webhook of %s: its signature is not right", source)
        return problem_json(401, "The signature is not right.", "Sign the raw body with the source's webhook secret.")
    try:
        hints = webhook.hints(request.headers, body, configured)
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        sentence = str(error) if isinstance(error, NotOurs) else "It is not the JSON that this source sends."
        return problem_json(400, "The delivery cannot be read.", sentence)
    return JSONResponse({"accepted": await _store(request, source, hints)}, webhook.taken)


async def _body(request: Request) -> bytes | None:
    """The raw body, None when it is too large: the length that is announced is not believed."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            return None
    return body


async def _store(request: Request, source: str, hints: list[Hint]) -> int:
    portal = portal_of(request)
    if len(hints) > MOST_HINTS:
        hints = [Hint(_bounded(hints[0].event_id + hints[-1].event_id))]
    now = portal.clock()
    rows = [
        {
            "id": random_id(),
            "source": source,
            "event_id": _bounded(hint.event_id),
            "stream": hint.stream,
            "external_id": hint.external_id,
            "received_at": now,
            "attempts": 0,
        }
        for hint in hints
    ]

    def insert(connection: Connection) -> int:
        statement = INSERTS[connection.dialect.name](Inbox).on_conflict_do_nothing().returning(Inbox.c.id)
        return sum(connection.execute(statement, row).first() is not None for row in rows)

    return await portal.store.write(insert) if rows else 0


def _bounded(event_id: str) -> str:
    kept = len(event_id) <= MOST_ID and "\0" not in event_id and not event_id.startswith(LET_THROUGH)
    return event_id if kept else sha256(event_id.encode()).hexdigest()


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value or len(value) > MOST_ID or "\0" in value:
        raise NotOurs(f"An id is text of 1 to {MOST_ID} characters.")
    return value


# QuickBooks -------------------------------------------------------------------------------------------------------

QUICKBOOKS_STREAMS: Mapping[str, str] = {
    "invoice": "Invoice",
    "payment": "Payment",
    "creditmemo": "CreditMemo",
    "customer": "Customer",
}
MOVE_BALANCES = frozenset({"Payment", "CreditMemo"})
"""What changes an invoice's balance, also by being deleted; that Intuit then tells of the invoice too, nobody says."""


def _intuit_signature(headers: Headers, body: bytes, secret: str) -> bool:
    expected = base64.b64encode(hmac.new(secret.encode(), body, sha256).digest())
    return hmac.compare_digest(expected, headers.get("intuit-signature", "").encode())


def _intuit_hints(_headers: Headers, body: bytes, source: Source) -> list[Hint]:
    """Both of Intuit's shapes: CloudEvents and the older `eventNotifications`. Other companies are left out."""
    told = orjson.loads(body)
    realm = str((source.model_extra or {}).get("realm_id", ""))
    events = _cloud_events(told) if isinstance(told, list) else _notifications(told)
    hints = [
        Hint(event_id, QUICKBOOKS_STREAMS[entity.lower()], external_id)
        for company, event_id, entity, external_id in events
        if entity.lower() in QUICKBOOKS_STREAMS and realm in ("", company)
    ]
    moving = [hint.event_id for hint in hints if hint.stream in MOVE_BALANCES]
    # Which invoices, only the source knows, and of a deleted payment not even that: what has changed of all is read.
    return [*hints, Hint(f"invoices:{':'.join(moving)}", "Invoice")] if moving else hints


Event = tuple[str, str, str, str]


def _cloud_events(told: list[Any]) -> list[Event]:
    return [
        (
            str(event["intuitaccountid"]),
            _text(event["id"]),
            str(event["type"]).split(".")[1],
            _text(event["intuitentityid"]),
        )
        for event in told
    ]


def _notifications(told: Any) -> list[Event]:
    if not isinstance(told, dict) or "eventNotifications" not in told:
        raise NotOurs("Expected a list of CloudEvents, or an object with eventNotifications.")
    found = []
    for notification in told["eventNotifications"]:
        company = str(notification["realmId"])
        for entity in notification["dataChangeEvent"]["entities"]:
            told_of = (entity["name"], entity["id"], entity.get("operation", ""), entity.get("lastUpdated", ""))
            found.append((company, ":".join(map(str, (company, *told_of))), str(entity["name"]), _text(entity["id"])))
    return found


# Google Drive and the others ----------------------------------------------------------------------------------------


def _channel_token(headers: Headers, _body: bytes, secret: str) -> bool:
    return hmac.compare_digest(secret.encode(), headers.get("x-goog-channel-token", "").encode())


def _drive_hints(headers: Headers, _body: bytes, _source: Source) -> list[Hint]:
    """Drive tells that something changed, never what; the first message of a channel tells nothing at all."""
    if headers.get("x-goog-resource-state") == "sync":
        return []
    channel, number = headers.get("x-goog-channel-id"), headers.get("x-goog-message-number")
    if not channel or not number:
        raise NotOurs("Expected the headers X-Goog-Channel-ID and X-Goog-Message-Number.")
    return [Hint(f"{channel}:{number}")]


def _shared_signature(headers: Headers, body: bytes, secret: str) -> bool:
    expected = f"sha256={hmac.new(secret.encode(), body, sha256).hexdigest()}"
    return hmac.compare_digest(expected.encode(), headers.get("x-frontdesk-signature", "").encode())


def _plain_hints(_headers: Headers, body: bytes, _source: Source) -> list[Hint]:
    told = orjson.loads(body)
    if not isinstance(told, dict) or "id" not in told:
        raise NotOurs('Expected {"id": "...", "stream": "...", "external_id": "..."}; the last two may be left out.')
    stream, external_id = told.get("stream"), told.get("external_id")
    return [Hint(_text(told["id"]), stream and _text(stream)[:STREAM_LENGTH], external_id and _text(external_id))]


WEBHOOKS: Mapping[str, Webhook] = {
    "quickbooks": Webhook(_intuit_signature, _intuit_hints, taken=200),
    "google_drive": Webhook(_channel_token, _drive_hints),
}
OTHERS = Webhook(_shared_signature, _plain_hints)
"""Sources without a signature of their own, a Salesforce flow for instance: HMAC-SHA256 in X-Frontdesk-Signature."""
