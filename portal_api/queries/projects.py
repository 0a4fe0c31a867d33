"""Projects: all with what waits in each, one with its milestones and newest documents."""

from __future__ import annotations

from sqlalchemy import String, and_, bindparam, case, func, or_, select

from portal_api.project_states import OVER, USUAL
from portal_api.queries.parts import STREAMS, held, keyed, newest_first, since_ever, today
from store.bundle import Bundle
from store.scope import visible

_project, _milestone, _document = visible["project"], visible["milestone"], visible["document"]
_p, _m, _d = _project.c, _milestone.c, _document.c

_undone = and_(_m.completed_on.is_(None), func.coalesce(func.lower(_m.status), "") != "done")
waits = and_(_m.client_action.is_not(None), _undone)
"""Whether a step waits for the client (`project_states.waits`)."""

_ours = and_(_m.client_action.is_(None), _undone)

step_due = (
    select(func.min(_m.due_on, type_=_m.due_on.type))
    .where(_m.project_id == _p.id, _ours)
    .correlate(_project)
    .scalar_subquery()
    .label("step_due")
)
"""The first day of a project's open steps that do not wait for the client: wherever its state is told."""

COLUMNS = (
    _p.id,
    _p.name,
    _p.number,
    _p.kind,
    _p.status,
    _p.health,
    _p.phase,
    _p.phase_number,
    _p.phase_count,
    _p.percent_complete,
    _p.starts_on,
    _p.due_on,
    step_due,
    _p.budget_minor,
    _p.spent_minor,
    _p.currency,
    _p.manager,
    _p.summary,
    _p.last_event,
    _p.last_event_on,
    _p.next_event,
    _p.next_event_at,
    _p.source,
    _p.stream,
)

_status, _health = keyed(func.coalesce(_p.status, "")), keyed(_p.health)
over = case((_status.in_(sorted(OVER)), 1), else_=0)

_first = (
    select(_m.project_id, func.min(_m.due_on, type_=_m.due_on.type).label("day"))
    .where(_ours)
    .group_by(_m.project_id)
    .subquery("first")
)
_sorted = _project.outerjoin(_first, _first.c.project_id == _p.id)
"""With `step_due` of all projects at once: a list is sorted by it."""

BAD, ATTENTION, GOOD, INFO = range(4)
rank = case(
    (_status == "on_hold", ATTENTION),
    (or_(_first.c.day < today, _p.due_on < today, _health == "late"), BAD),
    (_health == "at_risk", ATTENTION),
    (_status == "planned", INFO),
    (_health == "on_track", GOOD),
    (and_(_first.c.day.is_not(None), _status.in_(sorted(USUAL))), GOOD),
    else_=INFO,
)
"""The tone of how a project stands (`project_states.stands`): the troubled before the others."""

_listed = (
    select(*(_first.c.day.label("step_due") if one is step_due else one for one in COLUMNS), rank.label("rank"))
    .select_from(_sorted)
    .order_by(over, rank, case((_first.c.day < today, _first.c.day)).nulls_last(), _p.due_on.nulls_last(), _p.id)
)
ALL = _listed.limit(60)
"""What runs first, the troubled before the others, the furthest behind before all."""

_rank = rank.label("rank")
STANDING = select(_rank, func.count().label("n")).select_from(_sorted).where(over == 0).group_by(_rank)
"""How many run, by how they stand."""

WAITING = (
    select(_m.project_id, func.count().label("n"))
    .select_from(_milestone.join(_project, _p.id == _m.project_id))
    .where(waits, over == 0)
    .group_by(_m.project_id)
)
COUNTS = select(func.count().label("n"), func.count(case((over == 0, 1))).label("running")).select_from(_project)

LIST = Bundle(rows=ALL, counts=COUNTS, waiting=WAITING, held=held("project"), streams=STREAMS)

PAGE = newest_first(select(*COLUMNS, _p.source_at), _p.source_at, _p.id)
"""For the API: every project, the latest changed first."""

ONE = select(*COLUMNS).where(_p.id == bindparam("id", type_=String))

MILESTONES = (
    select(_m.id, _m.name, _m.position, _m.status, _m.client_action, _m.due_on, _m.completed_on, _m.description)
    .where(_m.project_id == bindparam("id", type_=String))
    .order_by(_m.position.nulls_last(), _m.due_on.nulls_last(), _m.id)
    .limit(60)
)

DOCUMENTS = (
    select(_d.id, _d.name, _d.category, _d.media_type, _d.size_bytes, _d.status, _d.modified_at)
    .where(_d.project_id == bindparam("id", type_=String))
    .order_by(since_ever(_d.modified_at).desc(), _d.id.desc())
    .limit(10)
)

DETAIL = Bundle(milestones=MILESTONES, documents=DOCUMENTS, streams=STREAMS)
