"""Runs and leases: who works on a stream, and what came of it."""

from __future__ import annotations

import datetime as dt
import os
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import orjson
from sqlalchemy import Connection, Row, case, delete, func, insert, literal, select, update

from hub.clock import now
from hub.errors import RetryLater
from hub.ids import random_id
from store.engine import take_turns
from store.hub_tables import Lease, Run, StreamRun, StreamState

LEASE = dt.timedelta(minutes=5)
"""Longer than any single page may take (read time-out 120 s and its retries); all of a run's are renewed with it."""
WHOLE_STREAM = frozenset({"sync", "full", "sweep"})
"""Kinds of run that tell how a stream stands; the others (targeted, replay, forget) read nothing of the rest of it."""


@dataclass(frozen=True, slots=True)
class Stand:
    """Where a stream stands as a run begins."""

    cursor: Mapping[str, Any] | None = None
    high_water: dt.datetime | None = None
    loaded_at: dt.datetime | None = None
    checked_at: dt.datetime | None = None
    swept_at: dt.datetime | None = None
    mapping: str | None = None
    mapped: str | None = None
    place: str | None = None

    @property
    def news(self) -> bool:
        """Whether what is new here is news to clients: not in a first load, nor in the first one of another place."""
        return self.loaded_at is not None and self.mapped is not None

    @property
    def settled(self) -> bool:
        """Whether all that is stored was read with the present mapping, so that a difference is news to clients."""
        return self.loaded_at is not None and self.mapping == self.mapped

    @property
    def sweep_due(self) -> bool:
        """Whether a sweep was called for and has not come to its end."""
        return self.loaded_at is not None and self.swept_at is None


@dataclass(slots=True)
class Begun:
    """A run that has begun: its id, where each leased stream stands, and which streams others are working on."""

    id: str
    source: str
    kind: str = "sync"
    stands: dict[str, Stand] = field(default_factory=dict)
    busy: tuple[str, ...] = ()
    done: list[StreamResult] = field(default_factory=list)
    """How the streams went that this run has come to."""
    released: set[str] = field(default_factory=set)
    """Streams whose result is recorded and whose lease is given back while the run goes on."""


@dataclass(frozen=True, slots=True)
class StreamResult:
    """How one stream ended. state: done, failed, held, busy. `cursor` and `high_water` move only where nothing was
    stored by the page they belong to (a run without changes).
    """

    stream: str
    state: str
    seen: int
    added: int
    updated: int
    unchanged: int
    removed: int
    held: int
    seconds: float
    sentence: str | None = None
    error_kind: str | None = None
    step: str | None = None
    cursor: Mapping[str, Any] | None = None
    high_water: dt.datetime | None = None
    loaded: bool = False
    """Whether this run came to the end of a first load, or of one because of a changed mapping."""
    after: float | None = None
    """Seconds that the source asked us to wait, where that is why the stream failed."""
    swept: bool | None = None
    """Whether the keys were compared; False: they should have been, so the next run must."""
    left_out: int = 0


def holder() -> str:
    """This process, by a name that tells whether it still lives: host:pid."""
    return f"{socket.gethostname()}:{os.getpid()}"


def _dead(name: str) -> bool:
    host, _, pid = name.rpartition(":")
    if host != socket.gethostname() or not pid.isdigit() or int(pid) == os.getpid():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def begin(connection: Connection, source: str, streams: Sequence[str], kind: str = "sync") -> Begun:
    """Open a run and take a lease on each stream that nobody is working on."""
    take_turns(connection, f"leases of {source}")
    moment = now()
    found = connection.execute(select(Lease).where(Lease.c.source == source)).all()
    busy = {row.stream for row in found if row.until > moment and not _dead(row.holder)}
    mine = [stream for stream in streams if stream not in busy]
    _close_dead(connection, source, [row.run_id for row in found if row.stream not in busy], moment)
    run_id = random_id()
    connection.execute(delete(Lease).where(Lease.c.source == source, Lease.c.stream.in_(mine)))
    connection.execute(
        insert(Run), {"id": run_id, "source": source, "kind": kind, "state": "running", "started_at": moment}
    )
    lease = {"source": source, "run_id": run_id, "holder": holder(), "until": moment + LEASE}
    if mine:
        connection.execute(insert(Lease), [{**lease, "stream": stream} for stream in mine])
    stands = _stands(connection, source, mine)
    return Begun(run_id, source, kind, stands, tuple(stream for stream in streams if stream in busy))


def _close_dead(connection: Connection, source: str, run_ids: Sequence[str], moment: dt.datetime) -> None:
    if run_ids:
        connection.execute(
            update(Run)
            .where(Run.c.source == source, Run.c.id.in_(run_ids), Run.c.state == "running")
            .values(state="died", ended_at=moment)
        )


def _stands(connection: Connection, source: str, streams: Sequence[str]) -> dict[str, Stand]:
    found = {
        row.stream: _stand(row) for row in connection.execute(select(StreamState).where(StreamState.c.source == source))
    }
    missing = [stream for stream in streams if stream not in found]
    if missing:
        connection.execute(insert(StreamState), [{"source": source, "stream": stream} for stream in missing])
    return {stream: found.get(stream, Stand()) for stream in streams}


def stand_of(connection: Connection, source: str, stream: str) -> Stand:
    """Where a stream stands just now, for who only looks."""
    here = (StreamState.c.source == source, StreamState.c.stream == stream)
    row = connection.execute(select(StreamState).where(*here)).first()
    return Stand() if row is None else _stand(row)


def _stand(row: Row[Any]) -> Stand:
    names = ("cursor", "high_water", "loaded_at", "checked_at", "swept_at", "mapping", "mapped", "place")
    return Stand(**{name: getattr(row, name) for name in names})


