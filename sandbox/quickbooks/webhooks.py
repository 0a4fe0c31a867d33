"""Webhooks as Intuit sends them: signed, batched, without data. CloudEvents, or the older shape by a switch.

Sources: Intuit's webhooks guide (deliveries, retries), and its announcement of the CloudEvents shape.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import uuid
from typing import Any

import orjson

from sandbox import changes
from sandbox.changes import Change
from sandbox.notices import Delivery
from sandbox.quickbooks.entities import ENTITIES, VENDOR
from sandbox.quickbooks.wire import REALM, REALM_FACT
from sandbox.state import Record, State

URL = "quickbooks_webhook"
VERIFIER = "quickbooks_verifier_token"
VERIFIER_TOKEN = "sandbox-verifier-token"  # noqa: S105 - published, as all of the sandbox's credentials
OLD_SHAPE = "quickbooks_old_webhooks"
SILENT = frozenset({"Attachable", "CompanyInfo", "TaxCode"})
RETRY_SECONDS = (10, 20, 30, 300, 1200, 7200, 14_400, 21_600)
"""Then every six hours, and nothing else is delivered before."""
OLD_WORDS = {"created": "Create", "updated": "Update", "deleted": "Delete", "voided": "Void", "emailed": "Emailed"}
Event = tuple[Record, str]


def subscribe(state: State, url: str) -> None:
    """The address that the app's page at Intuit names; empty for none."""
    state.set_fact(URL, url)
    if url:
        changes.listen(state, VENDOR)


def signature(verifier_token: str, raw_body: bytes) -> str:
    """The `intuit-signature` header of a delivery: HMAC-SHA256 of the raw body in base64."""
    return base64.b64encode(hmac.new(verifier_token.encode(), raw_body, hashlib.sha256).digest()).decode()


def wait(tries: int, _status: int) -> float | None:
    """Whatever is not a 2xx within three seconds is tried again, for ever."""
    return RETRY_SECONDS[min(tries, len(RETRY_SECONDS) - 1)]


def deliveries(state: State, found: list[Change]) -> list[Delivery]:
    """One delivery for all that was committed together."""
    url, realm = state.fact(URL), state.fact(REALM_FACT, REALM)
    events = [(change.record, done) for change in found if (done := verb(change))]
    if not url or not events:
        return []
    body = orjson.dumps(notifications(events, realm) if state.fact(OLD_SHAPE) else cloud_events(events, realm))
    signed = signature(state.fact(VERIFIER, VERIFIER_TOKEN), body)
    return [Delivery(url, {"content-type": "application/json", "intuit-signature": signed}, body)]


def verb(change: Change) -> str:
    """What was done to an object, in the vendor's word; empty for what it does not tell."""
    now, before = change.record, change.before
    if now.kind not in ENTITIES or now.kind in SILENT or (now.deleted and before is None):
        return ""
    if now.deleted or before is None:
        return "deleted" if now.deleted else "created"
    if is_void(now.body) and not is_void(before):
        return "voided"
    sent = now.body.get("EmailStatus")
    return "emailed" if sent == "EmailSent" and before.get("EmailStatus") != sent else "updated"


def is_void(body: dict[str, Any]) -> bool:
    """A void sale has no amount, and a note that says why."""
    return not body.get("TotalAmt") and str(body.get("PrivateNote", "")).startswith("Voided")


def cloud_events(events: list[Event], realm: str) -> list[dict[str, Any]]:
    """CloudEvents 1.0 with Intuit's extensions."""
    source = "intuit." + base64.b64encode(hashlib.sha256(realm.encode()).digest()).decode()
    return [
        {
            "specversion": "1.0",
            "id": str(uuid.uuid4()),
            "source": source,
            "type": f"qbo.{record.kind.lower()}.{done}.v1",
            "datacontenttype": "application/json",
            "time": f"{moment(record):%Y-%m-%dT%H:%M:%S.%f}000Z",
            "intuitentityid": record.id,
            "intuitaccountid": realm,
            "data": {},
        }
        for record, done in events
    ]


def notifications(events: list[Event], realm: str) -> dict[str, Any]:
    """The shape before CloudEvents."""
    entities = [
        {
            "name": record.kind,
            "id": record.id,
            "operation": OLD_WORDS[done],
            "lastUpdated": f"{moment(record):%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z",
        }
        for record, done in events
    ]
    return {"eventNotifications": [{"realmId": realm, "dataChangeEvent": {"entities": entities}}]}


def moment(record: Record) -> dt.datetime:
    """When the object was last written."""
    return dt.datetime.fromtimestamp(record.modified / 1000, dt.UTC)
