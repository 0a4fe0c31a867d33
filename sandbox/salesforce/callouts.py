"""What the sample firm's administrator has built in the org: a trigger that tells an address which record changed.

Salesforce itself has no signed webhooks; firms write a few lines of Apex like these. They are not tried again.
"""

from __future__ import annotations

import hashlib
import hmac
import uuid

import orjson

from sandbox import changes
from sandbox.changes import Change
from sandbox.notices import Delivery
from sandbox.salesforce.org import VENDOR
from sandbox.salesforce.schema import OBJECTS
from sandbox.state import State

URL = "salesforce_callout"
TOLD_OF = frozenset(OBJECTS) - {"User"}
SECRET = "sandbox-callout-secret"  # noqa: S105 - published, as all of the sandbox's credentials


def subscribe(state: State, url: str) -> None:
    """Where the trigger posts; empty for nowhere."""
    state.set_fact(URL, url)
    if url:
        changes.listen(state, VENDOR)


def wait(_tries: int, _status: int) -> float | None:
    """An Apex callout that fails is lost."""
    return None


def deliveries(state: State, found: list[Change]) -> list[Delivery]:
    """One call a record."""
    url = state.fact(URL)
    return [_call(url, change) for change in found if url and change.record.kind in TOLD_OF]


def _call(url: str, change: Change) -> Delivery:
    told = {"id": str(uuid.uuid4()), "stream": change.record.kind, "external_id": change.record.id}
    body = orjson.dumps(told)
    signed = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    return Delivery(url, {"content-type": "application/json", "x-frontdesk-signature": f"sha256={signed}"}, body)