def start_over(
    connection: Connection, source: str, stream: str, stand: Stand, mapping: str, place: str, *, anew: bool = False
) -> Stand:
    """The stream's mapping or place is another one: read all again, and compare the keys, whoever comes to its end.

    The cursor would pass over what has not changed since, and deletes before it are told only once. `anew`: as if
    nothing of it had ever been loaded.
    """
    loaded_at = None if anew else stand.loaded_at
    mapped = stand.mapped if stand.place in (None, place) else None
    begun = replace(stand, mapping=mapping, mapped=mapped, place=place, cursor=None, swept_at=None, loaded_at=loaded_at)
    names = ("mapping", "mapped", "place", "cursor", "swept_at", "loaded_at")
    # What was certified was read with another mapping, or elsewhere.
    _set(connection, source, stream, {name: getattr(begun, name) for name in names} | {"matched_at": None})
    return begun


def call_for_sweep(connection: Connection, source: str, streams: Sequence[str]) -> None:
    """The keys of these streams are to be compared by whichever run comes to it next."""
    for stream in streams:
        _set(connection, source, stream, {"swept_at": None})


def renew_lease(connection: Connection, source: str, stream: str, run_id: str) -> None:
    """Prove that the stream is still this run's, and keep it so, with those that the run has yet to come to.

    Raises RetryLater when another worker has taken it over.
    """
    mine = (Lease.c.source == source, Lease.c.run_id == run_id)
    renewed = connection.execute(update(Lease).where(*mine).values(until=now() + LEASE).returning(Lease.c.stream))
    if stream not in set(renewed.scalars()):
        raise RetryLater(
            f"{source}.{stream} was taken over by another worker.", step="Nothing to do: that one goes on."
        )


def release(connection: Connection, run: Begun, result: StreamResult) -> None:
    """Record how a stream ended and give back its lease, while the run goes on with others.

    Once that is stored, the stream belongs into `run.released`.
    """
    moment = now()
    here = (Lease.c.source == run.source, Lease.c.stream == result.stream, Lease.c.run_id == run.id)
    mine = connection.execute(delete(Lease).where(*here)).rowcount
    _record(connection, run, result, moment)
    # A stream that another worker took over meanwhile is that one's to speak of.
    if mine:
        _update_state(connection, run, result, moment)


def finish(connection: Connection, run: Begun, results: Sequence[StreamResult], requests: int) -> str:
    """Close a run in one transaction: its record, and what `release` has not been called for. Returns its state."""
    state = _run_state(results)
    connection.execute(update(Run).where(Run.c.id == run.id).values(state=state, ended_at=now(), requests=requests))
    for result in results:
        if result.stream not in run.released:
            release(connection, run, result)
    connection.execute(delete(Lease).where(Lease.c.run_id == run.id))
    return state


def _run_state(results: Sequence[StreamResult]) -> str:
    states = {result.state for result in results}
    if states <= {"done"}:
        return "done"
    return "partly" if "done" in states else next(iter(sorted(states)))


def _record(connection: Connection, run: Begun, result: StreamResult, moment: dt.datetime) -> None:
    counts = ("seen", "added", "updated", "unchanged", "removed", "left_out", "held")
    connection.execute(
        insert(StreamRun),
        {
            "run_id": run.id,
            "source": run.source,
            "stream": result.stream,
            "state": result.state,
            "seconds": result.seconds,
            "ended_at": moment,
            "sentence": result.sentence,
            **{name: getattr(result, name) for name in counts},
        },
    )


def save_cursor(
    connection: Connection,
    source: str,
    stream: str,
    cursor: Mapping[str, Any],
    high_water: dt.datetime | None,
    *,
    sweep: bool = False,
) -> None:
    """Move a stream's cursor; belongs in the transaction that stores what the cursor has passed.

    `sweep`: the keys must be compared because of it, by whichever run comes to it.
    """
    values: dict[str, Any] = {"cursor": orjson.loads(orjson.dumps(dict(cursor)))}
    if high_water is not None:
        # Never back: reading everything again makes nothing untrue that was true before.
        known = StreamState.c.high_water
        values["high_water"] = case((known > high_water, known), else_=literal(high_water, known.type))
    if sweep:
        values["swept_at"] = None
    _set(connection, source, stream, values)


def _update_state(connection: Connection, run: Begun, result: StreamResult, moment: dt.datetime) -> None:
    values = _state_after(run.kind, result, moment)
    if result.cursor is not None:
        save_cursor(connection, run.source, result.stream, result.cursor, result.high_water)
    if result.loaded:
        # Whatever it missed, the keys of a whole load were the source's own.
        loaded = func.coalesce(StreamState.c.loaded_at, literal(moment, StreamState.c.loaded_at.type))
        values = {"swept_at": moment, **values, "loaded_at": loaded, "mapped": StreamState.c.mapping}
    if values:
        _set(connection, run.source, result.stream, values)


def _set(connection: Connection, source: str, stream: str, values: Mapping[str, Any]) -> None:
    here = (StreamState.c.source == source, StreamState.c.stream == stream)
    connection.execute(update(StreamState).where(*here).values(**values))


def _state_after(kind: str, result: StreamResult, moment: dt.datetime) -> dict[str, Any]:
    """What a run says about its stream. Reading one record says nothing about the whole stream."""
    if kind not in WHOLE_STREAM:
        return {}
    swept = {} if result.swept is None else {"swept_at": moment if result.swept else None}
    if result.state != "done":
        return {**swept, "error": result.sentence, "error_kind": result.error_kind, "error_step": result.step}
    if kind == "sweep":
        return swept
    return {**swept, "checked_at": moment, "error": None, "error_kind": None, "error_step": None}
