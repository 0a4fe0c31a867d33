"""Taking transactions away: delete and void, with all that follows for payments, invoices and balances."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sandbox.quickbooks import ledger, payables
from sandbox.quickbooks.entities import VENDOR, Entity
from sandbox.quickbooks.faults import unsupported
from sandbox.quickbooks.ledger import Body
from sandbox.quickbooks.wire import MONEY, stub
from sandbox.state import Record, State


def delete(state: State, entity: Entity, before: Record) -> Body:
    """Transactions are deleted for good; what they did is taken back."""
    if entity.named:
        raise unsupported(f"delete on {entity.name}")
    _take_back(state, entity.name, before)
    ledger.move_balance(state, entity.name, before.body, None)
    gone = stub(state.put(VENDOR, entity.name, before.id, before.body, deleted=True))
    payables.follow(state, entity.name, before.body, None)
    return {name: value for name, value in gone.items() if name != "MetaData"}


def void(state: State, entity: Entity, before: Record) -> Record:
    """All amounts become 0 and the private note says so; the object stays."""
    if not entity.void:
        raise unsupported(f"void on {entity.name}")
    _take_back(state, entity.name, before)
    note = str(before.body.get("PrivateNote", ""))
    after = {**zeroed(before.body), "PrivateNote": f"Voided {note}".strip()}
    after.pop("LinkedTxn", None)
    if entity.name in ("Payment", "BillPayment"):
        after["Line"] = []
    ledger.move_balance(state, entity.name, before.body, after)
    written = ledger.write(state, entity.name, before.id, after)
    payables.follow(state, entity.name, before.body, after)
    return written


def restore(state: State, entity: Entity, gone: Record) -> Record:
    """Enter a deleted transaction again under its old number. A payment is applied to what it had paid.

    The vendor has no such call; the control page has the button.
    """
    body = {name: value for name, value in gone.body.items() if name != "LinkedTxn"}
    if entity.name == "Payment":
        ledger.settle_payment(state, gone.id, None, body)
    elif entity.name in ledger.LEFT:
        left = ledger.LEFT[entity.name][0]
        body[left] = body["Balance"] = float(abs(ledger.owed(entity.name, body)))
        if "ExchangeRate" in body:
            ledger.home(body)
    ledger.move_balance(state, entity.name, None, body)
    return ledger.write(state, entity.name, gone.id, body)


def _take_back(state: State, kind: str, gone: Record) -> None:
    """What a payment had paid is open again; payments on a sale that goes keep their money, unapplied."""
    if kind == "Payment":
        ledger.apply_payment(state, gone.id, gone.body, -1)
        return
    for link in gone.body.get("LinkedTxn", []):
        payment = state.get(VENDOR, "Payment", str(link.get("TxnId")))
        if payment is not None and not payment.deleted:
            _unlink(state, payment, (kind, gone.id))


def _unlink(state: State, payment: Record, sale: tuple[str, str]) -> None:
    """Take a sale out of a payment. One that has lost a credit memo pays only as much as it still holds."""
    kept = [line for line in payment.body.get("Line", []) if sale not in _paid_by(line)]
    after = {**payment.body, "Line": kept}
    short = -ledger.unapplied(after)
    if short > 0:
        after["Line"] = _covered(kept, short)
        ledger.apply_payment(state, payment.id, {"Line": kept}, -1)
        ledger.apply_payment(state, payment.id, after)
    ledger.write(state, "Payment", payment.id, after | {"UnappliedAmt": float(ledger.unapplied(after))})


def _paid_by(line: Body) -> set[tuple[str, str]]:
    return {(kind, id_) for kind, id_, _ in ledger.links({"Line": [line]})}


def _covered(lines: list[Body], short: Decimal) -> list[Body]:
    """A payment's lines with the last ones lowered by what is short."""
    kept: list[Body] = []
    for line in reversed(lines):
        amount = ledger.exact(line.get("Amount"))
        less = min(short, amount) if "CreditMemo" not in {kind for kind, _ in _paid_by(line)} else Decimal(0)
        short -= less
        kept += [{**line, "Amount": float(amount - less)}] if amount > less else []
    return kept[::-1]


def zeroed(body: Body) -> Body:
    """A copy whose amounts are all 0."""

    def clean(value: Any, key: str = "") -> Any:
        if isinstance(value, dict):
            return {name: clean(item, name) for name, item in value.items()}
        if isinstance(value, list):
            return [clean(item) for item in value]
        return 0.0 if key in MONEY or key == "Qty" else value

    copy: Body = clean(body)
    return copy
