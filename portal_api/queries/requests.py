"""Requests: what the client asked for, open first, with the firm's promise."""

from __future__ import annotations

from sqlalchemy import String, and_, bindparam, case, func, or_, select

from portal_api.queries.parts import STREAMS, held, keyed, newest_first, now, since_ever
from store.bundle import Bundle
from store.scope import visible
from store.types import Instant

_request, _person = visible["request"], visible["person"]
_r = _request.c

_joined = _request.outerjoin(_person, _person.c.id == _r.person_id)

COLUMNS = (
    _r.id,
    _r.number,
    _r.subject,
    _r.description,
    _r.status,
    _r.priority,
    _r.kind,
    _r.opened_at,
    _r.closed_at,
    _r.answer_by,
    _person.c.name.label("person"),
    _r.source,
    _r.stream,
)

_status = keyed(func.coalesce(_r.status, ""))
closed = or_(_r.closed_at.is_not(None), _status == "closed")
asked = and_(~closed, _status == "waiting_for_client")
ours = and_(~closed, _status != "waiting_for_client")

OPEN = (
    select(*COLUMNS)
    .select_from(_joined)
    .where(~closed)
    .order_by(_r.answer_by.nulls_last(), _r.opened_at.nulls_last(), _r.id)
    .limit(50)
)
"""The earliest promise first, so that what is late is in sight; what nobody promised comes last."""
_closed_at = since_ever(_r.closed_at)
CLOSED = newest_first(
    select(*COLUMNS, _closed_at.label("moment")).select_from(_joined).where(closed), _closed_at, _r.id
)
COUNTS = select(
    func.count(case((~closed, 1))).label("open"),
    func.count(case((closed, 1))).label("closed"),
    func.count(case((asked, 1))).label("asked"),
    func.count(case((and_(ours, _r.answer_by < now), 1))).label("late"),
    func.min(case((and_(ours, _r.answer_by >= now), _r.answer_by)), type_=Instant()).label("next"),
).select_from(_request)
"""Over all, however many the page shows."""

LIST = Bundle(open=OPEN, closed=CLOSED, counts=COUNTS, held=held("request"), streams=STREAMS)

PAGE = newest_first(select(*COLUMNS, _r.source_at).select_from(_joined), _r.source_at, _r.id)
ONE = select(*COLUMNS).select_from(_joined).where(_r.id == bindparam("id", type_=String))
STATE = Bundle(streams=STREAMS)
