"""Writes: create, full and sparse update, delete, void; SyncToken; `requestid`, which replays first answers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import orjson

from sandbox.quickbooks import checks, currency, ledger, names, payables, references, removal
from sandbox.quickbooks.entities import BY_PATH, ENVELOPE, VENDOR, Entity
from sandbox.quickbooks.faults import Fault, misshapen, missing, not_found, stale, unsupported
from sandbox.quickbooks.ledger import Body
from sandbox.quickbooks.wire import Call, clock, served
from sandbox.state import Record, State

SALES = frozenset({"Invoice", "CreditMemo", "Estimate", "SalesReceipt", "RefundReceipt"})
LONGEST_REQUEST_ID = 50
Answer = tuple[int, Any]


def post(call: Call) -> Answer:
    """POST /{entity}: what it does depends on `operation`, `include` and the body. Status and body of the answer."""
    entity = BY_PATH.get(call.path["entity"].lower())
    if entity is None or not entity.writable:
        raise unsupported(call.path["entity"])
    operation = operation_of(entity, call.query)
    request_id = call.query.get("requestid", "")
    if len(request_id) > LONGEST_REQUEST_ID:
        raise checks.too_long("requestid", LONGEST_REQUEST_ID)
    return once(call.state, request_id, lambda: change(call.state, entity, operation, payload(call.body)))


def operation_of(entity: Entity, query: Mapping[str, str]) -> str:
    """save, delete or void. Payments and receipts are voided as an update that includes a void, invoices as such."""
    operation, include = query.get("operation", "").lower(), query.get("include", "").lower()
    if operation in {"", "update", "create"} and include != "void":
        return "save"
    if operation == "delete":
        return operation
    if operation not in {"void", "update"} or operation != entity.void:
        raise unsupported(f"{operation or include} on {entity.name}")
    return "void"


def payload(raw: bytes) -> Body:
    """The body as an object. Fault 2010 when it is none."""
    try:
        body = orjson.loads(raw or b"{}")
    except orjson.JSONDecodeError:
        body = None
    if not isinstance(body, dict):
        raise misshapen("Invalid JSON in the request body")
    return body


def once(state: State, request_id: str, work: Any) -> Answer:
    """Do the work, or give the stored first answer again, errors included, when the request id was seen before."""
    name = f"quickbooks_request:{request_id}"
    with state.transaction() as connection:
        stored = state.fact(name) if request_id else ""
        if stored:
            status, body = json.loads(stored)
            return status, body
        connection.execute("SAVEPOINT work")
        try:
            answer: Answer = (200, {**work(), "time": clock(state)})
        except Fault as fault:
            connection.execute("ROLLBACK TO work")
            answer = (fault.status, {**fault.body(), "time": clock(state)})
        connection.execute("RELEASE work")
        if request_id:
            state.set_fact(name, json.dumps(answer))
        return answer


def change(state: State, entity: Entity, operation: str, sent: Body) -> Body:
    """Carry out one write; the body of its answer."""
    if operation == "save":
        checks.check_body(entity, sent)
        references.check(state, entity.name, sent)
    if operation == "save" and not sent.get("Id"):
        return {entity.name: served(create(state, entity, sent))}
    before = current(state, entity, sent)
    match operation:
        case "delete":
            return {entity.name: removal.delete(state, entity, before)}
        case "void":
            return {entity.name: served(removal.void(state, entity, before))}
        case _:
            return {entity.name: served(update(state, entity, before, sent))}


def current(state: State, entity: Entity, sent: Body) -> Record:
    """The object as it is, if the sender has seen its latest state. Faults 2020, 610, 5010."""
    for name in ("Id", "SyncToken"):
        if sent.get(name) in {None, ""}:
            raise missing(name)
    record = state.get(VENDOR, entity.name, str(sent["Id"]))
    if record is None or record.deleted:
        raise not_found()
    if str(sent["SyncToken"]) != record.body.get("SyncToken", "0"):
        raise stale(entity.name)
    return record


def create(state: State, entity: Entity, sent: Body) -> Record:
    """A new object with the company's next number as its Id."""
    body = {name: value for name, value in sent.items() if name not in ENVELOPE | entity.computed and value is not None}
    require(body, entity.required)
    body = {"Active": True, **body} if entity.named else body
    id_ = next_id(state)
    return store(state, entity, id_, None, {"Id": id_, **defaults(state, entity, body)})


