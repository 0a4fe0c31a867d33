"""What one transaction does to others: sums of lines, payments on invoices and credits, customers' balances.

Amounts are exact decimals in here; the stored JSON holds them as numbers with two decimals.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sandbox.quickbooks.entities import VENDOR
from sandbox.quickbooks.faults import Fault
from sandbox.state import Record, State

Body = dict[str, Any]
CENT = Decimal("0.01")
TOO_LARGE = Decimal(100_000_000_000)
SELLING = ("SalesItemLineDetail", "GroupLineDetail")
LEFT = {"Invoice": ("Balance", 1), "CreditMemo": ("RemainingCredit", -1), "Payment": ("UnappliedAmt", -1)}
"""What is still open on a transaction, and whether the customer owes it or has it to his credit."""
MOST_LEVELS = 5
"""Customers nest this deep: the customer itself and four levels of jobs."""


def exact(value: Any) -> Decimal:
    """An amount of money to the cent. Fault 2170 for what is no number, 6000 for one that no company has."""
    found = numeric(value)
    if abs(found) >= TOO_LARGE:
        raise business(f"The amount {value} is too large; it must be below {TOO_LARGE:,}.")
    return found.quantize(CENT, ROUND_HALF_UP)


def numeric(value: Any) -> Decimal:
    """A JSON number, or one in quotes as python-quickbooks sends them. Fault 2170 for anything else."""
    try:
        found = Decimal(str(0 if value is None else value))
    except ArithmeticError:
        found = Decimal("NaN")
    if not found.is_finite():
        raise Fault("2170", "Invalid Enumeration", f"{value!r} is not a number")
    return found


def business(sentence: str) -> Fault:
    """6000: the books cannot hold this."""
    message = "A business validation error has occurred while processing your request"
    return Fault("6000", message, f"Business Validation Error: {sentence}")


def total_lines(body: Body) -> None:
    """Work out a sale's sums from its lines: subtotal, discount, tax, total. Changes `body`."""
    lines = [line for line in body.get("Line", []) if line.get("DetailType") != "SubTotalLineDetail"]
    for line in lines:
        detail = line.get("SalesItemLineDetail")
        if "Amount" not in line and detail and "UnitPrice" in detail:
            line["Amount"] = float(exact(detail["UnitPrice"]) * numeric(detail.get("Qty", 1)))
    subtotal = sum((exact(line.get("Amount")) for line in lines if line.get("DetailType") in SELLING), Decimal(0))
    discount = sum((discounted(line, subtotal) for line in lines), Decimal(0))
    tax = exact((body.get("TxnTaxDetail") or {}).get("TotalTax"))
    for number, line in enumerate(lines, 1):
        line |= {"Id": str(number), "LineNum": number}
    lines.append({"Amount": float(subtotal), "DetailType": "SubTotalLineDetail", "SubTotalLineDetail": {}})
    body["Line"] = lines
    body["TotalAmt"] = float(subtotal - discount + tax)


def discounted(line: Body, subtotal: Decimal) -> Decimal:
    """What a discount line takes off; the line learns its amount."""
    if line.get("DetailType") != "DiscountLineDetail":
        return Decimal(0)
    detail = line.get("DiscountLineDetail") or {}
    if detail.get("PercentBased"):
        line["Amount"] = float(exact(subtotal * numeric(detail.get("DiscountPercent", 0)) / 100))
    return exact(line.get("Amount"))


def settle_sale(kind: str, body: Body, before: Body | None) -> None:
    """Total a sale and carry over what has been paid or used already. Changes `body`."""
    total_lines(body)
    total = exact(body["TotalAmt"])
    if kind == "CreditMemo":
        used = exact(before["TotalAmt"]) - exact(before.get("RemainingCredit")) if before else Decimal(0)
        body["RemainingCredit"] = body["Balance"] = float(total - used)
    elif kind == "Invoice":
        paid = exact(before["TotalAmt"]) - exact(before.get("Deposit")) - exact(before.get("Balance")) if before else 0
        body["Balance"] = float(total - exact(body.get("Deposit")) - paid)
    if "ExchangeRate" in body:
        home(body)


def home(body: Body) -> None:
    """The amounts in the company's own currency."""
    rate = numeric(body["ExchangeRate"])
    for name in ("TotalAmt", "Balance"):
        if name in body:
            body[f"Home{name}"] = float(exact(exact(body[name]) * rate))


def links(payment: Body) -> Iterator[tuple[str, str, Decimal]]:
    """(kind, id, amount) of what a payment is applied to."""
    for line in payment.get("Line") or []:
        for link in line.get("LinkedTxn") or []:
            yield str(link.get("TxnType", "")), str(link.get("TxnId", "")), exact(line.get("Amount"))


