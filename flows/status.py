"""Status: how every stream stands, in words and numbers, for the shell and for ops."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, Row, func, select

from mappings.standing import Known, changed, unread
from store import ownerless
from store.hub_tables import Crosswalk, HeldRecord, Inbox, StreamRun, StreamState
from store.unmatched import is_unmatched


@dataclass(frozen=True, slots=True)
class StreamStatus:
    """One stream. Instants are aware UTC. `ownerless`: rows that no client sees for want of an owner (store.ownerless).

    `state`: waiting (never run), fine, failed, held, remapping (its mapping has changed; all is being read again),
    changed (its mapping has changed, and the next sync begins to read all again), unmapped, unconfigured (nobody reads
    it any more). The last three are known only with what is configured and mapped now (mappings.standing).
    """

    source: str
    stream: str
    state: str
    high_water: dt.datetime | None
    checked_at: dt.datetime | None
    loaded_at: dt.datetime | None
    held: int
    ownerless: int
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
    inbox_waiting: int


def status(engine: Engine, known: Known | None = None) -> Status:
    """Where everything stands now; a constant number of queries. `known`: what is configured and mapped now."""
    with engine.connect().execution_options(reading=True) as connection:
        held = _held(connection)
        adrift = {(row.source, row.stream): row.n for row in ownerless.count(connection)}
        last = _last_runs(connection)
        states = connection.execute(select(StreamState).order_by(StreamState.c.source, StreamState.c.stream)).all()
        unmatched = select(func.count()).select_from(Crosswalk).where(is_unmatched())
        waiting = select(func.count()).select_from(Inbox).where(Inbox.c.done_at.is_(None))
        streams = tuple(
            _stream(row, held.get(at, 0), adrift.get(at, 0), last.get(at, {}), known)
            for row in states
            for at in [(row.source, row.stream)]
        )
        return Status(
            streams,
            unmatched=connection.scalar(unmatched) or 0,
            ownerless=sum(adrift.values()),
            held=sum(held.values()),
            inbox_waiting=connection.scalar(waiting) or 0,
        )


def _stream(row: Row[Any], held: int, adrift: int, last: dict[str, Any], known: Known | None) -> StreamStatus:
    state, error, step = _word(row), row.error, row.error_step
    # What nobody reads any more has no use for the last reading's error.
    if known is not None and (left := unread(known, row.source, row.stream)) is not None:
        state, error, step = left
    elif known is not None and state in SETTLED and changed(known, row):
        state = "changed"
    return StreamStatus(
        row.source, row.stream, state, row.high_water, row.checked_at, row.loaded_at, held, adrift, last, error, step
    )


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


def _held(connection: Connection) -> dict[tuple[str, str], int]:
    query = (
        select(HeldRecord.c.source, HeldRecord.c.stream, func.count())
        .where(HeldRecord.c.resolved_at.is_(None))
        .group_by(HeldRecord.c.source, HeldRecord.c.stream)
    )
    return {(source, stream): count for source, stream, count in connection.execute(query)}


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
    names = ("state", "seen", "added", "updated", "unchanged", "removed", "held", "seconds", "sentence")
    return {(row.source, row.stream): {name: getattr(row, name) for name in names} for row in connection.execute(query)}
