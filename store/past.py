"""Rows that have had their time: which they are, and their removal, some at once.

What auditing and the measures read stays for good: activity, changes, held records and the rows of sources.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Table, delete, func, or_, select, union

from store.access_tables import Session, SignInLink
from store.columns import METADATA
from store.hub_tables import Inbox, Run, StreamRun

LINKS = dt.timedelta(days=7)
"""Counted from a link's end. Whoever mistypes leaves an address here, too, that nobody knows."""
SESSIONS = dt.timedelta(days=90)
"""Counted from a session's end; longer than a browser's may idle, so one that was not seen for so long has ended."""
HINTS = dt.timedelta(days=30)
"""Counted from when it was read. No vendor sends a webhook again after so long, so none is mistaken for a new one."""
RUNS = dt.timedelta(days=90)
AT_ONCE = 1_000
"""Rows a transaction: nobody else waits long for SQLite's one writer."""


def remove_some(connection: Connection, kind: str, now: dt.datetime) -> int:
    """Remove up to AT_ONCE rows of a kind of `KINDS`; returns how many they were, 0 when none is left."""
    return KINDS[kind](connection, now)


def batches(connection: Connection) -> set[str]:
    """The landed pages that any row, also a deleted one, or a held record, also one that was taken, came from."""
    tables = [table for table in METADATA.tables.values() if "batch" in table.c]
    return set(connection.scalars(union(*(select(table.c.batch) for table in tables))))


def _links(connection: Connection, now: dt.datetime) -> int:
    return _delete(connection, SignInLink, select(SignInLink.c.id).where(SignInLink.c.expires_at < now - LINKS))


def _sessions(connection: Connection, now: dt.datetime) -> int:
    """Each person's last one stays: it tells whether, and when, they were here."""
    whose, before = (Session.c.person_id, Session.c.staff_email), now - SESSIONS
    order = (Session.c.seen_at.desc(), Session.c.id.desc())
    nth = func.row_number().over(partition_by=whose, order_by=order)
    from_last = select(Session.c.id, nth.label("nth")).subquery("from_last")
    former = select(Session.c.id).join(from_last, from_last.c.id == Session.c.id).where(from_last.c.nth > 1)
    return _delete(connection, Session, former.where(_ended(before)))


def _ended(before: dt.datetime) -> ColumnElement[bool]:
    idle = (Session.c.via == "page") & (Session.c.seen_at < before)
    return or_(Session.c.revoked_at < before, Session.c.expires_at < before, idle)


def _hints(connection: Connection, now: dt.datetime) -> int:
    """What was not read stays, with its error."""
    return _delete(connection, Inbox, select(Inbox.c.id).where(Inbox.c.done_at < now - HINTS))


def _runs(connection: Connection, now: dt.datetime) -> int:
    """Each stream's last one stays, for `frontdesk status`."""
    order = (StreamRun.c.ended_at.desc(), StreamRun.c.run_id.desc())
    nth = func.row_number().over(partition_by=(StreamRun.c.source, StreamRun.c.stream), order_by=order)
    ranked = select(StreamRun.c.run_id, nth.label("nth")).subquery("ranked")
    last = select(ranked.c.run_id).where(ranked.c.nth == 1)
    ids = connection.scalars(
        select(Run.c.id).where(Run.c.ended_at < now - RUNS, Run.c.id.not_in(last)).limit(AT_ONCE)
    ).all()
    connection.execute(delete(StreamRun).where(StreamRun.c.run_id.in_(ids)))
    return connection.execute(delete(Run).where(Run.c.id.in_(ids))).rowcount


def _delete(connection: Connection, table: Table[Any], ids: Select[Any]) -> int:
    return connection.execute(delete(table).where(table.c.id.in_(ids.limit(AT_ONCE)))).rowcount


KINDS: Mapping[str, Callable[[Connection, dt.datetime], int]] = {
    "sign-in links": _links,
    "sessions": _sessions,
    "hints": _hints,
    "runs": _runs,
}
