"""Shipments: those on their way (trouble first), those that have arrived, one with its scans."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import Integer, String, bindparam, case, func, literal, or_, select, tuple_

from portal_api.queries.parts import LAST_INSTANT, STREAMS, end_of_day, held, limit, newest_first, since_ever
from store.bundle import Bundle
from store.scope import visible
from store.types import Instant

_shipment, _event = visible["shipment"], visible["shipment_event"]
_s, _e = _shipment.c, _event.c

COLUMNS = (
    _s.id,
    _s.number,
    _s.reference,
    _s.tracking_number,
    _s.carrier,
    _s.mode,
    _s.origin,
    _s.destination,
    _s.status,
    _s.location,
    _s.shipped_on,
    _s.promised_at,
    _s.promised_on,
    _s.eta_at,
    _s.eta_on,
    _s.delivered_at,
    _s.delivered_on,
    _s.exception,
    _s.exception_since,
    _s.pieces,
    _s.weight_grams,
    _s.source,
    _s.stream,
)

promised = func.coalesce(_s.promised_at, end_of_day(_s.promised_on), type_=Instant())
eta = func.coalesce(_s.eta_at, end_of_day(_s.eta_on), type_=Instant())
delivered = func.coalesce(_s.delivered_at, end_of_day(_s.delivered_on), type_=Instant())
"""To sort and compare by; pages say the day where a source knows no more."""

over = or_(delivered.is_not(None), func.lower(_s.status).in_(("delivered", "cancelled")))
trouble = case((_s.exception.is_not(None), 0), (eta > promised, 1), else_=2)
expected = func.coalesce(eta, promised, literal(LAST_INSTANT, Instant), type_=Instant())

_after = tuple_(
    bindparam("after_trouble", type_=Integer), bindparam("after", type_=Instant), bindparam("after_id", type_=String)
)

ACTIVE = (
    select(*COLUMNS, trouble.label("trouble"), expected.label("expected"))
    .where(~over, tuple_(trouble, expected, _s.id) > _after)
    .order_by(trouble, expected, _s.id)
    .limit(limit)
)
ACTIVE_START: dict[str, object] = {
    "after_trouble": -1,
    "after": dt.datetime(1970, 1, 1, tzinfo=LAST_INSTANT.tzinfo),
    "after_id": "",
}

_arrived = since_ever(func.coalesce(delivered, eta, promised, type_=Instant()))
ARRIVED = newest_first(select(*COLUMNS, _arrived.label("arrived")).where(over), _arrived, _s.id)

PAGE = newest_first(select(*COLUMNS, _s.source_at), _s.source_at, _s.id)
"""For the API: every shipment, the latest changed first."""

COUNTS = select(
    func.count(case((~over, 1))).label("active"),
    func.count(case((over, 1))).label("arrived"),
).select_from(_shipment)

LOOKED_AT = 100
LOOKED = (
    select(
        *(_s.status, _s.promised_at, _s.promised_on, _s.eta_at, _s.eta_on, _s.delivered_at, _s.delivered_on),
        *(_s.exception, _s.exception_since),
    )
    .where(~over)
    .order_by(trouble, expected, _s.id)
    .limit(LOOKED_AT)
)
"""What the sentence above the list looks at: trouble first, so that beyond it everything is on time."""

_beside = {"looked": LOOKED, "counts": COUNTS, "held": held("shipment"), "streams": STREAMS}
LISTS = {"active": Bundle(rows=ACTIVE, **_beside), "arrived": Bundle(rows=ARRIVED, **_beside)}

ONE = select(*COLUMNS).where(_s.id == bindparam("id", type_=String))

EVENTS = (
    select(_e.id, _e.happened_at, _e.code, _e.location, _e.description)
    .where(_e.shipment_id == bindparam("id", type_=String))
    # The order of things is when they happened; scans arrive late and mixed up.
    .order_by(since_ever(_e.happened_at).desc(), _e.id.desc())
    .limit(60)
)

DETAIL = Bundle(events=EVENTS, streams=STREAMS)
