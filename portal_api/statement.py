"""The statement of account: a period's movements between two balances, what is open by age, and the same as CSV."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, NamedTuple

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from hub.money import exponent
from portal_api.access.scope import Client
from portal_api.activity import record
from portal_api.content import disposition
from portal_api.ledger import AGES, Account, Movement, OpenInvoice, accounts
from portal_api.listing import Standing, standing
from portal_api.pages import render, words_of
from portal_api.queries import statement as queries
from portal_api.reading import reading
from portal_api.wording import Words
from store.scope import Reader

router = APIRouter(include_in_schema=False)

SHOWN = 60
"""Movements on the page, over all currencies; the file has all."""
FRESH = "What is not due yet is counted in 0-30 days."
KINDS = {"invoice": "Invoice", "deposit": "Deposit on invoice", "payment": "Payment", "credit": "Credit"}
FORMULA = ("=", "+", "-", "@", "\t", "\r")

From = Annotated[dt.date | None, Query(alias="from")]
Until = Annotated[dt.date | None, Query(alias="to")]


class Period(NamedTuple):
    """Both days belong to it."""

    first: dt.date
    last: dt.date


class Choice(NamedTuple):
    """A period that one press chooses."""

    label: str
    href: str
    here: bool


class MovementRow(NamedTuple):
    """One movement in words."""

    on: dt.date
    what: str
    href: str | None
    amount: str
    balance: str


class Age(NamedTuple):
    """What is open in one age band."""

    band: str
    amount: str
    tone: str


class AccountView(NamedTuple):
    """One currency's statement in words."""

    currency: str
    opening: str
    closing: str
    invoiced: str
    paid: str
    credited: str
    rows: Sequence[MovementRow]
    left_out: int
    aged: str
    ages: Sequence[Age]
    counted: str
    open: str
    unused: str
    owed: str
    due: str
    overdue: str
    payable: bool


@dataclass(frozen=True, slots=True)
class StatementContext:
    """What templates/statement/statement.html shows."""

    period: Period
    choices: Sequence[Choice]
    csv: str
    accounts: Sequence[AccountView]
    client: str
    number: str
    address: Sequence[str]
    standing: Standing


@router.get("/statement")
async def statement(request: Request, _scope: Client, first: From = None, last: Until = None) -> Response:
    """The page, made to be printed too."""
    words = words_of(request)
    period = period_of(first, last, words.today)
    lists = await reading(request, _lists, period)
    record(request, "view", "statement")
    context = context_of(lists, period, standing(request, "statement", lists, words), words)
    return render(request, "statement/statement.html", {"page": context}, words=words)


@router.get("/statement.csv")
async def statement_csv(request: Request, _scope: Client, first: From = None, last: Until = None) -> Response:
    """The same for a spreadsheet: every movement, plain decimals."""
    words = words_of(request)
    period = period_of(first, last, words.today)
    lists = await reading(request, _lists, period)
    record(request, "download", "statement", via="file")
    name = f"Statement {period.first} to {period.last}.csv"
    # The mark at the beginning makes spreadsheets read the rest as UTF-8.
    body = "\ufeff" + csv_of(ledger_of(lists, words.today), period)
    headers = {"content-disposition": disposition(name), "cache-control": "private, no-cache"}
    return Response(body, headers=headers, media_type="text/csv; charset=utf-8")


def _lists(reader: Reader, period: Period) -> Mapping[str, list[Any]]:
    return reader.bundle(queries.PAGE, first=period.first, last=period.last)


def period_of(first: dt.date | None, last: dt.date | None, today: dt.date) -> Period:
    """The period asked for, in the right order; without one the last twelve months."""
    end = last or today
    begin = first or year_to(end)
    return Period(min(begin, end), max(begin, end))


def year_to(end: dt.date) -> dt.date:
    """The first of the twelve months that end with that day; the calendar's first day at its edge."""
    if end.year == 1:
        return dt.date.min
    leap = (end.month, end.day) == (2, 29)
    return end.replace(year=end.year - 1, day=28 if leap else end.day) + dt.timedelta(days=1)


