"""What the firm's staff would do in each system: the control page's buttons and the JSON API's named edits.

Each edit writes as the vendor would when a person presses the button there: side effects (a payment, an event, a new
revision) included, clocks and tokens bumped.
"""

from __future__ import annotations

import datetime as dt
import io
import secrets
import zipfile
from collections.abc import Callable
from typing import Any

from sandbox.google_drive import files
from sandbox.quickbooks import writes
from sandbox.quickbooks.entities import ENTITIES
from sandbox.salesforce.ids import new_id
from sandbox.state import Record, State

UTC = dt.UTC
ZIP_MAGIC = b"PK\x03\x04"


class Refused(Exception):
    """The edit makes no sense for this record; the text says why."""


def found(state: State, vendor: str, kind: str, id_: str) -> Record:
    """The record, deleted ones included. KeyError when there is none."""
    record = state.get(vendor, kind, id_)
    if record is None:
        raise KeyError(f"{vendor} has no {kind} {id_}")
    return record


def merge(state: State, vendor: str, kind: str, id_: str, fields: dict[str, Any]) -> Record:
    """Change some fields of a record, as staff would in the vendor's own page. None clears a field."""
    record = found(state, vendor, kind, id_)
    body = {**record.body, **fields}
    if vendor == "quickbooks":
        body["SyncToken"] = str(int(record.body.get("SyncToken", "0")) + 1)
    if vendor == "google_drive" and kind == "file" and "modifiedTime" not in fields:
        body["modifiedTime"] = stamp(state)
    return state.put(vendor, kind, id_, body, deleted=record.deleted)


def delete(state: State, vendor: str, kind: str, id_: str, *, purge: bool = False) -> Record:
    """Delete as staff would: Salesforce's recycle bin, Drive's trash, QuickBooks for good. `purge` empties the bin."""
    record = found(state, vendor, kind, id_)
    if purge and vendor == "salesforce":
        state.purge(vendor, kind, id_)
        return record
    if vendor == "quickbooks" and kind in ENTITIES and not ENTITIES[kind].named:
        # What it did to invoices and balances is taken back.
        writes.delete(state, ENTITIES[kind], record)
        return found(state, vendor, kind, id_)
    if vendor == "google_drive" and not purge:
        return state.put(vendor, kind, id_, {**record.body, "trashed": True, "explicitlyTrashed": True})
    return state.put(vendor, kind, id_, record.body, deleted=True)


def restore(state: State, vendor: str, kind: str, id_: str) -> Record:
    """Bring a deleted record back as itself."""
    body = dict(found(state, vendor, kind, id_).body)
    if vendor == "google_drive":
        body |= {"trashed": False, "explicitlyTrashed": False}
    return state.put(vendor, kind, id_, body)


def pay_invoice(state: State, wish: dict[str, Any]) -> Record:
    """The client's money came in: a Payment for the open balance, linked to the invoice, which is now paid."""
    with state.transaction():
        invoice = found(state, "quickbooks", "Invoice", str(wish["id"]))
        balance = invoice.body.get("Balance", 0)
        if invoice.deleted or not balance:
            raise Refused(f"Invoice {invoice.body.get('DocNumber', invoice.id)} has nothing left to pay.")
        writes.create(state, ENTITIES["Payment"], _payment(state, invoice, balance))
        return found(state, "quickbooks", "Invoice", invoice.id)


def _payment(state: State, invoice: Record, amount: float) -> dict[str, Any]:
    link = {"Amount": amount, "LinkedTxn": [{"TxnId": invoice.id, "TxnType": "Invoice"}]}
    body = {"TxnDate": _moment(state).date().isoformat(), "TotalAmt": amount, "Line": [link]}
    return body | {
        name: invoice.body[name] for name in ("CustomerRef", "CurrencyRef", "ExchangeRate") if name in invoice.body
    }


def fresh_id(state: State, vendor: str, kind: str) -> str:
    """An id nobody has yet: QuickBooks counts, Salesforce counts by object, Drive draws at random."""
    if vendor == "salesforce":
        return new_id(state, kind)
    return writes.next_id(state) if vendor == "quickbooks" else secrets.token_urlsafe(25)


def delay_shipment(state: State, wish: dict[str, Any]) -> Record:
    """The carrier is late: the ETA moves by `days` (default 3) and an event says so."""
    shipment = found(state, "salesforce", "Shipment__c", str(wish["id"]))
    days = int(wish.get("days", 3))
    eta = shipment.body.get("ETA__c") or shipment.body.get("Promised_At__c") or salesforce_stamp(_moment(state))
    later = salesforce_stamp(dt.datetime.fromisoformat(eta).astimezone(UTC) + dt.timedelta(days=days))
    with state.transaction():
        _shipment_event(state, shipment, "DELAY", f"Delayed by {days} {'day' if days == 1 else 'days'}")
        return merge(state, "salesforce", "Shipment__c", shipment.id, {"ETA__c": later})


