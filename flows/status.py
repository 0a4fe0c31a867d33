"""Status: how every stream stands, in words and numbers, for the shell and for ops."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, Row, func, select

from hub.clock import now
from mappings.standing import Known, changed, unread
from store import certificates, left_out, ownerless
from store.hub_tables import Crosswalk, HeldRecord, Inbox, StreamRun, StreamState
from store.lag import lag_of
from store.unmatched import is_of_left_out, is_unmatched


@dataclass(frozen=True, slots=True)
class StreamStatus:
    """One stream. Instants are aware UTC. `ownerless`: rows that no client sees for want of an owner (store.ownerless).

    `matched_at`: when its last certificate was made, if nothing differed (flows.reconcile).
    `left_out`: records that its mapping leaves out; `below`: those that no client sees because what they belong to is.
    `state`: waiting (never run), fine, late, behind and differs (store.lag), failed, held, remapping (its mapping has
    changed; all is being read again), changed (its mapping has changed, and the next sync begins to read all again),
    unmapped, unconfigured (nobody reads it any more). The last three are known only with what is configured and mapped
    now (mappings.standing).
    """

    source: str
    stream: str
    state: str
    high_water: dt.datetime | None
    checked_at: dt.datetime | None
    loaded_at: dt.datetime | None
    matched_at: dt.datetime | None
    held: int
    ownerless: int
    left_out: int
    below: int
    last: dict[str, int | float | str | None]
    error: str | None
    step: str | None


@dataclass(frozen=True, slots=True)
class Status:
    """The whole hub."""

    streams: tuple[StreamStatus, ...]
    unmatched: int
    ownerless: int
    held: int
    left_out: int
    below: int
    inbox_waiting: int


def status(engine: Engine, known: Known | None = None, late_after: dt.timedelta | None = None) -> Status:
    """Where everything stands now; a constant number of queries.

    `known`: what is configured and mapped now. `late_after`: after how long a stream that nobody read is late.
    """
    with engine.connect().execution_options(reading=True) as connection:
        return status_by(connection, known, late_after)


def status_by(connection: Connection, known: Known | None, late_after: dt.timedelta | None) -> Status:
    """`status` by a connection that sees every client's rows."""
    held = _held(connection)
    counted, left = ownerless.count(connection), left_out.counts(connection)
    adrift = {(row.source, row.stream): row.n for row in counted}
    below = _unmatched_below(connection)
    below.update({(row.source, row.stream): row.below for row in counted})
    last = _last_runs(connection)
    every = select(StreamState, *certificates.COMPARED).order_by(StreamState.c.source, StreamState.c.stream)
    states = connection.execute(certificates.beside(every)).all()
    unmatched = select(func.count()).select_from(Crosswalk).where(is_unmatched())
    waiting = select(func.count()).select_from(Inbox).where(Inbox.c.done_at.is_(None))
    streams = tuple(
        _stream(row, (held[at], adrift.get(at, 0), left.get(at, 0), below[at]), last.get(at, {}), known, late_after)
        for row in states
        for at in [(row.source, row.stream)]
    )
    return Status(
        streams,
        unmatched=connection.scalar(unmatched) or 0,
        ownerless=sum(adrift.values()),
        held=held.total(),
        left_out=sum(left.values()),
        below=below.total(),
        inbox_waiting=connection.scalar(waiting) or 0,
    )


def _stream(
    row: Row[Any],
    counts: tuple[int, int, int, int],
    last: dict[str, Any],
    known: Known | None,
    late_after: dt.timedelta | None,
) -> StreamStatus:
    state, error, step = _word(row), row.error, row.error_step
    if state == "fine" and late_after is not None and (lag := lag_of(row, late_after, now())) is not None:
        state, error, step = lag
    # What nobody reads any more has no use for the last reading's error.
    if known is not None and (left := unread(known, row.source, row.stream)) is not None:
        state, error, step = left
    elif known is not None and state in SETTLED and changed(known, row):
        state = "changed"
    return StreamStatus(
        row.source, row.stream, state, row.high_water, row.checked_at, row.loaded_at, row.matched_at,
        *counts, last, error, step,
    )  # fmt: skip


SETTLED = frozenset({"fine", "remapping", "waiting"})
"""Words that say nothing of a failure; what failed is told before what has changed."""


def _word(row: Row[Any]) -> str:
    if row.error_kind == "HeldRun":
        return "held"
    if row.error_kind is not None:
        return "failed"
    if row.loaded_at and row.mapped != row.mapping:
        return "remapping"
    return "fine" if row.checked_at else "waiting"


def _held(connection: Connection) -> Counter[tuple[str, str]]:
    query = (
        select(HeldRecord.c.source, HeldRecord.c.stream, func.count())
        .where(HeldRecord.c.resolved_at.is_(None))
        .group_by(HeldRecord.c.source, HeldRecord.c.stream)
    )
    return Counter({(source, stream): count for source, stream, count in connection.execute(query)})


def _unmatched_below(connection: Connection) -> Counter[tuple[str, str]]:
    """Owner records whose client is left out; what they own in turn is told with them."""
    keys = (Crosswalk.c.source, Crosswalk.c.stream)
    query = select(*keys, func.count()).where(is_of_left_out()).group_by(*keys)
    return Counter({(source, stream): count for source, stream, count in connection.execute(query)})


def _last_runs(connection: Connection) -> dict[tuple[str, str], dict[str, int | float | str | None]]:
    latest = (
        select(StreamRun.c.source, StreamRun.c.stream, func.max(StreamRun.c.ended_at).label("ended_at"))
        .group_by(StreamRun.c.source, StreamRun.c.stream)
        .subquery()
    )
    query = select(StreamRun).join(
        latest,
        (latest.c.source == StreamRun.c.source)
        & (latest.c.stream == StreamRun.c.stream)
        & (latest.c.ended_at == StreamRun.c.ended_at),
    )
    names = ("state", "seen", "added", "updated", "unchanged", "removed", "left_out", "held", "seconds", "sentence")
    return {(row.source, row.stream): {name: getattr(row, name) for name in names} for row in connection.execute(query)}
