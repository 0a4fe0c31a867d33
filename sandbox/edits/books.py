"""What the bookkeeper does: money comes in, an invoice is voided, a customer gets a credit."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sandbox.edits.records import Refused, found, moment
from sandbox.quickbooks import removal, writes
from sandbox.quickbooks.entities import ENTITIES
from sandbox.quickbooks.ledger import exact
from sandbox.state import Record, State

SHARED = ("CustomerRef", "CurrencyRef", "ExchangeRate")
"""What a payment and a credit have from the invoice that they are for."""


def pay_invoice(state: State, wish: dict[str, Any]) -> Record:
    """Money came in: a Payment for the open balance, or for `amount`; what is too much stays unapplied on it."""
    with state.transaction():
        invoice, balance = _open(state, wish, "pay")
        amount = _amount(wish, balance)
        _pay(state, invoice, amount, [_line(min(amount, balance), invoice)])
        return found(state, "quickbooks", "Invoice", invoice.id)


def void_invoice(state: State, wish: dict[str, Any]) -> Record:
    """The invoice was a mistake: its amounts become 0, what was paid on it stays with the customer, unapplied."""
    invoice = found(state, "quickbooks", "Invoice", str(wish["id"]))
    if invoice.deleted or str(invoice.body.get("PrivateNote", "")).startswith("Voided"):
        raise Refused(f"Invoice {_named(invoice)} cannot be voided again.")
    with state.transaction():
        return removal.void(state, ENTITIES["Invoice"], invoice)


def credit_invoice(state: State, wish: dict[str, Any]) -> Record:
    """Goodwill: a credit memo for the open balance, or for `amount`, which a payment of nothing uses up."""
    with state.transaction():
        invoice, balance = _open(state, wish, "credit")
        amount = _amount(wish, balance)
        if amount > balance:
            raise Refused(f"Invoice {_named(invoice)} has only {balance} left to credit.")
        memo = writes.create(state, ENTITIES["CreditMemo"], _credit(state, invoice, amount))
        _pay(state, invoice, Decimal(0), [_line(amount, invoice), _line(amount, memo)])
        return found(state, "quickbooks", "Invoice", invoice.id)


def _open(state: State, wish: dict[str, Any], verb: str) -> tuple[Record, Decimal]:
    invoice = found(state, "quickbooks", "Invoice", str(wish["id"]))
    balance = exact(invoice.body.get("Balance"))
    if invoice.deleted or balance <= 0:
        raise Refused(f"Invoice {_named(invoice)} has nothing left to {verb}.")
    return invoice, balance


def _amount(wish: dict[str, Any], balance: Decimal) -> Decimal:
    amount = exact(wish.get("amount", balance))
    if amount <= 0:
        raise Refused(f"{amount} is no amount; it must be more than 0.")
    return amount


def _line(amount: Decimal, sale: Record) -> dict[str, Any]:
    return {"Amount": float(amount), "LinkedTxn": [{"TxnId": sale.id, "TxnType": sale.kind}]}


def _pay(state: State, invoice: Record, received: Decimal, lines: list[dict[str, Any]]) -> None:
    body = {"TxnDate": moment(state).date().isoformat(), "TotalAmt": float(received), "Line": lines}
    writes.create(state, ENTITIES["Payment"], body | _shared(invoice))


def _credit(state: State, invoice: Record, amount: Decimal) -> dict[str, Any]:
    detail = {"Qty": 1, "UnitPrice": float(amount)}
    line = {"Amount": float(amount), "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": detail}
    line["Description"] = f"Credit on invoice {_named(invoice)}"
    return {"TxnDate": moment(state).date().isoformat(), "Line": [line]} | _shared(invoice)


def _shared(invoice: Record) -> dict[str, Any]:
    return {name: invoice.body[name] for name in SHARED if name in invoice.body}


def _named(invoice: Record) -> str:
    return str(invoice.body.get("DocNumber", invoice.id))
