"""What ops see of the hub, over all clients. For staff only: these statements know no scope."""

from __future__ import annotations

from sqlalchemy import Integer, String, bindparam, func, or_, select

from portal_api.queries.parts import like, limit
from store import certificates
from store.access_tables import Session, Staff
from store.crosswalk import MANUAL
from store.held import ACCESS_REVOKED
from store.hub_tables import ClientKey, Crosswalk, CrosswalkKey, HeldRecord, Inbox, Run, StreamRun, StreamState
from store.names import by_name
from store.tables import Client
from store.types import Instant
from store.unmatched import is_nobodys, is_of_left_out, is_unmatched

RUNS_SHOWN = 20
SINGLE_READS = ("targeted", "replay")
"""Kinds of runs that read one record: no measure of a stream's health."""

STREAMS = certificates.beside(
    select(
        StreamState.c.source,
        StreamState.c.stream,
        StreamState.c.high_water,
        StreamState.c.loaded_at,
        StreamState.c.checked_at,
        StreamState.c.swept_at,
        StreamState.c.mapping,
        StreamState.c.mapped,
        StreamState.c.error,
        StreamState.c.error_kind,
        StreamState.c.error_step,
        StreamState.c.not_compared,
        *certificates.COMPARED,
    ).order_by(StreamState.c.source, StreamState.c.stream)
)
COMPARED = certificates.last()

_recent = (
    select(
        Run.c.id,
        func.row_number()
        .over(partition_by=Run.c.source, order_by=(Run.c.started_at.desc(), Run.c.id.desc()))
        .label("nth"),
    )
    .where(Run.c.started_at > bindparam("since", type_=Instant), Run.c.kind.not_in(SINGLE_READS))
    .subquery("recent")
)
RECENT = (
    select(StreamRun, Run.c.started_at)
    .join(_recent, _recent.c.id == StreamRun.c.run_id)
    .join(Run, Run.c.id == StreamRun.c.run_id)
    .where(_recent.c.nth <= RUNS_SHOWN)
    .order_by(Run.c.started_at, StreamRun.c.stream)
)

HELD_COUNTS = (
    select(HeldRecord.c.source, HeldRecord.c.stream, func.count().label("n"))
    .where(HeldRecord.c.resolved_at.is_(None))
    .group_by(HeldRecord.c.source, HeldRecord.c.stream)
)
UNMATCHED_COUNT = select(func.count()).select_from(Crosswalk).where(is_unmatched())
WAITING = select(Inbox.c.source, func.count().label("n")).where(Inbox.c.done_at.is_(None)).group_by(Inbox.c.source)

_runs = select(Run).order_by(Run.c.started_at.desc(), Run.c.id.desc()).limit(limit)
RUNS = {"whole": _runs.where(Run.c.kind.not_in(SINGLE_READS)), "all": _runs}
RUN = select(Run).where(Run.c.id == bindparam("id", type_=String))
RUN_STREAMS = select(StreamRun).where(StreamRun.c.run_id == bindparam("id", type_=String)).order_by(StreamRun.c.stream)

_held = HeldRecord.c.resolved_at.is_(None)
# Who cannot sign in comes first, and is not among the "more like these".
_latest_first = (ACCESS_REVOKED.desc(), HeldRecord.c.last_seen_at.desc(), HeldRecord.c.id)
HELD_GROUPS = (
    select(
        HeldRecord.c.source, HeldRecord.c.stream, HeldRecord.c.reason, func.count().label("n"),
        func.max(HeldRecord.c.last_seen_at, type_=Instant()).label("last_seen_at"),
    )
    .where(_held)
    .group_by(HeldRecord.c.source, HeldRecord.c.stream, HeldRecord.c.reason)
    .order_by(func.count().desc(), HeldRecord.c.source, HeldRecord.c.stream, HeldRecord.c.reason)
    .limit(limit)
)  # fmt: skip
_nth = (
    func.row_number()
    .over(
        partition_by=(HeldRecord.c.source, HeldRecord.c.stream, HeldRecord.c.reason),
        order_by=_latest_first,
    )
    .label("nth")
)
_latest = select(HeldRecord.c.id, _nth).where(_held).subquery("latest")
HELD = (
    select(HeldRecord, Client.c.name.label("client"), ACCESS_REVOKED.label("access_revoked"))
    .join(_latest, _latest.c.id == HeldRecord.c.id)
    .outerjoin(Client, Client.c.id == HeldRecord.c.client_id)
    .where(_latest.c.nth <= bindparam("each", type_=Integer))
    .order_by(*_latest_first)
)
"""The latest records of every kind of trouble."""
HELD_IDS = (
    select(HeldRecord.c.id)
    .where(
        _held,
        HeldRecord.c.source == bindparam("source", type_=String),
        HeldRecord.c.stream == bindparam("stream", type_=String),
        HeldRecord.c.reason == bindparam("reason", type_=String),
    )
    .order_by(HeldRecord.c.first_seen_at, HeldRecord.c.id)
)

