"""Contracts: the terms in force, then the others; the plans beside them."""

from __future__ import annotations

from sqlalchemy import String, bindparam, case, func, or_, select

from portal_api.queries import account
from portal_api.queries.parts import STREAMS, held, keyed, newest_first, today
from portal_api.states import IN_FORCE
from store.bundle import Bundle
from store.scope import visible

_c = visible["contract"].c

COLUMNS = (
    _c.id,
    _c.number,
    _c.name,
    _c.status,
    _c.starts_on,
    _c.ends_on,
    _c.term_months,
    _c.notice_days,
    _c.special_terms,
    _c.description,
    _c.source,
    _c.stream,
)

_order = case(
    (or_(_c.ends_on < today, keyed(func.coalesce(_c.status, "")).not_in(sorted(IN_FORCE))), 2),
    (_c.starts_on > today, 1),
    else_=0,
)
"""What is in force, what begins later, the others (`states.contract_state`)."""

ALL = select(*COLUMNS).order_by(_order, _c.starts_on.desc().nulls_last(), _c.id).limit(20)
LIST = Bundle(rows=ALL, plans=account.PLANS.limit(5), held=held("contract"), streams=STREAMS)

PAGE = newest_first(select(*COLUMNS, _c.source_at), _c.source_at, _c.id)
ONE = select(*COLUMNS).where(_c.id == bindparam("id", type_=String))
