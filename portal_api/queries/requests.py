"""Requests: what the client asked for, open first, with the firm's promise."""

from __future__ import annotations

from sqlalchemy import String, bindparam, case, func, or_, select

from portal_api.queries.parts import STREAMS, held, newest_first, since_ever
from store.bundle import Bundle
from store.scope import visible

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

closed = or_(_r.closed_at.is_not(None), func.lower(_r.status) == "closed")

OPEN = select(*COLUMNS).select_from(_joined).where(~closed).order_by(since_ever(_r.answer_by), _r.id).limit(50)
_closed_at = since_ever(_r.closed_at)
CLOSED = newest_first(
    select(*COLUMNS, _closed_at.label("moment")).select_from(_joined).where(closed), _closed_at, _r.id
)
COUNTS = select(
    func.count(case((~closed, 1))).label("open"), func.count(case((closed, 1))).label("closed")
).select_from(_request)

LIST = Bundle(open=OPEN, closed=CLOSED, counts=COUNTS, held=held("request"), streams=STREAMS)

PAGE = newest_first(select(*COLUMNS, _r.source_at).select_from(_joined), _r.source_at, _r.id)
ONE = select(*COLUMNS).select_from(_joined).where(_r.id == bindparam("id", type_=String))
STATE = Bundle(streams=STREAMS)
