"""Invoices: a page of them, the open ones, totals by currency, one with its payments, the latest."""

from __future__ import annotations

from sqlalchemy import String, Text, and_, bindparam, case, cast, false, func, or_, select

from portal_api.queries.parts import STREAMS, held, limit, newest_first, today, total
from portal_api.queries.statement import BILLING, CLIENT
from store.bundle import Bundle
from store.scope import visible

_table = visible["invoice"]
_payment = visible["payment"]
_i = _table.c

COLUMNS = (
    _i.id,
    _i.number,
    _i.issued_on,
    _i.due_on,
    _i.currency,
    _i.total_minor,
    _i.balance_minor,
    _i.voided,
    _i.source,
    _i.stream,
)

not_voided = or_(_i.voided.is_(None), _i.voided == false())
is_open = and_(_i.balance_minor > 0, not_voided)
is_overdue = and_(is_open, _i.due_on < today)

ALL = newest_first(select(*COLUMNS), _i.issued_on, _i.id)
OPEN = newest_first(select(*COLUMNS).where(is_open), _i.issued_on, _i.id)
OVERDUE = newest_first(select(*COLUMNS).where(is_overdue), _i.issued_on, _i.id)

TOTALS = (
    select(
        _i.currency,
        total(_i.balance_minor).label("open_minor"),
        total(case((is_overdue, _i.balance_minor), else_=0)).label("overdue_minor"),
        func.count().label("open_count"),
        func.count(case((is_overdue, 1))).label("overdue_count"),
        func.min(case((is_overdue, _i.due_on))).label("overdue_since"),
        func.count(case((_i.due_on.is_(None), 1))).label("undated_count"),
    )
    .where(is_open)
    .group_by(_i.currency)
    .order_by(_i.currency)
)

COUNT = select(func.count().label("n")).select_from(_table)

RECENT_PAYMENTS = (
    select(_payment.c.received_on, _payment.c.applied)
    .order_by(_payment.c.received_on.desc(), _payment.c.id.desc())
    .limit(200)
)
"""Enough to say "paid on" for what a page shows; an older one says "paid"."""

_beside = {
    "totals": TOTALS,
    "count": COUNT,
    "payments": RECENT_PAYMENTS,
    "held": held("invoice"),
    "streams": STREAMS,
}
LISTS = {
    "all": Bundle(rows=ALL, **_beside),
    "open": Bundle(rows=OPEN, **_beside),
    "overdue": Bundle(rows=OVERDUE, **_beside),
}

ONE = select(
    *COLUMNS,
    _i.owner_id,
    _i.external_id,
    _i.content_hash,
    _i.tax_minor,
    _i.deposit_minor,
    _i.bill_email,
    _i.memo,
    _i.lines,
).where(_i.id == bindparam("id", type_=String))

APPLIED = (
    select(
        _payment.c.id,
        _payment.c.received_on,
        _payment.c.reference,
        _payment.c.currency,
        _payment.c.amount_minor,
        _payment.c.applied,
    )
    # An id is 26 letters and digits, so finding it in the JSON text is exact, and means the same on both databases.
    .where(cast(_payment.c.applied, Text).contains(bindparam("id", type_=String)))
    .order_by(_payment.c.received_on, _payment.c.id)
    .limit(limit)
)

DETAIL = Bundle(payments=APPLIED, client=CLIENT, billing=BILLING, streams=STREAMS)

LATEST = (
    select(_i.id, _i.number, _i.source, _i.stream, _i.external_id, _i.content_hash)
    .where(not_voided)
    .order_by(_i.issued_on.desc(), _i.id.desc())
    .limit(1)
)
FILE = select(_i.id, _i.number, _i.source, _i.stream, _i.external_id, _i.content_hash).where(
    _i.id == bindparam("id", type_=String)
)
