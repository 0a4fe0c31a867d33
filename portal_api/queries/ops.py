"""What ops see of the hub, over all clients. For staff only: these statements know no scope."""

from __future__ import annotations

from sqlalchemy import Integer, String, bindparam, func, or_, select

from portal_api.queries.parts import limit
from store.access_tables import Session, Staff
from store.hub_tables import ClientKey, Crosswalk, CrosswalkKey, HeldRecord, Inbox, Run, StreamRun, StreamState
from store.tables import Client
from store.types import Instant

RUNS_SHOWN = 20
SINGLE_READS = ("targeted", "replay")
"""Kinds of runs that read one record: no measure of a stream's health."""

STREAMS = select(
    StreamState.source,
    StreamState.stream,
    StreamState.high_water,
    StreamState.loaded_at,
    StreamState.checked_at,
    StreamState.mapping,
    StreamState.mapped,
    StreamState.error,
    StreamState.error_kind,
    StreamState.error_step,
).order_by(StreamState.source, StreamState.stream)

_recent = (
    select(
        Run.id,
        func.row_number().over(partition_by=Run.source, order_by=(Run.started_at.desc(), Run.id.desc())).label("nth"),
    )
    .where(Run.started_at > bindparam("since", type_=Instant), Run.kind.not_in(SINGLE_READS))
    .subquery("recent")
)
RECENT = (
    select(StreamRun, Run.started_at)
    .join(_recent, _recent.c.id == StreamRun.run_id)
    .join(Run, Run.id == StreamRun.run_id)
    .where(_recent.c.nth <= RUNS_SHOWN)
    .order_by(Run.started_at, StreamRun.stream)
)

HELD_COUNTS = (
    select(HeldRecord.source, HeldRecord.stream, func.count().label("n"))
    .where(HeldRecord.resolved_at.is_(None))
    .group_by(HeldRecord.source, HeldRecord.stream)
)
_unmatched = (Crosswalk.client_id.is_(None), Crosswalk.deleted_at.is_(None))
UNMATCHED_COUNT = select(func.count()).select_from(Crosswalk).where(*_unmatched)
WAITING = select(Inbox.source, func.count().label("n")).where(Inbox.done_at.is_(None)).group_by(Inbox.source)

_runs = select(Run).order_by(Run.started_at.desc(), Run.id.desc()).limit(limit)
RUNS = {"whole": _runs.where(Run.kind.not_in(SINGLE_READS)), "all": _runs}
RUN = select(Run).where(Run.id == bindparam("id", type_=String))
RUN_STREAMS = select(StreamRun).where(StreamRun.run_id == bindparam("id", type_=String)).order_by(StreamRun.stream)

_held = HeldRecord.resolved_at.is_(None)
HELD_GROUPS = (
    select(
        HeldRecord.source, HeldRecord.stream, HeldRecord.reason, func.count().label("n"),
        func.max(HeldRecord.last_seen_at, type_=Instant()).label("last_seen_at"),
    )
    .where(_held)
    .group_by(HeldRecord.source, HeldRecord.stream, HeldRecord.reason)
    .order_by(func.count().desc(), HeldRecord.source, HeldRecord.stream, HeldRecord.reason)
    .limit(limit)
)  # fmt: skip
_nth = (
    func.row_number()
    .over(
        partition_by=(HeldRecord.source, HeldRecord.stream, HeldRecord.reason),
        order_by=(HeldRecord.last_seen_at.desc(), HeldRecord.id),
    )
    .label("nth")
)
_latest = select(HeldRecord.id, _nth).where(_held).subquery("latest")
HELD = (
    select(HeldRecord, Client.name.label("client"))
    .join(_latest, _latest.c.id == HeldRecord.id)
    .outerjoin(Client, Client.id == HeldRecord.client_id)
    .where(_latest.c.nth <= bindparam("each", type_=Integer))
    .order_by(HeldRecord.last_seen_at.desc(), HeldRecord.id)
)
"""The latest records of every kind of trouble."""
HELD_IDS = (
    select(HeldRecord.id)
    .where(
        _held,
        HeldRecord.source == bindparam("source", type_=String),
        HeldRecord.stream == bindparam("stream", type_=String),
        HeldRecord.reason == bindparam("reason", type_=String),
    )
    .order_by(HeldRecord.first_seen_at, HeldRecord.id)
)

UNMATCHED = (
    select(Crosswalk.id, Crosswalk.source, Crosswalk.stream, Crosswalk.external_id, Crosswalk.label, Crosswalk.evidence)
    .where(*_unmatched)
    .order_by(Crosswalk.source, Crosswalk.label, Crosswalk.id)
    .limit(limit)
)
_shown = select(UNMATCHED.subquery("shown").c.id)
KEYS = (
    select(CrosswalkKey.crosswalk_id, CrosswalkKey.kind, CrosswalkKey.value)
    .where(CrosswalkKey.crosswalk_id.in_(_shown))
    .order_by(CrosswalkKey.rank, CrosswalkKey.kind, CrosswalkKey.value)
)
CANDIDATES = (
    select(CrosswalkKey.crosswalk_id, Client.id, Client.name, Client.number, CrosswalkKey.kind, CrosswalkKey.value)
    .join(ClientKey, (ClientKey.kind == CrosswalkKey.kind) & (ClientKey.value == CrosswalkKey.value))
    .join(Client, Client.id == ClientKey.client_id)
    .where(CrosswalkKey.crosswalk_id.in_(_shown), Client.deleted_at.is_(None))
    .order_by(CrosswalkKey.rank, Client.name, Client.id)
)
ONE_UNMATCHED = select(Crosswalk).where(Crosswalk.id == bindparam("id", type_=String), *_unmatched)

_pattern = bindparam("pattern", type_=String)
CLIENTS = (
    select(Client.id, Client.name, Client.profile, Client.number, Client.city, Client.source)
    .where(
        Client.deleted_at.is_(None),
        or_(func.lower(Client.name).like(_pattern, escape="\\"), func.lower(Client.number).like(_pattern, escape="\\")),
    )
    .order_by(Client.name, Client.id)
    .limit(limit)
)
CLIENT_COUNT = select(func.count()).select_from(Client).where(Client.deleted_at.is_(None))
CLIENT = select(Client.id, Client.name).where(Client.id == bindparam("id", type_=String), Client.deleted_at.is_(None))

_seen = (
    select(Session.staff_email, func.max(Session.seen_at, type_=Instant()).label("seen_at"))
    .where(Session.staff_email.is_not(None))
    .group_by(Session.staff_email)
    .subquery("seen")
)
STAFF = (
    select(Staff.email, Staff.name, Staff.role, _seen.c.seen_at)
    .outerjoin(_seen, _seen.c.staff_email == Staff.email)
    .order_by(Staff.name, Staff.email)
)
