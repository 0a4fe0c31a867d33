"""Any record of any vendor: changed, made, deleted and restored as that vendor's own pages would do it."""

from __future__ import annotations

import datetime as dt
import secrets
from typing import Any

from sandbox.quickbooks import ledger, removal, writes
from sandbox.quickbooks.entities import ENTITIES, Entity
from sandbox.quickbooks.wire import MONEY
from sandbox.salesforce.ids import new_id
from sandbox.state import Record, State

UTC = dt.UTC


class Refused(Exception):
    """The edit makes no sense for this record; the text says why."""


def found(state: State, vendor: str, kind: str, id_: str) -> Record:
    """The record, deleted ones included. KeyError when there is none."""
    record = state.get(vendor, kind, id_)
    if record is None:
        raise KeyError(f"{vendor} has no {kind} {id_}")
    return record


def create(state: State, vendor: str, kind: str, id_: str, body: dict[str, Any]) -> Record:
    """Put a record there as it is; what it leaves open moves its customer's balance."""
    if vendor != "quickbooks":
        return state.put(vendor, kind, id_, body)
    _refuse_amounts(body)
    with state.transaction():
        former = state.get(vendor, kind, id_)
        before = former.body if former and not former.deleted else None
        ledger.move_balance(state, kind, before, body, ledger.left_open)
        return state.put(vendor, kind, id_, body)


def merge(state: State, vendor: str, kind: str, id_: str, fields: dict[str, Any]) -> Record:
    """Change some fields of a record, as staff would in the vendor's own page. None clears a field."""
    record = found(state, vendor, kind, id_)
    body = {**record.body, **fields}
    if vendor == "quickbooks":
        return _merge_in_books(state, record, body, fields)
    if vendor == "google_drive" and kind == "file" and "modifiedTime" not in fields:
        body["modifiedTime"] = stamp(state)
    return state.put(vendor, kind, id_, body, deleted=record.deleted)


def _merge_in_books(state: State, record: Record, body: dict[str, Any], fields: dict[str, Any]) -> Record:
    """The customer's balance follows what is left open."""
    _refuse_amounts(fields)
    _follow(record, body, fields)
    body["SyncToken"] = str(int(record.body.get("SyncToken", "0")) + 1)
    with state.transaction():
        if not record.deleted:
            ledger.move_balance(state, record.kind, record.body, body, ledger.left_open)
        return state.put("quickbooks", record.kind, record.id, body, deleted=record.deleted)


def late_commit(state: State, wish: dict[str, Any]) -> Record:
    """A long transaction of Salesforce's commits: its record is seen from now on, stamped `seconds` ago (default 60).

    `kind`, the `id` of a record or none for a new one, and `fields`.
    """
    kind, seconds = str(wish["kind"]), int(wish.get("seconds", 60))
    if seconds < 0:
        raise ValueError(f"seconds was {seconds}; accepted is a whole number of 0 or more")
    id_, stamped = str(wish.get("id") or fresh_id(state, "salesforce", kind)), state.now() - seconds * 1000
    former = state.get("salesforce", kind, id_)
    if former and former.modified > stamped:
        raise Refused(f"{id_} was written since: a transaction as old as that would have held its row.")
    body = {**(former.body if former else {}), **wish.get("fields", {})}
    return state.put("salesforce", kind, id_, body, modified=stamped)


def _refuse_amounts(fields: dict[str, Any]) -> None:
    """The vendor's own Fault for an amount that no company's books could show. What is no number may be put in."""
    for name, value in fields.items():
        if name in MONEY and isinstance(value, int | float):
            ledger.exact(value)


def _follow(record: Record, body: dict[str, Any], fields: dict[str, Any]) -> None:
    """What was not set by hand follows what was: the open rest the total, the home amounts both. Changes `body`."""
    left = ledger.LEFT.get(record.kind, ("", 0))[0]
    if left and "TotalAmt" in fields and left not in fields:
        grown = ledger.exact(body["TotalAmt"]) - ledger.exact(record.body.get("TotalAmt"))
        body[left] = float(ledger.exact(body.get(left)) + grown)
    if record.kind == "CreditMemo" and "Balance" not in fields:
        body["Balance"] = body.get(left)
    if "HomeBalance" in body and not {"HomeBalance", "HomeTotalAmt"} & set(fields):
        ledger.home(body)


def delete(state: State, vendor: str, kind: str, id_: str, *, purge: bool = False) -> Record:
    """Delete as staff would: Salesforce's recycle bin, Drive's trash, QuickBooks for good. `purge` empties the bin."""
    record = found(state, vendor, kind, id_)
    if purge and vendor == "salesforce":
        state.purge(vendor, kind, id_)
        return record
    if vendor == "quickbooks" and kind in ENTITIES and not (purge and ENTITIES[kind].named):
        return _delete_in_books(state, ENTITIES[kind], record)
    if vendor == "google_drive" and not purge:
        return state.put(vendor, kind, id_, {**record.body, "trashed": True, "explicitlyTrashed": True})
    return state.put(vendor, kind, id_, record.body, deleted=True)


def _delete_in_books(state: State, entity: Entity, record: Record) -> Record:
    """A transaction goes for good; a name is only made inactive."""
    with state.transaction():
        if entity.named:
            return writes.update(state, entity, record, {"Active": False, "sparse": True})
        removal.delete(state, entity, record)
    return found(state, "quickbooks", entity.name, record.id)


def restore(state: State, vendor: str, kind: str, id_: str) -> Record:
    """Bring a deleted record back as itself."""
    record = found(state, vendor, kind, id_)
    if vendor == "quickbooks" and kind in ENTITIES:
        return _restore_in_books(state, ENTITIES[kind], record)
    body = dict(record.body)
    if vendor == "google_drive":
        body |= {"trashed": False, "explicitlyTrashed": False}
    return state.put(vendor, kind, id_, body)


def _restore_in_books(state: State, entity: Entity, record: Record) -> Record:
    with state.transaction():
        if not entity.named:
            return removal.restore(state, entity, record) if record.deleted else record
        name = "DisplayName" if "DisplayName" in record.body else "Name"
        active = {name: str(record.body.get(name, "")).removesuffix(" (deleted)"), "Active": True}
        return writes.update(state, entity, record, {**active, "sparse": True})


def fresh_id(state: State, vendor: str, kind: str) -> str:
    """An id nobody has yet: QuickBooks counts, Salesforce counts by object, Drive draws at random."""
    if vendor == "salesforce":
        return new_id(state, kind)
    return writes.next_id(state) if vendor == "quickbooks" else secrets.token_urlsafe(25)


def moment(state: State) -> dt.datetime:
    """The sandbox's present."""
    return dt.datetime.fromtimestamp(state.now() / 1000, UTC)


def stamp(state: State) -> str:
    """The sandbox's present as Drive prints it: RFC 3339 with milliseconds."""
    return moment(state).isoformat(timespec="milliseconds").replace("+00:00", "Z")