UNMATCHED = (
    select(
        Crosswalk.c.id,
        Crosswalk.c.source,
        Crosswalk.c.stream,
        Crosswalk.c.external_id,
        Crosswalk.c.label,
        Crosswalk.c.evidence,
    )
    .where(is_unmatched())
    .order_by(Crosswalk.c.source, by_name(Crosswalk.c.label).nulls_last(), Crosswalk.c.id)
    .limit(limit)
)
OF_LEFT_OUT_COUNT = select(func.count()).select_from(Crosswalk).where(is_of_left_out())
OF_LEFT_OUT = (
    select(Crosswalk.c.id, Crosswalk.c.source, Crosswalk.c.stream, Crosswalk.c.external_id, Crosswalk.c.label)
    .where(is_of_left_out())
    .order_by(Crosswalk.c.source, by_name(Crosswalk.c.label).nulls_last(), Crosswalk.c.id)
    .limit(limit)
)
"""What has no client because that one is left out: nobody needs to find one."""
_shown = select(UNMATCHED.subquery("shown").c.id)
KEYS = (
    select(CrosswalkKey.c.crosswalk_id, CrosswalkKey.c.kind, CrosswalkKey.c.value)
    .where(CrosswalkKey.c.crosswalk_id.in_(_shown))
    .order_by(CrosswalkKey.c.rank, CrosswalkKey.c.kind, CrosswalkKey.c.value)
)
CANDIDATES = (
    select(
        CrosswalkKey.c.crosswalk_id,
        Client.c.id,
        Client.c.name,
        Client.c.number,
        CrosswalkKey.c.kind,
        CrosswalkKey.c.value,
    )
    .join(ClientKey, (ClientKey.c.kind == CrosswalkKey.c.kind) & (ClientKey.c.value == CrosswalkKey.c.value))
    .join(Client, Client.c.id == ClientKey.c.client_id)
    .where(CrosswalkKey.c.crosswalk_id.in_(_shown), Client.c.deleted_at.is_(None))
    .order_by(CrosswalkKey.c.rank, by_name(Client.c.name), Client.c.id)
)
LINKED = (
    select(
        Crosswalk.c.id, Crosswalk.c.source, Crosswalk.c.stream, Crosswalk.c.external_id, Crosswalk.c.label,
        Crosswalk.c.evidence, Crosswalk.c.matched_at, Client.c.name.label("client"),
    )
    .join(Client, Client.c.id == Crosswalk.c.client_id)
    .where(Crosswalk.c.rule == MANUAL, Crosswalk.c.deleted_at.is_(None), Client.c.deleted_at.is_(None))
    .order_by(Crosswalk.c.matched_at.desc(), Crosswalk.c.id)
    .limit(limit)
)  # fmt: skip
"""What ops have said themselves, the latest first. What leads to a client that is gone is among the unmatched."""
ONE_UNMATCHED = select(Crosswalk).where(Crosswalk.c.id == bindparam("id", type_=String), is_nobodys())

CLIENTS = (
    select(Client.c.id, Client.c.name, Client.c.profile, Client.c.number, Client.c.city, Client.c.source)
    .where(
        Client.c.deleted_at.is_(None),
        or_(
            like(Client.c.name),
            like(Client.c.number),
        ),
    )
    .order_by(by_name(Client.c.name), Client.c.id)
    .limit(limit)
)
CLIENT_COUNT = select(func.count()).select_from(Client).where(Client.c.deleted_at.is_(None))
CLIENT = select(Client.c.id, Client.c.name).where(
    Client.c.id == bindparam("id", type_=String), Client.c.deleted_at.is_(None)
)

_seen = (
    select(Session.c.staff_email, func.max(Session.c.seen_at, type_=Instant()).label("seen_at"))
    .where(Session.c.staff_email.is_not(None))
    .group_by(Session.c.staff_email)
    .subquery("seen")
)
STAFF = (
    select(Staff.c.email, Staff.c.name, Staff.c.role, _seen.c.seen_at)
    .outerjoin(_seen, _seen.c.staff_email == Staff.c.email)
    .order_by(by_name(Staff.c.name).nulls_last(), Staff.c.email)
)
