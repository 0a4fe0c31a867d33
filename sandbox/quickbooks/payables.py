"""What purchases do: sums of lines, bills that payments and credits settle, what the firm owes each vendor.

A bill's open balance is its total less what bill payments apply to it; a vendor's is its open bills less its open
credits. Both are worked out anew from the transactions, as a firm has few of them.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sandbox.quickbooks.back_office import LINES
from sandbox.quickbooks.entities import VENDOR
from sandbox.quickbooks.faults import Fault
from sandbox.quickbooks.ledger import business, exact, home, links, write
from sandbox.state import Record, State

Body = dict[str, Any]
OPEN = ("Bill", "VendorCredit")
DATED = frozenset({*LINES, "BillPayment", "Transfer", "TimeActivity"})
"""Transactions that have a date."""
BALANCE = "The debits and the credits of a journal entry have to be equal."


def settle(state: State, kind: str, id_: str, body: Body) -> None:
    """Total a transaction from its lines. Changes `body`. Faults 2500 and 6000."""
    name_vendor(state, body)
    if kind == "BillPayment":
        body["TotalAmt"] = float(exact(body.get("TotalAmt")))
    elif kind == "JournalEntry":
        check_journal(body)
    elif kind in LINES:
        total(body)
    if kind in OPEN:
        body["Balance"] = float(left_of(state, kind, id_, body))
    if "ExchangeRate" in body and "TotalAmt" in body:
        home(body)


def name_vendor(state: State, body: Body) -> None:
    """Fault 2500 for a vendor that is not there; the name in a reference is the vendor's own."""
    reference = body.get("VendorRef")
    if not isinstance(reference, dict):
        return
    vendor = state.get(VENDOR, "Vendor", str(reference.get("value", "")))
    if vendor is None or vendor.deleted:
        detail = f"Invalid Reference Id : Names element id {reference.get('value')} not found"
        raise Fault("2500", "Invalid Reference Id", detail)
    body["VendorRef"] = {"value": vendor.id, "name": vendor.body.get("DisplayName", "")}
    if "CurrencyRef" in vendor.body:
        body.setdefault("CurrencyRef", vendor.body["CurrencyRef"])


def total(body: Body) -> None:
    """The sum of the lines and the tax; each line is numbered."""
    lines = body.get("Line") or []
    for number, line in enumerate(lines, 1):
        line |= {"Id": str(number), "LineNum": number}
    tax = exact((body.get("TxnTaxDetail") or {}).get("TotalTax"))
    body["TotalAmt"] = float(sum((exact(line.get("Amount")) for line in lines), tax))


def check_journal(body: Body) -> None:
    """Fault 6000 unless both sides are equal."""
    sides = {"Debit": Decimal(0), "Credit": Decimal(0)}
    for number, line in enumerate(body.get("Line") or []):
        line["Id"] = str(number)
        side = (line.get("JournalEntryLineDetail") or {}).get("PostingType")
        if side in sides:
            sides[side] += exact(line.get("Amount"))
    if sides["Debit"] != sides["Credit"]:
        raise business(BALANCE)


def left_of(state: State, kind: str, id_: str, body: Body) -> Decimal:
    """What is open of a bill or credit. Fault 6000 when more than all is settled."""
    paid = [link for payment in payments(state, body) for link in links(payment.body)]
    left = exact(body.get("TotalAmt")) - sum((amount for *key, amount in paid if key == [kind, id_]), Decimal(0))
    if left < 0:
        raise business("The amount applied is more than the open balance.")
    return left


def payments(state: State, body: Body) -> list[Record]:
    """The live bill payments of the same vendor."""
    where = "deleted = 0 AND json_extract(body, '$.VendorRef.value') = ?"
    return list(state.select(VENDOR, "BillPayment", where, (vendor_of(body),)))


def vendor_of(body: Body) -> str:
    return str((body.get("VendorRef") or {}).get("value", ""))


def follow(state: State, kind: str, before: Body | None, after: Body | None) -> None:
    """Bring bills and vendors up to date with a change of one transaction."""
    bodies = [body for body in (before, after) if body]
    if kind == "BillPayment":
        for target in {(name, id_) for body in bodies for name, id_, _ in links(body) if name in OPEN}:
            refresh(state, *target, strict=after is not None)
    if kind in (*OPEN, "BillPayment"):
        for vendor in {vendor_of(body) for body in bodies}:
            owe(state, vendor)


def refresh(state: State, kind: str, id_: str, *, strict: bool) -> None:
    """A bill's or credit's balance and links after a payment has changed. Fault 2500 for one that is not there."""
    record = state.get(VENDOR, kind, id_)
    if record is None or record.deleted:
        if strict:
            raise Fault("2500", "Invalid Reference Id", f"Invalid Reference Id : {kind} with id {id_} not found")
        return
    paid = [one for one in payments(state, record.body) if (kind, id_) in {link[:2] for link in links(one.body)}]
    linked = [{"TxnId": one.id, "TxnType": "BillPayment"} for one in paid]
    left = {"Balance": float(left_of(state, kind, id_, record.body)), "LinkedTxn": linked}
    if any(record.body.get(name) != value for name, value in left.items()):
        write(state, kind, id_, record.body | left)


def owe(state: State, vendor: str) -> None:
    """A vendor's balance: open bills less open credits."""
    record = state.get(VENDOR, "Vendor", vendor)
    where = "deleted = 0 AND json_extract(body, '$.VendorRef.value') = ?"
    sums = [
        sum((exact(one.body.get("Balance")) for one in state.select(VENDOR, kind, where, (vendor,))), Decimal(0))
        for kind in OPEN
    ]
    balance = float(sums[0] - sums[1])
    if record is not None and record.body.get("Balance", 0.0) != balance:
        write(state, "Vendor", vendor, record.body | {"Balance": balance})