def unapplied(payment: Body) -> Decimal:
    """What a payment leaves over: its sum and the credits used, less the invoices paid."""
    left = exact(payment.get("TotalAmt"))
    for kind, _, amount in links(payment):
        left += amount if kind == "CreditMemo" else -amount
    return left


def apply_payment(state: State, payment_id: str, payment: Body, sign: int = 1) -> None:
    """Lower (sign 1) or restore (sign -1) what the linked invoices and credits still hold."""
    for kind, id_, amount in links(payment):
        target = state.get(VENDOR, kind, id_) if kind in {"Invoice", "CreditMemo"} else None
        if target is None or target.deleted:
            if sign < 0:
                continue
            raise Fault("2500", "Invalid Reference Id", f"Invalid Reference Id : {kind} with id {id_} not found")
        _link(state, target, payment_id, amount * sign)


def _link(state: State, target: Record, payment_id: str, amount: Decimal) -> None:
    body = dict(target.body)
    left = exact(body.get("Balance")) - amount
    if left < 0:
        raise business("The amount applied is more than the open balance.")
    others = [link for link in body.get("LinkedTxn", []) if link.get("TxnId") != payment_id]
    body["LinkedTxn"] = [*others, {"TxnId": payment_id, "TxnType": "Payment"}] if amount > 0 else others
    body["Balance"] = float(left)
    if target.kind == "CreditMemo":
        body["RemainingCredit"] = float(left)
    if "ExchangeRate" in body:
        home(body)
    write(state, target.kind, target.id, body)


def settle_payment(state: State, id_: str, before: Body | None, after: Body) -> None:
    """Take back what the former payment did, then do what the new one does. Changes `after`."""
    after["TotalAmt"] = float(exact(after.get("TotalAmt")))
    left = unapplied(after)
    if left < 0:
        raise business("The amounts applied are more than the payment.")
    after["UnappliedAmt"] = float(left)
    if before:
        apply_payment(state, id_, before, -1)
    apply_payment(state, id_, after)


def owed(kind: str, body: Body) -> Decimal:
    """What a transaction by itself adds to its customer's balance, before anything is applied to it."""
    match kind:
        case "Invoice":
            return exact(body.get("TotalAmt")) - exact(body.get("Deposit"))
        case "CreditMemo" | "Payment":
            return -exact(body.get("TotalAmt"))
        case _:
            return Decimal(0)


def left_open(kind: str, body: Body) -> Decimal:
    """What is still open on a transaction, as a part of its customer's balance."""
    name, sign = LEFT.get(kind, ("", 0))
    return exact(body.get(name)) * sign


def move_balance(
    state: State,
    kind: str,
    before: Body | None,
    after: Body | None,
    part: Callable[[str, Body], Decimal] = owed,
) -> None:
    """Bring the customers' balances up to date with a change of one transaction."""
    changes: dict[str, Decimal] = {}
    for body, sign in ((before, -1), (after, 1)):
        if body:
            customer = str((body.get("CustomerRef") or {}).get("value", ""))
            changes[customer] = changes.get(customer, Decimal(0)) + part(kind, body) * sign
    for customer, change in changes.items():
        if change:
            _add_to_customer(state, customer, change)


def _add_to_customer(state: State, customer: str, change: Decimal) -> None:
    """A job's balance is its own; every customer above it shows it in BalanceWithJobs."""
    for level, record in enumerate(above(state, customer)):
        names = ("BalanceWithJobs",) if level else ("Balance", "BalanceWithJobs")
        add(state, record, names, change)


def add(state: State, customer: Record, names: tuple[str, ...], change: Decimal) -> None:
    """Move some of a customer's sums."""
    sums = {name: float(exact(customer.body.get(name)) + change) for name in names}
    write(state, "Customer", customer.id, {**customer.body, **sums})


def above(state: State, customer: str) -> Iterator[Record]:
    """A customer and those above it, the nearest first."""
    for _ in range(MOST_LEVELS):
        record = state.get(VENDOR, "Customer", customer)
        if record is None:
            return
        yield record
        customer = str((record.body.get("ParentRef") or {}).get("value", ""))


def move_job(state: State, before: Body | None, after: Body) -> None:
    """A job that is put under another customer takes its balance along."""
    change = exact(after.get("BalanceWithJobs"))
    for body, sign in ((before or {}, -1), (after, 1)):
        parent = str((body.get("ParentRef") or {}).get("value", ""))
        for record in above(state, parent) if change else ():
            add(state, record, ("BalanceWithJobs",), change * sign)


def write(state: State, kind: str, id_: str, body: Body) -> Record:
    """Store a changed object with the next SyncToken."""
    token = str(int(body.get("SyncToken", "-1")) + 1)
    return state.put(VENDOR, kind, id_, {**body, "SyncToken": token})
