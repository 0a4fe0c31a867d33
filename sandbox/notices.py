"""Telling the outside: webhooks and notices, composed after each commit in a thread of their own, delivered in one for
each listener that something waits for.

A vendor that tells has a module (`TELLERS`) with `deliveries(state, changes)`, and `wait(tries, status)`: the seconds
until a failed delivery is tried again, None for never; `status` is 0 where no answer came in time.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

from sandbox import changes
from sandbox.state import State

if TYPE_CHECKING:
    import httpx

TELLERS = {
    "salesforce": "sandbox.salesforce.callouts",
    "quickbooks": "sandbox.quickbooks.webhooks",
    "google_drive": "sandbox.google_drive.channels",
}
GATHER_SECONDS = 0.1
"""What is committed within this time is told together."""
LOOK_SECONDS = 1.0
"""Edits of another process and deliveries that have become due are found by looking."""
TIMEOUT_SECONDS = 3.0
STOP_SECONDS = 10.0
KEPT = 1000
"""So many deliveries wait for a listener that does not answer; then the oldest are given up."""
SCHEMA = """
CREATE TABLE IF NOT EXISTS delivery (
    n INTEGER PRIMARY KEY AUTOINCREMENT, vendor TEXT NOT NULL, url TEXT NOT NULL, headers TEXT NOT NULL,
    body BLOB NOT NULL, tries INTEGER NOT NULL DEFAULT 0, due INTEGER NOT NULL DEFAULT 0
);
"""
# Only the first of each listener's is looked at: while it waits to be tried again, so do those behind it.
LINES = """
SELECT vendor, url FROM delivery WHERE n IN (SELECT min(n) FROM delivery GROUP BY vendor, url) AND due <= ? ORDER BY n
"""
FIRST_IN_LINE = """
SELECT n, vendor, url, headers, body, tries FROM delivery
WHERE n = (SELECT min(n) FROM delivery WHERE vendor = ? AND url = ?) AND due <= ?
"""
Line = tuple[str, str]
"""A listener: the vendor that tells, and the address that is told."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One POST to be made."""

    url: str
    headers: Mapping[str, str]
    body: bytes = b""


def prepare(state: State) -> None:
    """Create the queue."""
    state.connection.executescript(SCHEMA)


def queue(state: State, vendor: str, deliveries: list[Delivery]) -> None:
    """Have deliveries made, in this order; call inside the transaction that they tell of."""
    sql = "INSERT INTO delivery (vendor, url, headers, body) VALUES (?, ?, ?, ?)"
    rows = [(vendor, one.url, json.dumps(dict(one.headers)), one.body) for one in deliveries]
    state.connection.executemany(sql, rows)
    state.connection.execute("DELETE FROM delivery WHERE n <= (SELECT max(n) FROM delivery) - ?", (KEPT,))


@contextmanager
def telling(state: State) -> Iterator[None]:
    """Tell of every commit while the context lasts."""
    prepare(state)
    over = threading.Event()
    thread = threading.Thread(target=_tell_until, args=(state, over), name="notices", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        state.committed.set()
        thread.join(STOP_SECONDS)


def _tell_until(state: State, over: threading.Event) -> None:
    import httpx

    lines: dict[Line, threading.Thread] = {}
    # No proxy of the machine's: listeners are on this machine.
    with httpx.Client(timeout=TIMEOUT_SECONDS, trust_env=False) as client:
        while not over.is_set():
            state.committed.wait(LOOK_SECONDS)
            over.wait(GATHER_SECONDS)
            state.committed.clear()
            compose(state)
            for line in state.connection.execute(LINES, (state.now(),)).fetchall():
                if line not in lines or not lines[line].is_alive():
                    lines[line] = threading.Thread(target=_deliver, args=(state, client, over, line), daemon=True)
                    lines[line].start()
        for thread in lines.values():
            thread.join(STOP_SECONDS)
    state.close()


def compose(state: State) -> None:
    """Make deliveries of what was committed."""
    for vendor in changes.listeners(state):
        with state.transaction():
            found = changes.take(state, vendor)
            if found:
                queue(state, vendor, _teller(vendor).deliveries(state, found))


def _deliver(state: State, client: httpx.Client, over: threading.Event, line: Line) -> None:
    """Post what is due for one listener, in its order, until one has to be tried again."""
    while not over.is_set():
        first = state.connection.execute(FIRST_IN_LINE, (*line, state.now())).fetchone()
        if first is None or not _tried(state, client, *first):
            break
    state.close()
    # What was queued while this thread came to its end shall not wait for the next look.
    state.committed.set()


def _tried(
    state: State, client: httpx.Client, n: int, vendor: str, url: str, headers: str, body: bytes, tries: int
) -> bool:
    status = _posted(client, url, json.loads(headers), body)
    wait = None if 200 <= status < 300 else _teller(vendor).wait(tries, status)
    with state.transaction() as connection:
        if wait is None:
            connection.execute("DELETE FROM delivery WHERE n = ?", (n,))
        else:
            due = state.now() + int(wait * 1000)
            connection.execute("UPDATE delivery SET tries = tries + 1, due = ? WHERE n = ?", (due, n))
    return wait is None


def _posted(client: httpx.Client, url: str, headers: Mapping[str, str], body: bytes) -> int:
    """The status of the answer, 0 without one."""
    import httpx

    try:
        return client.post(url, headers=headers, content=body).status_code
    except (httpx.HTTPError, httpx.InvalidURL):
        return 0


def _teller(vendor: str) -> Any:
    return import_module(TELLERS[vendor])
