"""What a stream has brought that nobody reads any more, taken out of clients' sight in one transaction.

No row is lost: tombstones are what a mapping that returns brings back to life.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from sqlalchemy import Connection, delete, func, select, update

from hub.clock import now
from store import crosswalk, held, left_out
from store.hub_tables import Inbox, Run, StreamRun, StreamState
from store.live import held_ids, live_ids
from store.merge import Counts, burial, merge
from store.runs import renew_lease
from store.tables import ENTITIES

FORGET = "forget"
"""The kind of run that does it."""
REASON = "forgotten"


def in_sight(connection: Connection, source: str, stream: str) -> dict[str, int]:
    """How many live rows of a stream there are, by noun: without its mapping nobody can say which one it filled."""
    found = {noun: len(live_ids(connection, noun, source, stream)) for noun in ENTITIES}
    return {noun: count for noun, count in found.items() if count}


def forget(connection: Connection, source: str, stream: str, run_id: str) -> Counts:
    """Bury a stream's rows, need nobody for what is held of it, and forget where its reading stood.

    Nothing has happened at any client's, so nobody is told. Raises RetryLater when the lease is not this run's any
    more. Call first in a transaction.
    """
    crosswalk.writing(connection)
    renew_lease(connection, source, stream, run_id)
    counts = _bury(connection, source, stream, ENTITIES, run_id)
    held.release(connection, source, stream, sorted(held_ids(connection, source, stream)))
    left_out.forget(connection, source, stream)
    here = (Inbox.c.source == source, Inbox.c.stream == stream, Inbox.c.done_at.is_(None))
    connection.execute(update(Inbox).where(*here).values(done_at=now(), error=None))
    connection.execute(delete(StreamState).where(StreamState.c.source == source, StreamState.c.stream == stream))
    return counts


def forget_other_nouns(connection: Connection, source: str, stream: str, noun: str, run_id: str) -> bool:
    """Bury what a stream brought as anything but `noun`, which its mapping fills now; returns whether there was any.

    As `forget` otherwise.
    """
    crosswalk.writing(connection)
    renew_lease(connection, source, stream, run_id)
    return _bury(connection, source, stream, [other for other in ENTITIES if other != noun], run_id).removed > 0


def _bury(connection: Connection, source: str, stream: str, nouns: Iterable[str], run_id: str) -> Counts:
    counts = Counts()
    for noun in nouns:
        if ids := live_ids(connection, noun, source, stream):
            batch = burial(source, stream, noun, run_id, sorted(ids), REASON, notify=False)
            counts.add(merge(connection, batch, {}))
    return counts


def forgotten_at(connection: Connection, source: str, stream: str) -> dt.datetime | None:
    """When a stream was last forgotten; None for one that never was."""
    query = (
        select(func.max(StreamRun.c.ended_at, type_=StreamRun.c.ended_at.type))
        .join(Run, Run.c.id == StreamRun.c.run_id)
        .where(StreamRun.c.source == source, StreamRun.c.stream == stream, Run.c.kind == FORGET)
    )
    return connection.scalar(query.where(StreamRun.c.state == "done"))
