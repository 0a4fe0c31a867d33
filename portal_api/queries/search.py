"""Names and numbers over the reader's own nouns, in one round trip."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import reduce
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, literal_column, select

from portal_api.queries import projects
from portal_api.queries.parts import escaped, letters_of, like, since_ever, small
from store.bundle import Bundle
from store.scope import visible

PER_NOUN = 8
WORDS = 5
"""Of a query; what goes on after them has to follow the fifth in that order."""
CALLED: Mapping[str, frozenset[str]] = {
    "invoice": frozenset({"invoice", "invoices"}),
    "project": frozenset({"project", "projects", "case", "cases"}),
    "shipment": frozenset({"shipment", "shipments"}),
    "document": frozenset({"document", "documents"}),
    "request": frozenset({"request", "requests"}),
    "contract": frozenset({"contract", "contracts"}),
}
"""How pages call a noun: a word of these says which kind of thing is looked for."""


def _hits(
    noun: str, columns: tuple[str, ...], searched: tuple[str, ...], newest: str, *more: ColumnElement[Any]
) -> Select[*tuple[Any, ...]]:
    c = visible[noun].c
    order = since_ever(c[newest]) if newest == "modified_at" else c[newest]
    text = _joined([c[name] for name in searched])
    return (
        select(*(c[name] for name in columns), *more)
        .where(*(like(text, f"{noun}_{n}") for n in range(WORDS)))
        .order_by(case((like(text, f"{noun}_phrase"), 0), else_=1), order.desc(), c.id)
        .limit(PER_NOUN + 1)
    )


def _joined(columns: Sequence[ColumnElement[Any]]) -> ColumnElement[str]:
    texts = [func.coalesce(column, literal_column("''")) for column in columns]
    return reduce(lambda one, other: one + literal_column("' '") + other, texts)


def looked_for(query: str) -> dict[str, str]:
    """What HITS compares with: of each noun every word, but for the noun's own; the whole of them comes first."""
    words = small(query).split()
    bound = letters_of(query)
    for noun, called in CALLED.items():
        mine = [escaped(word) for word in words if word not in called]
        bound |= {f"{noun}_{n}": pattern for n, pattern in enumerate(_patterns(mine))}
        bound[f"{noun}_phrase"] = f"%{' '.join(mine)}%"
    return bound


def _patterns(words: Sequence[str]) -> Iterator[str]:
    last = WORDS - 1
    yield from (f"%{word}%" for word in words[:last])
    yield f"%{'%'.join(words[last:])}%"
    yield from "%" * (last - len(words))


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
