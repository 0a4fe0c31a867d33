"""Invoices: the list, one, its PDF, and the latest in one press."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from fastapi import APIRouter, Request
from starlette.responses import Response

from portal_api.access.scope import Client
from portal_api.activity import record
from portal_api.content import Wanted, key_of
from portal_api.feeds import Fresh
from portal_api.listing import ROWS, Id, Standing, clip, newest, older, place, standing
from portal_api.pages import NotFound, render, words_of
from portal_api.portal import portal_of
from portal_api.queries import invoices as queries
from portal_api.queries.parts import LAST_DAY, LAST_ID
from portal_api.reading import reading
from portal_api.serving import serve
from portal_api.statement import address_of
from portal_api.states import State, invoice_state
from portal_api.wording import Words
from store.scope import Reader

router = APIRouter(include_in_schema=False)
LINES = 60
START: Mapping[str, object] = {"after": LAST_DAY, "after_id": LAST_ID}


class InvoiceRow(NamedTuple):
    """One invoice of the list."""

    id: str
    title: str
    issued_on: dt.date
    due_on: dt.date | None
    total: str
    open: str
    state: State


class Total(NamedTuple):
    """What is open in one currency."""

    open: str
    overdue: str
    invoices: int
    late: int


@dataclass(frozen=True, slots=True)
class InvoicesContext:
    """What templates/invoices/invoices.html shows."""

    rows: Sequence[InvoiceRow]
    totals: Sequence[Total]
    lead: str
    show: str
    count: int
    older: str | None
    newest: str | None
    standing: Standing


class Applied(NamedTuple):
    """A payment or credit, as far as it went to this invoice."""

    what: str
    on: dt.date
    amount: str


class Line(NamedTuple):
    """One line of an invoice."""

    what: str
    quantity: str
    unit: str
    amount: str


@dataclass(frozen=True, slots=True)
class InvoiceContext:
    """What templates/invoices/invoice.html shows."""

    id: str
    title: str
    issued_on: dt.date
    due_on: dt.date | None
    state: State
    total: str
    subtotal: str
    tax: str
    balance: str
    payable: bool
    lines: Sequence[Line]
    lines_left_out: int
    applied: Sequence[Applied]
    memo: str
    email: str
    address: Sequence[str]
    client_number: str
    fresh: Fresh | None


@router.get("/invoices")
async def invoices(
    request: Request, _scope: Client, show: Literal["all", "open", "overdue"] = "all", after: str = ""
) -> Response:
    """The list, newest first."""
    words, at = words_of(request), place(after, START)
    lists = await reading(request, _list, show, at, words)
    record(request, "view", "invoices")
    rows = lists["rows"]
    context = InvoicesContext(
        rows=rows_of(rows[:ROWS], lists["payments"], words),
        totals=totals_of(lists["totals"], words),
        lead=lead_of(lists["totals"], lists["count"][0].n, words),
        show=show,
        count=lists["count"][0].n,
        older=older(request, rows, ROWS, "issued_on", "id"),
        newest=newest(request),
        standing=standing(request, "invoice", lists, words),
    )
    return render(request, "invoices/invoices.html", {"page": context}, words=words)


@router.get("/invoices/latest.pdf")
async def latest_pdf(request: Request, _scope: Client) -> Response:
    """The newest invoice that stands, as a file."""
    row = await reading(request, lambda reader: reader.first(queries.LATEST))
    return await _pdf(request, row)


@router.get("/invoices/{invoice_id}.pdf")
async def invoice_pdf(request: Request, _scope: Client, invoice_id: Id) -> Response:
    """One invoice as a file."""
    row = await reading(request, lambda reader: reader.first(queries.FILE, id=invoice_id))
    return await _pdf(request, row)


@router.get("/invoices/{invoice_id}")
async def invoice(request: Request, _scope: Client, invoice_id: Id) -> Response:
    """One invoice with its lines and what was paid on it."""
    words = words_of(request)
    row, lists = await reading(request, _one, invoice_id)
    if row is None:
        raise NotFound
    record(request, "view", "invoice", invoice_id)
    fresh = portal_of(request).feeds.for_row(row, lists["streams"], words.now, "payment")
    context = detail_of(row, lists, fresh, words)
    return render(request, "invoices/invoice.html", {"page": context}, words=words)


def _list(reader: Reader, show: str, at: Mapping[str, object], words: Words) -> Mapping[str, list[Any]]:
    return reader.bundle(queries.LISTS[show], today=words.today, limit=ROWS + 1, **at)


def _one(reader: Reader, invoice_id: str) -> tuple[Any, Mapping[str, list[Any]]]:
    row = reader.first(queries.ONE, id=invoice_id)
    return row, reader.bundle(queries.DETAIL, id=invoice_id, limit=ROWS) if row is not None else {}


async def _pdf(request: Request, row: Any) -> Response:
    if row is None:
        raise NotFound
    title = title_of(row.number)
    wanted = Wanted(row.source, row.stream, row.external_id, key_of(row), f"{title}.pdf", title, drawn=True)
    return await serve(request, wanted, "invoice", row.id)


def title_of(number: str | None) -> str:
    """`Invoice 1042`; some have no number."""
    return f"Invoice {number}" if number else "Invoice without a number"


def rows_of(rows: Iterable[Any], payments: Iterable[Any], words: Words) -> list[InvoiceRow]:
    """The rows of the list in words."""
    paid = paid_days(payments)
    return [
        InvoiceRow(
            id=row.id,
            title=row.number or "No number",
            issued_on=row.issued_on,
            due_on=row.due_on,
            total=words.money(row.total_minor, row.currency),
            open=words.money(row.balance_minor, row.currency) if row.balance_minor and not row.voided else "",
            state=invoice_state(row, paid.get(row.id), words),
        )
        for row in rows
    ]


def paid_days(payments: Iterable[Any]) -> dict[str, dt.date]:
    """When each invoice was last paid on."""
    days: dict[str, dt.date] = {}
    for payment in payments:
        for part in payment.applied or ():
            known = days.get(part.get("invoice_id", ""), dt.date.min)
            days[part.get("invoice_id", "")] = max(known, payment.received_on)
    return days


def totals_of(totals: Iterable[Any], words: Words) -> list[Total]:
    """What is open, by currency."""
    return [
        Total(
            words.money(row.open_minor, row.currency),
            words.money(row.overdue_minor, row.currency) if row.overdue_minor else "",
            row.open_count,
            row.overdue_count,
        )
        for row in totals
    ]


def lead_of(totals: Sequence[Any], count: int, words: Words) -> str:
    """The list's answer in one sentence: what is open, what of it is overdue."""
    if not totals:
        return "Nothing is open. Your account is settled." if count else ""
    said = " and ".join(total.open for total in totals_of(totals, words))
    many = sum(row.open_count for row in totals)
    verb = f"{'is' if len(totals) == 1 else 'are'} open on {many} invoice{'' if many == 1 else 's'}"
    return f"{said} {verb}{_overdue(totals, many, words)}."


