"""Activity: facts about use, queued in memory and written by one thread, never one commit per view.

A row waits at most FLUSH_SECONDS or until FLUSH_ROWS are waiting. A crash loses what waits, at most that second; the
portal's shutdown loses nothing.
"""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Connection, bindparam, insert, update
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request

from portal_api.access.visitor import Visitor
from store.access_tables import Activity, Session

FLUSH_SECONDS = 1.0
FLUSH_ROWS = 100
KEEP_ROWS = 50_000
"""While the store cannot be written, this many rows wait; more are dropped and counted."""

ROBOTS = re.compile(
    r"(?<!cu)bot|crawl|spider|preview|scan|monitor|python-|curl|wget|safelinks|proofpoint", re.IGNORECASE
)
"""Programs that say what they are. A browser without a window is not among them: it carries a session that a person's
press began, and what hides behind its name cannot be told from here. Cubot makes telephones."""

FETCHED_AHEAD = ("sec-purpose", "purpose", "x-purpose", "x-moz")
"""Where browsers say that nobody looks yet: `prefetch`, or a `preview` among the pages most visited."""

_INSERT = insert(Activity)
_SEEN = update(Session).where(Session.c.id == bindparam("session")).values(seen_at=bindparam("seen"))
log = logging.getLogger(__name__)

Write = Callable[[Callable[[Connection], None]], None]


class Activities:
    """The queue. `write` runs a function in one transaction."""

    def __init__(self, write: Write) -> None:
        self._write = write
        self._rows: list[dict[str, Any]] = []
        self._seen: dict[str, Any] = {}
        self._wake = threading.Condition()
        self._flushing = threading.Lock()
        self._thread: threading.Thread | None = None
        self._waiting = False
        self._lost = 0

    def add(self, row: Mapping[str, Any]) -> None:
        """Queue one activity row."""
        with self._wake:
            if len(self._rows) >= KEEP_ROWS:
                self._lost += 1
                return
            self._rows.append(dict(row))
            if len(self._rows) >= FLUSH_ROWS:
                self._wake.notify()

    def seen(self, session_id: str, at: Any) -> None:
        """Queue that a session was used."""
        with self._wake:
            self._seen[session_id] = at

    def start(self) -> None:
        """Begin to write in the background."""
        self._thread = threading.Thread(target=self._run, name="activity", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Write what waits and end."""
        thread, self._thread = self._thread, None
        with self._wake:
            self._wake.notify()
        if thread is not None:
            thread.join()
        self.flush()
        if self._waiting:
            log.warning("Stopped while the store cannot be written. Visits lost: %d.", len(self._rows) + self._lost)

    def flush(self) -> None:
        """Write what waits, now. On a failing store it stays queued."""
        with self._flushing:
            with self._wake:
                rows, self._rows = self._rows, []
                seen, self._seen = self._seen, {}
            if not rows and not seen:
                return
            try:
                self._write(lambda connection: _store(connection, rows, seen))
            except SQLAlchemyError:  # also a pool that has no connection left
                self._keep(rows, seen)
            else:
                self._told_end(len(rows))

    def _keep(self, rows: list[dict[str, Any]], seen: Mapping[str, Any]) -> None:
        with self._wake:
            self._rows[:0] = rows
            self._seen = {**seen, **self._seen}
        if not self._waiting:
            self._waiting = True
            log.warning("The store cannot be written, so what people do waits in memory: up to %d visits.", KEEP_ROWS)

    def _told_end(self, written: int) -> None:
        """Once for each outage, and the dropped ones of this outage only."""
        if not self._waiting:
            return
        self._waiting = False
        with self._wake:
            lost, self._lost = self._lost, 0
        log.warning("The store can be written again. Visits that waited and are kept: %d; lost: %d.", written, lost)

    def _run(self) -> None:
        while self._thread is not None:
            with self._wake:
                self._wake.wait(FLUSH_SECONDS)
            self.flush()


def _store(connection: Connection, rows: list[dict[str, Any]], seen: Mapping[str, Any]) -> None:
    if rows:
        connection.execute(_INSERT, rows)
    if seen:
        connection.execute(_SEEN, [{"session": session, "seen": at} for session, at in seen.items()])


def record(
    request: Request,
    verb: str,
    kind: str | None = None,
    id_: str | None = None,
    *,
    via: str = "page",
    counted: bool = True,
) -> None:
    """Record that this request's person did `verb` (view, download, sign_in, ...) to an object. Never waits.

    `via`: page, api, file, deep_link. Staff, robots, scanners and prefetching browsers are kept but not counted; so is
    what is not to be `counted` by itself.
    """
    portal = request.app.state.portal
    visitor: Visitor = request.state.visitor
    person = counted and visitor.staff_email is None and visitor.client_id is not None
    portal.activities.add(
        {
            "at": portal.clock(),
            "client_id": visitor.client_id,
            "person_id": visitor.person_id,
            "session_id": visitor.session_id,
            "staff_email": visitor.staff_email,
            "verb": verb,
            "object_kind": kind,
            "object_id": id_,
            "via": via,
            "counted": person and not _robot(request, visitor),
        }
    )


def _robot(request: Request, visitor: Visitor) -> bool:
    headers = request.headers
    ahead = any(word in headers.get(name, "").lower() for name in FETCHED_AHEAD for word in ("prefetch", "preview"))
    if ahead or getattr(request.state, "head", False):
        return True
    # A program with a token is a client at work; a program that walks pages, or hides what it is, is none.
    return visitor.via != "api" and ROBOTS.search(headers.get("user-agent") or "python-") is not None
