"""Home: every list of the first page in one round trip. Which lists depends on the profile, never on the client."""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import Select, and_, func, or_, select

from portal_api.queries import account, invoices, projects, requests, shipments, statement
from portal_api.queries.parts import STREAMS, since_ever
from store.bundle import Bundle
from store.scope import visible

Lists = dict[str, Select[*tuple[Any, ...]]]

_d = visible["document"].c
_m, _p = visible["milestone"].c, visible["project"].c
_h = visible["held_record"].c

LATEST_INVOICE = (
    select(*invoices.COLUMNS)
    .where(invoices.not_voided)
    .order_by(visible["invoice"].c.issued_on.desc(), visible["invoice"].c.id.desc())
    .limit(1)
)
DOCUMENTS = (
    select(_d.id, _d.name, _d.category, _d.media_type, _d.size_bytes, _d.status, _d.modified_at, _d.source, _d.stream)
    .order_by(since_ever(_d.modified_at).desc(), _d.id.desc())
    .limit(4)
)
HELD = select(_h.entity, func.count().label("n")).group_by(_h.entity)

PROJECTS = projects.ALL.limit(3)
_lead = select(projects.ALL.limit(1).subquery("lead").c.id).scalar_subquery()
MILESTONES = (
    select(
        _m.id, _m.project_id, _m.name, _m.position, _m.status, _m.client_action, _m.due_on, _m.completed_on, _m.source
    )
    .where(_m.project_id == _lead)
    .order_by(_m.position.nulls_last(), _m.due_on.nulls_last(), _m.id)
    .limit(90)
)
WAITING = (
    select(
        *(_m.id, _m.project_id, _m.name, _m.client_action, _m.due_on, _p.name.label("project")),
        func.count().over().label("in_all"),
    )
    .select_from(visible["milestone"].outerjoin(visible["project"], _p.id == _m.project_id))
    # A step of a project that has ended, or that nobody sees as the mapping leaves it out, waits for nobody.
    .where(projects.waits, or_(_m.project_id.is_(None), and_(_p.id.is_not(None), projects.over == 0)))
    .order_by(_m.due_on.is_(None), _m.due_on, func.coalesce(_m.position, 0), _m.id)
    .limit(6)
)

_ACTIVE = select(*shipments.COLUMNS).where(~shipments.over)
ACTIVE = _ACTIVE.order_by(shipments.trouble, shipments.expected, visible["shipment"].c.id).limit(shipments.LOOKED_AT)
ARRIVED = (
    select(*shipments.COLUMNS)
    .where(shipments.over)
    .order_by(since_ever(shipments.delivered).desc(), visible["shipment"].c.id.desc())
    .limit(1)
)

_COMMON: Lists = {
    "invoice": LATEST_INVOICE,
    "totals": invoices.TOTALS,
    "unused": statement.UNUSED,
    "documents": DOCUMENTS,
    "requests": requests.OPEN,
    "request_counts": requests.COUNTS,
    "waiting": WAITING,
    "held": HELD,
    "streams": STREAMS,
}
_GOODS: Lists = {
    "shipments": ACTIVE,
    "arrived": ARRIVED,
    "shipment_counts": shipments.COUNTS,
}
_WORK: Lists = {
    "projects": PROJECTS,
    "standing": projects.STANDING,
    "milestones": MILESTONES,
}

_PLANS: Lists = {"plans": account.PLANS.limit(5)}

_BY_ANSWER = {"logistics": _GOODS, "saas": _PLANS}
"""What a profile's answer looks at; the others' look at the work."""
_BY_CARD = {"shipments": _GOODS, "projects": _WORK, "plan": _PLANS}


@cache
def lists_of(profile: str, cards: frozenset[str] = frozenset()) -> Bundle:
    """What a profile's answer and these cards look at; built once for each such set."""
    lists = {**_COMMON, **_BY_ANSWER.get(profile, _WORK)}
    for card in sorted(cards):
        lists |= _BY_CARD.get(card, {})
    return Bundle(**lists)
