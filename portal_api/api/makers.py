"""Rows of the store as answers of the API."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from portal_api import project_states, states
from portal_api.access.people import role_of
from portal_api.api import models as m
from portal_api.feeds import Fresh
from portal_api.ledger import AGES
from portal_api.ledger import Account as Ledger
from portal_api.wording import Words


def money(minor: int | None, currency: str | None) -> m.Money | None:
    """An amount; None where either part is missing."""
    return None if minor is None or currency is None else m.Money(minor=minor, currency=currency)


def state(value: states.State) -> m.State:
    """A state in words."""
    return m.State(label=value.label, tone=value.tone, sentence=value.sentence)


def freshness(fresh: Fresh | None) -> m.Freshness | None:
    """Where a list comes from and how old it is."""
    if fresh is None:
        return None
    return m.Freshness(source=fresh.source, as_of=fresh.as_of, late=fresh.late, matched_at=fresh.matched_at)


def picked(model: type[m.Answer], row: Any) -> dict[str, Any]:
    """The columns of a row that the model has under the same name."""
    return {name: getattr(row, name) for name in model.model_fields if hasattr(row, name)}


def person(row: Any) -> m.Person:
    """Somebody at the client."""
    return m.Person(**{**picked(m.Person, row), "role": role_of(row.role)})


def _invoice(row: Any, words: Words) -> dict[str, Any]:
    sums = {
        "total": m.Money(minor=row.total_minor, currency=row.currency),
        "open": m.Money(minor=0 if row.voided else row.balance_minor, currency=row.currency),
    }
    said = {"voided": bool(row.voided), "state": state(states.invoice_state(row, None, words))}
    named = {name: getattr(row, name) for name in ("id", "number", "issued_on", "due_on")}
    return {**named, **sums, **said}


def invoice(row: Any, words: Words) -> m.Invoice:
    """An invoice of a list."""
    return m.Invoice(**_invoice(row, words))


def invoice_detail(row: Any, payments: Sequence[Any], words: Words) -> m.InvoiceDetail:
    """One invoice."""
    return m.InvoiceDetail(
        **_invoice(row, words),
        tax=money(row.tax_minor, row.currency),
        deposit=money(row.deposit_minor, row.currency),
        lines=[_line(line, row.currency) for line in row.lines or ()],
        payments=[
            m.PaymentPart(
                received_on=payment.received_on,
                reference=payment.reference,
                amount=m.Money(minor=part.get("amount_minor") or 0, currency=payment.currency),
            )
            for payment in payments
            for part in payment.applied or ()
            if part.get("invoice_id") == row.id
        ],
        memo=row.memo,
        pdf=f"/api/v1/invoices/{row.id}/pdf",
    )


def _line(line: dict[str, Any], currency: str) -> m.InvoiceLine:
    quantity, price = line.get("quantity"), line.get("unit_price")
    return m.InvoiceLine(
        description=str(line.get("description") or ""),
        quantity=quantity if type(quantity) in {int, float} else None,
        unit=money(line.get("unit_minor"), currency),
        unit_price=price if type(price) in {int, float} else None,
        amount=m.Money(minor=line.get("amount_minor") or 0, currency=currency),
    )


def _project(row: Any, words: Words) -> dict[str, Any]:
    return {
        **picked(m.Project, row),
        "state": state(project_states.project_state(row, words)),
        "budget": money(row.budget_minor, row.currency),
        "spent": money(row.spent_minor, row.currency),
    }


def project(row: Any, words: Words) -> m.Project:
    """A project of a list."""
    return m.Project(**_project(row, words))


def project_detail(row: Any, milestones: Sequence[Any], words: Words) -> m.ProjectDetail:
    """One project."""
    steps = [
        m.Milestone(**{**picked(m.Milestone, step), "state": state(project_states.milestone_state(step, words))})
        for step in milestones
    ]
    return m.ProjectDetail(**_project(row, words), summary=row.summary, milestones=steps)


def _shipment(row: Any, words: Words) -> dict[str, Any]:
    return {**picked(m.Shipment, row), "state": state(states.shipment_state(row, words))}


def shipment(row: Any, words: Words) -> m.Shipment:
    """A shipment of a list."""
    return m.Shipment(**_shipment(row, words))


def shipment_detail(row: Any, events: Sequence[Any], words: Words) -> m.ShipmentDetail:
    """One shipment."""
    scans = [m.ShipmentEvent(**picked(m.ShipmentEvent, event)) for event in events]
    return m.ShipmentDetail(**_shipment(row, words), events=scans)


def document(row: Any, _words: Words) -> m.Document:
    """A document."""
    return m.Document(**picked(m.Document, row), download=f"/api/v1/documents/{row.id}/content")


def contract(row: Any, words: Words) -> m.Contract:
    """A contract."""
    return m.Contract(**{**picked(m.Contract, row), "state": state(states.contract_state(row, words))})


def request(row: Any, words: Words) -> m.Request:
    """A request."""
    return m.Request(**{**picked(m.Request, row), "state": state(states.request_state(row, words))})


def billing(row: Any) -> m.BillingAccount:
    """A billing account."""
    return m.BillingAccount(**picked(m.BillingAccount, row), balance=money(row.balance_minor, row.currency))


def currency_statement(account: Ledger) -> m.CurrencyStatement:
    """One currency's statement."""

    def of(minor: int) -> m.Money:
        return m.Money(minor=minor, currency=account.currency)

    return m.CurrencyStatement(
        opening=of(account.opening_minor),
        closing=of(account.closing_minor),
        movements=[
            m.Movement(
                on=line.movement.on,
                kind=line.movement.kind,
                id=line.movement.id,
                number=line.movement.number,
                amount=of(line.movement.minor),
                balance=of(line.balance_minor),
            )
            for line in account.lines
        ],
        ages={band: of(minor) for (band, _), minor in zip(AGES, account.ages, strict=True)},
        unused=of(account.unused_minor),
        due=of(account.due_minor),
    )
