"""The statement: what stood before the period, what happened in it, what is open today."""

from __future__ import annotations

from sqlalchemy import Date, String, bindparam, case, cast, false, literal, or_, select, union_all

from portal_api.queries.parts import STREAMS, held, total
from store.bundle import Bundle
from store.names import by_name
from store.scope import visible

_invoice, _payment, _credit = visible["invoice"].c, visible["payment"].c, visible["credit_memo"].c

first = bindparam("first", type_=Date)
last = bindparam("last", type_=Date)

_standing = or_(_invoice.voided.is_(None), _invoice.voided == false())

_movements = union_all(
    select(
        _invoice.issued_on.label("on"),
        literal("invoice").label("kind"),
        _invoice.id.label("id"),
        _invoice.number.label("number"),
        _invoice.currency.label("currency"),
        _invoice.total_minor.label("minor"),
    ).where(_standing),
    # Paid with the order: the balance is less by it, and no payment tells of it.
    select(
        _invoice.issued_on, literal("deposit"), _invoice.id, _invoice.number, _invoice.currency, -_invoice.deposit_minor
    ).where(_standing, _invoice.deposit_minor != 0),
    select(
        _payment.received_on,
        literal("payment"),
        _payment.id,
        cast(_payment.reference, String),
        _payment.currency,
        -_payment.amount_minor,
    ).where(_payment.amount_minor != 0),  # a payment of nothing only applies a credit
    select(_credit.issued_on, literal("credit"), _credit.id, _credit.number, _credit.currency, -_credit.total_minor),
).subquery("movement")

OPENING = (
    select(_movements.c.currency, total(_movements.c.minor).label("minor"))
    .where(_movements.c.on < first)
    .group_by(_movements.c.currency)
)

MOVEMENTS = (
    select(_movements)
    .where(_movements.c.on >= first, _movements.c.on <= last)
    .order_by(_movements.c.on, _movements.c.kind, _movements.c.id)
)

OPEN_INVOICES = (
    select(_invoice.currency, _invoice.due_on, _invoice.issued_on, _invoice.balance_minor)
    .where(_standing, _invoice.balance_minor != 0)
    .order_by(_invoice.currency)
)

_unused = union_all(
    select(_payment.currency.label("currency"), _payment.unapplied_minor.label("minor")),
    select(_credit.currency, _credit.remaining_minor),
).subquery("unused")

UNUSED = (
    select(_unused.c.currency, total(_unused.c.minor).label("minor"))
    .where(_unused.c.minor != 0)
    .group_by(_unused.c.currency)
)

_client, _billing = visible["client"].c, visible["billing_account"].c
CLIENT = select(_client.name, _client.number, _client.street, _client.postal_code, _client.city, _client.country)
BILLING = select(
    _billing.id,
    _billing.name,
    _billing.street,
    _billing.postal_code,
    _billing.city,
    _billing.country,
    _billing.currency,
).order_by(case((_billing.active == false(), 1), else_=0), by_name(_billing.name), _billing.id)
"""The accounts that are in use first: nobody is written to as one that was closed."""

PAGE = Bundle(
    opening=OPENING,
    movements=MOVEMENTS,
    open_invoices=OPEN_INVOICES,
    unused=UNUSED,
    client=CLIENT,
    billing=BILLING,
    held=held("invoice", "payment", "credit_memo"),
    streams=STREAMS,
)