def _overdue(totals: Sequence[Any], many: int, words: Words) -> str:
    """What of it is overdue; of an invoice without a due date nobody can say."""
    overdue = " and ".join(total.overdue for total in totals_of(totals, words) if total.overdue)
    undated = sum(row.undated_count for row in totals)
    if overdue:
        return f"; {overdue} of it is overdue"
    if undated == many:
        return " without a due date"
    return ", none of it past a due date" if undated else ", none of it overdue"


def detail_of(row: Any, lists: Mapping[str, Sequence[Any]], fresh: Fresh | None, words: Words) -> InvoiceContext:
    """One invoice in words."""
    payments, client = lists["payments"], next(iter(lists["client"]), None)
    paid_on = paid_days(payments).get(row.id)
    tax = row.tax_minor or 0
    return InvoiceContext(
        id=row.id,
        title=title_of(row.number),
        issued_on=row.issued_on,
        due_on=row.due_on,
        state=invoice_state(row, paid_on, words),
        total=words.money(row.total_minor, row.currency),
        subtotal=words.money(row.total_minor - tax, row.currency) if tax else "",
        tax=words.money(tax, row.currency) if tax else "",
        balance=words.money(row.balance_minor, row.currency),
        payable=row.balance_minor > 0 and not row.voided,
        lines=[_line(line, row.currency, words) for line in (row.lines or ())[:LINES]],
        lines_left_out=max(0, len(row.lines or ()) - LINES),
        applied=[*_deposit(row, words), *(part for one in payments for part in _applied(one, row.id, words))],
        memo=clip(row.memo),
        email=row.bill_email or "",
        address=address_of(billed(lists["billing"], row) or client),
        client_number=(client.number or "") if client else "",
        fresh=fresh,
    )


def billed(billing: Sequence[Any], invoice: Any) -> Any | None:
    """The billing account that an invoice went to: a client may have several, of one currency too.

    Where the accounting system does not say, the first of the invoice's currency, else the first.
    """
    mine = (row for row in billing if row.id == invoice.owner_id)
    alike = (row for row in billing if row.currency == invoice.currency)
    return next(mine, next(alike, next(iter(billing), None)))


def _line(line: Mapping[str, Any], currency: str, words: Words) -> Line:
    quantity, amount = line.get("quantity"), line.get("amount_minor") or 0
    nameless = "Discount" if amount < 0 else "No description"
    return Line(
        what=clip(str(line.get("description") or line.get("item") or nameless), 300),
        # A source may well write `2 h`.
        quantity=words.number(quantity) if type(quantity) in {int, float} else str(quantity or ""),
        unit=_unit(line, currency, words),
        amount=words.money(amount, currency),
    )


def _unit(line: Mapping[str, Any], currency: str, words: Words) -> str:
    """The price of one; rounded to the currency's decimals where the source told no more."""
    if (price := line.get("unit_price")) is not None:
        return words.price(float(price), currency)
    unit = line.get("unit_minor")
    return words.money(int(unit), currency) if unit is not None else ""


def _deposit(row: Any, words: Words) -> list[Applied]:
    paid = row.deposit_minor or 0
    return [Applied("Deposit", row.issued_on, words.money(-paid, row.currency))] if paid and not row.voided else []


def _applied(payment: Any, invoice_id: str, words: Words) -> list[Applied]:
    # The accounting system applies a credit by a payment of nothing.
    what = "Credit" if payment.amount_minor == 0 else "Payment"
    what = f"{what} {payment.reference}" if payment.reference else what
    return [
        Applied(what, payment.received_on, words.money(-(part.get("amount_minor") or 0), payment.currency))
        for part in payment.applied or ()
        if part.get("invoice_id") == invoice_id
    ]
