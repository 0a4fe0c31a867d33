"""The arithmetic of a statement: pure, in minor units, one currency at a time.

opening + invoices - payments - credits = closing
open invoices by age - money not yet used = what is due today
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
    """One currency's statement. `ages` follows AGES; `unused_minor` is money received or credited and not yet used."""

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


@dataclass(frozen=True, slots=True)
class OpenInvoice:
    """What is left to pay of an invoice. Without a due day its issue day counts."""

    currency: str
    due_on: dt.date
    balance_minor: int


def age_band(due_on: dt.date, today: dt.date) -> int:
    """Index into AGES."""
    days = (today - due_on).days
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
    by_currency = _grouped(movements)
    ages = _ages(open_invoices, today)
    return [
        _account(
            currency,
            opening.get(currency, 0),
            by_currency.get(currency, []),
            ages.get(currency, [0] * len(AGES)),
            unused.get(currency, 0),
        )
        for currency in sorted(currencies)
    ]


def _account(currency: str, opening: int, movements: list[Movement], ages: list[int], unused: int) -> Account:
    lines, balance = [], opening
    for movement in movements:
        balance += movement.minor
        lines.append(Line(movement, balance))
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
    )


def _sum(movements: Iterable[Movement], kind: str) -> int:
    return sum(movement.minor for movement in movements if movement.kind == kind)


def _grouped(movements: Sequence[Movement]) -> dict[str, list[Movement]]:
    key: Any = attrgetter("currency")
    return {currency: list(group) for currency, group in groupby(sorted(movements, key=key), key=key)}


def _ages(invoices: Iterable[OpenInvoice], today: dt.date) -> dict[str, list[int]]:
    ages: dict[str, list[int]] = {}
    for invoice in invoices:
        bands = ages.setdefault(invoice.currency, [0] * len(AGES))
        bands[age_band(invoice.due_on, today)] += invoice.balance_minor
    return ages
