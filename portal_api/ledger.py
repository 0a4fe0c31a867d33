"""The arithmetic of a statement: pure, in minor units, one currency at a time.

opening + invoices - payments - credits = closing
open invoices by age - money not yet used = the balance today
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import Any

AGES: tuple[tuple[str, int | None], ...] = (("0-30", 30), ("31-60", 60), ("61-90", 90), ("90+", None))
"""Age bands by days since the due day; an invoice that is not due yet is in the first."""


@dataclass(frozen=True, slots=True)
class Movement:
    """One thing that changed the balance. `minor` is signed: an invoice raises it, what is paid lowers it."""

    on: dt.date
    kind: str
    id: str
    number: str | None
    currency: str
    minor: int


@dataclass(frozen=True, slots=True)
class Line:
    """A movement with the balance after it."""

    movement: Movement
    balance_minor: int


@dataclass(frozen=True, slots=True)
class Account:
    """One currency's statement. `ages` follows AGES; `unused_minor` is money received or credited and not yet used.

    `dated` and `undated` count the open invoices with a due day and without; only the former can be overdue.
    """

    currency: str
    opening_minor: int
    lines: Sequence[Line]
    invoiced_minor: int
    paid_minor: int
    credited_minor: int
    closing_minor: int
    ages: Sequence[int]
    unused_minor: int
    due_minor: int
    overdue_minor: int
    dated: int
    undated: int


@dataclass(frozen=True, slots=True)
class OpenInvoice:
    """What is left to pay of an invoice. `since`: the day its age counts from, `dated` where that is its due day."""

    currency: str
    since: dt.date
    balance_minor: int
    dated: bool = True


def age_band(since: dt.date, today: dt.date) -> int:
    """Index into AGES."""
    days = (today - since).days
    return next(index for index, (_, most) in enumerate(AGES) if most is None or days <= most)


def accounts(
    opening: dict[str, int],
    movements: Sequence[Movement],
    open_invoices: Iterable[OpenInvoice],
    unused: dict[str, int],
    today: dt.date,
) -> list[Account]:
    """A statement per currency, in the order of their codes. `movements` come ordered by day."""
    open_invoices = list(open_invoices)
    currencies = {*opening, *unused, *(m.currency for m in movements), *(o.currency for o in open_invoices)}
    moved, left = _grouped(movements), _grouped(open_invoices)
    return [
        _account(
            currency,
            opening.get(currency, 0),
            moved.get(currency, []),
            left.get(currency, []),
            unused.get(currency, 0),
            today,
        )
        for currency in sorted(currencies)
    ]


def _account(
    currency: str,
    opening: int,
    movements: list[Movement],
    open_invoices: list[OpenInvoice],
    unused: int,
    today: dt.date,
) -> Account:
    lines, balance = [], opening
    for movement in movements:
        balance += movement.minor
        lines.append(Line(movement, balance))
    ages = _ages(open_invoices, today)
    dated = [invoice for invoice in open_invoices if invoice.dated]
    return Account(
        currency=currency,
        opening_minor=opening,
        lines=lines,
        invoiced_minor=_sum(movements, "invoice"),
        paid_minor=-_sum(movements, "payment") - _sum(movements, "deposit"),
        credited_minor=-_sum(movements, "credit"),
        closing_minor=balance,
        ages=ages,
        unused_minor=unused,
        due_minor=sum(ages) - unused,
        overdue_minor=sum(invoice.balance_minor for invoice in dated if invoice.since < today),
        dated=len(dated),
        undated=len(open_invoices) - len(dated),
    )


def _sum(movements: Iterable[Movement], kind: str) -> int:
    return sum(movement.minor for movement in movements if movement.kind == kind)


def _grouped(found: Sequence[Any]) -> dict[str, list[Any]]:
    key: Any = attrgetter("currency")
    return {currency: list(group) for currency, group in groupby(sorted(found, key=key), key=key)}


def _ages(invoices: Iterable[OpenInvoice], today: dt.date) -> list[int]:
    ages = [0] * len(AGES)
    for invoice in invoices:
        ages[age_band(invoice.since, today)] += invoice.balance_minor
    return ages