def defaults(state: State, entity: Entity, body: Body) -> Body:
    """What the server fills in on a new object."""
    if entity.name == "Customer":
        return {**body, "Balance": 0.0, "BalanceWithJobs": 0.0, "Job": body.get("Job", False)}
    return dated(state, entity, body)


def dated(state: State, entity: Entity, body: Body) -> Body:
    """A transaction has a date: the day's, where its sender gives none."""
    transaction = entity.name in SALES | payables.DATED or entity.name == "Payment"
    return {**body, "TxnDate": body.get("TxnDate") or clock(state)[:10]} if transaction else body


def update(state: State, entity: Entity, before: Record, sent: Body) -> Record:
    """A sparse update changes what was sent; a full one also clears every writable field that was not."""
    sparse = sent.get("sparse") is True or str(sent.get("sparse", "")).lower() == "true"
    require(sent, entity.sparse if sparse else entity.required)
    kept = before.body if sparse else {n: v for n, v in before.body.items() if n in entity.computed | {"Id", "Active"}}
    changed = {name: value for name, value in sent.items() if name not in ENVELOPE | entity.computed}
    merged = {name: value for name, value in {**kept, **changed}.items() if value is not None}
    if entity.name == "Payment" and "Line" not in changed:
        merged["Line"] = before.body.get("Line", [])
    return store(state, entity, before.id, before.body, dated(state, entity, inactive(entity, before.body, merged)))


def inactive(entity: Entity, before: Body, after: Body) -> Body:
    """A name-list object that is made inactive frees its name. Fault 6000 while it owes or is owed something."""
    if not entity.named or not before.get("Active", True) or after.get("Active", True):
        return after
    if any(before.get(name) for name in ("Balance", "BalanceWithJobs")):
        raise ledger.business(f"{before.get('DisplayName')} has a non-zero balance and cannot be made inactive.")
    if entity.name in names.PEOPLE:
        return {**after, "DisplayName": f"{names.shown(after)} (deleted)"}
    return {**after, "Name": f"{after.get('Name', '')} (deleted)"}


def store(state: State, entity: Entity, id_: str, before: Body | None, after: Body) -> Record:
    """Check, total, and write an object with all that follows from it for others."""
    name_customer(state, after)
    names.settle(state, entity, id_, after)
    currency.fill(state, after)
    if entity.name in SALES:
        ledger.settle_sale(entity.name, after, before)
    elif entity.name == "Payment":
        ledger.settle_payment(state, id_, before, after)
    elif entity.name == "Customer" and (before or {}).get("ParentRef") != after.get("ParentRef"):
        ledger.move_job(state, before, after)
    elif entity.name in payables.DATED:
        payables.settle(state, entity.name, id_, after)
    ledger.move_balance(state, entity.name, before, after)
    token = {"SyncToken": (before or {}).get("SyncToken", "-1")}
    written = ledger.write(state, entity.name, id_, after | token)
    payables.follow(state, entity.name, before, after)
    if entity.name in names.NESTED and before:
        names.follow(state, written, before)
    return written


def require(body: Body, required: tuple[str, ...]) -> None:
    """Fault 2020 for the first required field that is not there."""
    for name in required:
        if body.get(name) in (None, "", [], {}):
            raise missing(name)
    for name in {"CustomerRef", "VendorRef"} & {*required}:
        if not (isinstance(body[name], dict) and body[name].get("value")):
            raise missing(name)


def name_customer(state: State, body: Body) -> None:
    """A customer's name and currency come from the customer. Changes `body`. Fault 2500 for one that is not there."""
    reference = body.get("CustomerRef")
    if not isinstance(reference, dict):
        return
    id_ = str(reference.get("value", ""))
    customer = state.get(VENDOR, "Customer", id_)
    if customer is None or customer.deleted:
        raise references.unknown("Customer", id_)
    body["CustomerRef"] = {
        "value": customer.id,
        "name": customer.body.get("FullyQualifiedName") or customer.body.get("DisplayName", ""),
    }
    if "CurrencyRef" in customer.body:
        body.setdefault("CurrencyRef", customer.body["CurrencyRef"])


def next_id(state: State) -> str:
    """One row of numbers for all entities."""
    sql = "SELECT coalesce(max(CAST(id AS INTEGER)), 0) + 1 FROM record WHERE vendor = ?"
    return str(state.connection.execute(sql, (VENDOR,)).fetchone()[0])
