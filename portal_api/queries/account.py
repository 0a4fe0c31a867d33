"""The client as the firm has it: addresses, billing, people, plan."""

from __future__ import annotations

from sqlalchemy import select

from portal_api.queries.parts import STREAMS, held
from store.bundle import Bundle
from store.names import by_name
from store.scope import visible

_c, _b, _p, _s = visible["client"].c, visible["billing_account"].c, visible["person"].c, visible["subscription"].c

CLIENT = select(
    _c.id,
    _c.name,
    _c.profile,
    _c.number,
    _c.phone,
    _c.website,
    _c.street,
    _c.city,
    _c.postal_code,
    _c.country,
    _c.time_zone,
    _c.source,
    _c.stream,
)
BILLING = (
    select(
        _b.id,
        _b.name,
        _b.email,
        _b.phone,
        _b.street,
        _b.city,
        _b.postal_code,
        _b.country,
        _b.balance_minor,
        _b.currency,
        _b.active,
        _b.source,
        _b.stream,
    )
    .order_by(by_name(_b.name), _b.id)
    .limit(20)
)
PEOPLE = (
    select(_p.id, _p.name, _p.email, _p.phone, _p.title, _p.role, _p.source, _p.stream)
    .order_by(by_name(_p.name), _p.id)
    .limit(50)
)
PLANS = select(
    _s.id,
    _s.name,
    _s.plan,
    _s.status,
    _s.usage_current,
    _s.usage_limit,
    _s.usage_unit,
    _s.seats,
    _s.seats_used,
    _s.renews_on,
    _s.price_minor,
    _s.price_period,
    _s.currency,
    _s.source,
    _s.stream,
).order_by(by_name(_s.name), _s.id)

PAGE = Bundle(
    client=CLIENT,
    billing=BILLING,
    people=PEOPLE,
    plans=PLANS,
    held=held("client", "person", "billing_account", "subscription"),
    streams=STREAMS,
)