def hold_shipment(state: State, wish: dict[str, Any]) -> Record:
    """Customs keeps the shipment: an exception with its reason and since when."""
    shipment = found(state, "salesforce", "Shipment__c", str(wish["id"]))
    reason = str(wish.get("reason", "Held at customs"))
    fields = {
        "Status__c": "Exception",
        "Exception_Reason__c": reason,
        "Exception_Since__c": salesforce_stamp(_moment(state)),
    }
    with state.transaction():
        _shipment_event(state, shipment, "HOLD", reason)
        return merge(state, "salesforce", "Shipment__c", shipment.id, fields)


def release_shipment(state: State, wish: dict[str, Any]) -> Record:
    """The exception is over: the shipment goes on."""
    shipment = found(state, "salesforce", "Shipment__c", str(wish["id"]))
    fields = {"Status__c": "In Transit", "Exception_Reason__c": None, "Exception_Since__c": None}
    with state.transaction():
        _shipment_event(state, shipment, "RELEASE", "Released")
        return merge(state, "salesforce", "Shipment__c", shipment.id, fields)


def _shipment_event(state: State, shipment: Record, code: str, description: str) -> None:
    body = {
        "Name": code.title(),
        "Shipment__c": shipment.id,
        "Event_At__c": salesforce_stamp(_moment(state)),
        "Code__c": code,
        "Location__c": shipment.body.get("Location__c"),
        "Description__c": description,
    }
    state.put("salesforce", "Shipment_Event__c", new_id(state, "Shipment_Event__c"), body)


def move_milestone(state: State, wish: dict[str, Any]) -> Record:
    """A milestone gets another status (default Done, with today as its date)."""
    status = str(wish.get("status", "Done"))
    done = _moment(state).date().isoformat() if status == "Done" else None
    fields = {"Status__c": status, "Completed_Date__c": done}
    return merge(state, "salesforce", "Milestone__c", str(wish["id"]), fields)


def new_version(state: State, wish: dict[str, Any]) -> Record:
    """Somebody saved the file again: a new revision with other bytes, which is now the current one."""
    file = found(state, "google_drive", "file", str(wish["id"]))
    if "_blob" not in file.body:
        return merge(state, "google_drive", "file", file.id, {})
    return files.new_version(state, file.id, changed(state.blob(file.body["_blob"]), secrets.token_hex(4)))


def changed(content: bytes, mark: str) -> bytes:
    """Other bytes that the same programs still open: a comment at the end of a PDF, text or image, or in a zip."""
    if content.startswith(ZIP_MAGIC):
        buffer = io.BytesIO(content)
        with zipfile.ZipFile(buffer, "a") as archive:
            archive.comment = f"version {mark}".encode()
        return buffer.getvalue()
    return content + f"\n% version {mark}\n".encode()


def _delete(state: State, wish: dict[str, Any]) -> Record:
    return delete(state, str(wish["vendor"]), str(wish["kind"]), str(wish["id"]), purge=bool(wish.get("purge")))


def _restore(state: State, wish: dict[str, Any]) -> Record:
    return restore(state, str(wish["vendor"]), str(wish["kind"]), str(wish["id"]))


EDITS: dict[str, Callable[[State, dict[str, Any]], Record]] = {
    "pay-invoice": pay_invoice,
    "delay-shipment": delay_shipment,
    "hold-shipment": hold_shipment,
    "release-shipment": release_shipment,
    "move-milestone": move_milestone,
    "new-version": new_version,
    "delete": _delete,
    "restore": _restore,
}


TOLD = {
    "pay-invoice": "Invoice {name} is paid.",
    "delay-shipment": "Shipment {name} is delayed.",
    "hold-shipment": "Shipment {name} is held.",
    "release-shipment": "Shipment {name} goes on.",
    "move-milestone": "{name} is done.",
    "new-version": "{name} has a new version.",
    "delete": "{name} is deleted.",
    "restore": "{name} is back.",
}


def told(edit: str, record: Record) -> str:
    """What happened, in a sentence for the person who pressed the button."""
    body = record.body
    name = body.get("DocNumber") or body.get("Name") or body.get("name") or record.id
    return f"{TOLD[edit].format(name=name)} The portal shows it after its next sync."


def _moment(state: State) -> dt.datetime:
    return dt.datetime.fromtimestamp(state.now() / 1000, UTC)


def stamp(state: State) -> str:
    """The sandbox's present as Drive prints it: RFC 3339 with milliseconds."""
    return _moment(state).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def salesforce_stamp(moment: dt.datetime) -> str:
    """An instant as Salesforce prints it: whole seconds in practice, `.000+0000`."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000+0000")
