"""Names and numbers over the reader's own nouns, in one round trip."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, or_, select

from portal_api.queries import projects
from portal_api.queries.parts import like, since_ever
from store.bundle import Bundle
from store.scope import visible

PER_NOUN = 8


def _hits(
    noun: str, columns: tuple[str, ...], searched: tuple[str, ...], newest: str, *more: ColumnElement[Any]
) -> Select[*tuple[Any, ...]]:
    c = visible[noun].c
    order = since_ever(c[newest]) if newest == "modified_at" else c[newest]
    return (
        select(*(c[name] for name in columns), *more)
        .where(or_(*(like(c[name]) for name in searched)))
        .order_by(order.desc(), c.id)
        .limit(PER_NOUN + 1)
    )


HITS = Bundle(
    invoices=_hits(
        "invoice",
        ("id", "number", "issued_on", "due_on", "currency", "total_minor", "balance_minor", "voided"),
        ("number", "memo"),
        "issued_on",
    ),
    projects=_hits(
        "project",
        ("id", "name", "number", "status", "health", "due_on"),
        ("name", "number"),
        "source_at",
        projects.step_due,
    ),
    shipments=_hits(
        "shipment",
        (
            *("id", "number", "reference", "origin", "destination", "status"),
            *("promised_at", "promised_on", "eta_at", "eta_on", "delivered_at", "delivered_on"),
            *("exception", "exception_since"),
        ),
        ("number", "reference", "tracking_number", "origin", "destination"),
        "source_at",
    ),
    documents=_hits("document", ("id", "name", "category", "status", "modified_at"), ("name",), "modified_at"),
    requests=_hits(
        "request", ("id", "number", "subject", "status", "closed_at", "answer_by"), ("number", "subject"), "source_at"
    ),
    contracts=_hits(
        "contract", ("id", "number", "name", "status", "starts_on", "ends_on"), ("number", "name"), "source_at"
    ),
)