def _months_before(day: dt.date, months: int) -> dt.date:
    """The first of the month that many months earlier; the calendar's first day at its edge."""
    index = max(day.year * 12 + day.month - 1 - months, 12)
    return dt.date(index // 12, index % 12 + 1, 1)


def ledger_of(lists: Mapping[str, Sequence[Any]], today: dt.date) -> list[Account]:
    """The statement of each currency."""
    return accounts(
        {row.currency: row.minor for row in lists["opening"]},
        [Movement(m.on, m.kind, m.id, m.number, m.currency, m.minor) for m in lists["movements"]],
        [_open(row) for row in lists["open_invoices"]],
        {row.currency: row.minor for row in lists["unused"]},
        today,
    )


def _open(row: Any) -> OpenInvoice:
    """An invoice without a due day ages from its own."""
    return OpenInvoice(row.currency, row.due_on or row.issued_on, row.balance_minor, row.due_on is not None)


def context_of(lists: Mapping[str, Sequence[Any]], period: Period, stands: Standing, words: Words) -> StatementContext:
    """The page's context."""
    client = lists["client"][0] if lists["client"] else None
    found = ledger_of(lists, words.today)
    return StatementContext(
        period=period,
        choices=choices_of(period, words.today),
        csv=f"/statement.csv?from={period.first}&to={period.last}",
        accounts=[account_view(account, SHOWN // len(found), words) for account in found],
        client=client.name if client else "",
        number=(client.number or "") if client else "",
        address=address_of(next(iter(lists["billing"]), client)),
        standing=stands,
    )


def address_of(row: Any) -> list[str]:
    """Name and address, line by line, without the lines that are empty."""
    if row is None:
        return []
    town = " ".join(filter(None, (row.postal_code, row.city)))
    return [line for line in (row.name, row.street, town, row.country) if line]


def choices_of(period: Period, today: dt.date) -> list[Choice]:
    """This year, last year, the last quarter, the last twelve months."""
    year, quarter = today.year, (today.month - 1) // 3
    last_quarter = _months_before(today.replace(day=1), today.month - 1 - quarter * 3 + 3)
    end_of_quarter = _months_before(today.replace(day=1), today.month - 1 - quarter * 3) - dt.timedelta(days=1)
    periods = (
        ("Last 12 months", Period(year_to(today), today)),
        ("This year", Period(dt.date(year, 1, 1), today)),
        ("Last quarter", Period(last_quarter, end_of_quarter)),
        ("Last year", Period(dt.date(year - 1, 1, 1), dt.date(year - 1, 12, 31))),
    )
    return [Choice(name, f"/statement?from={p.first}&to={p.last}", p == period) for name, p in periods]


def account_view(account: Account, shown: int, words: Words) -> AccountView:
    """One currency's statement in the reader's words, with its latest `shown` movements."""

    def money(minor: int) -> str:
        return words.money(minor, account.currency)

    # What has no due date grows old, never overdue.
    tones = ("quiet", "attention", "attention", "bad") if account.overdue_minor else ("quiet",) * len(AGES)
    aged, counted = ageing_of(account)
    return AccountView(
        currency=account.currency,
        opening=money(account.opening_minor),
        closing=money(account.closing_minor),
        invoiced=money(account.invoiced_minor),
        paid=money(-account.paid_minor),
        credited=money(-account.credited_minor) if account.credited_minor else "",
        rows=[_row(line, money) for line in account.lines[-shown:]],
        left_out=max(0, len(account.lines) - shown),
        aged=aged,
        ages=[
            Age(f"{band} days", money(minor), tone if minor else "quiet")
            for (band, _), minor, tone in zip(AGES, account.ages, tones, strict=True)
        ],
        counted=counted,
        open=money(sum(account.ages)),
        unused=money(-account.unused_minor) if account.unused_minor else "",
        # Nobody pays a negative sum: what is over is the client's.
        owed="Balance today" if account.due_minor >= 0 else "In your favour",
        due=money(abs(account.due_minor)),
        overdue=money(account.overdue_minor) if account.overdue_minor else "",
        payable=account.due_minor > 0,
    )


def ageing_of(account: Account) -> tuple[str, str]:
    """What the ages are called, and from which day they count: nothing without a due date is said to be late."""
    if not account.dated and not account.undated:
        return "", ""
    if not account.undated:
        return "Open today, by days since the due date", FRESH
    if not account.dated:
        return "Open today, by days since the invoice date", "These invoices have no due date."
    counted = "Days count from the due date, or from the invoice date where there is none."
    return "Open today, by age", f"{counted} {FRESH}"


def _row(line: Any, money: Any) -> MovementRow:
    movement = line.movement
    what = f"{KINDS[movement.kind]} {movement.number}" if movement.number else KINDS[movement.kind]
    href = f"/invoices/{movement.id}" if movement.kind in {"invoice", "deposit"} else None
    return MovementRow(movement.on, what, href, money(movement.minor), money(line.balance_minor))


def csv_of(found: Sequence[Account], period: Period) -> str:
    """All movements with opening and closing balances; a text that a spreadsheet would take for a formula is quoted."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["date", "kind", "number", "amount", "balance", "currency"])
    for account in found:
        writer.writerows(_csv_rows(account, period))
    return out.getvalue()


def _csv_rows(account: Account, period: Period) -> Iterator[list[str]]:
    def decimal(minor: int) -> str:
        return str(Decimal(minor).scaleb(-exponent(account.currency)))

    code = account.currency
    yield [period.first.isoformat(), "opening balance", "", "", decimal(account.opening_minor), code]
    for line in account.lines:
        m = line.movement
        number = f"'{m.number}" if (m.number or "").startswith(FORMULA) else m.number or ""
        yield [m.on.isoformat(), m.kind, number, decimal(m.minor), decimal(line.balance_minor), code]
    yield [period.last.isoformat(), "closing balance", "", "", decimal(account.closing_minor), code]
