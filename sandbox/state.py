"""The sandbox's memory: every vendor's records, files and tokens in one SQLite file.

A record is whatever JSON object the vendor would return, plus what the emulator needs to answer questions about it:
when it was written, whether it is deleted, and where it stands in the order of all writes (`seq`), which serves as
Drive's change token, Salesforce's delete log and QuickBooks' CDC at once.

Times are integers, milliseconds since 1970 UTC: vendors print them differently, and integers compare right.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import threading
import time
import weakref
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SCHEMA = """
CREATE TABLE IF NOT EXISTS record (
    vendor TEXT NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL,
    body TEXT NOT NULL, created INTEGER NOT NULL, modified INTEGER NOT NULL,
    deleted INTEGER NOT NULL DEFAULT 0, seq INTEGER NOT NULL,
    PRIMARY KEY (vendor, kind, id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS record_by_time ON record (vendor, kind, modified, id);
CREATE INDEX IF NOT EXISTS record_by_seq ON record (vendor, seq);
CREATE TABLE IF NOT EXISTS blob (sha256 TEXT PRIMARY KEY, content BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS fact (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""


@dataclass(frozen=True, slots=True)
class Record:
    """One stored vendor object. `created` and `modified` are ms since 1970 UTC."""

    kind: str
    id: str
    body: dict[str, Any]
    created: int
    modified: int
    deleted: bool
    seq: int


WHOLE_SECONDS = frozenset({"salesforce", "quickbooks"})


def whole(vendor: str, moment: int) -> int:
    """Salesforce and QuickBooks keep whole seconds, hence their many equal times; Drive keeps milliseconds."""
    return moment - moment % 1000 if vendor in WHOLE_SECONDS else moment


class _Opened:
    """A thread's connection, which ends with it: threads of the server come and go."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        # Not __del__: of a ring of garbage the connection may be ended first, and warns that nobody closed it.
        weakref.finalize(self, connection.close)


def _connect(path: str) -> sqlite3.Connection:
    # Whichever thread finds that the connection's own has ended closes it.
    connection = sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


class State:
    """One sandbox's records. Safe to use from several threads: one connection each, WAL, short transactions.

    `committed` is set by every write; whoever waits for writes clears it.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = str(path)
        self._local = threading.local()
        self.committed = threading.Event()
        self.connection.executescript(SCHEMA)

    @property
    def connection(self) -> sqlite3.Connection:
        """This thread's connection, opened on first use."""
        opened: _Opened | None = getattr(self._local, "opened", None)
        if opened is None:
            self._local.opened = opened = _Opened(_connect(self.path))
        return opened.connection

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """A write transaction; nested use joins the outer one."""
        connection = self.connection
        if connection.in_transaction:
            yield connection
            return
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield connection
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")
        self.committed.set()

    def now(self) -> int:
        """The sandbox's clock (ms): real time plus the offset that a simulation may set."""
        return time.time_ns() // 1_000_000 + int(self.fact("clock_offset_ms", "0"))

    def get(self, vendor: str, kind: str, id_: str) -> Record | None:
        """The record, deleted ones included, or None."""
        return next(self.select(vendor, kind, "id = ?", (id_,)), None)

    def select(
        self, vendor: str, kind: str, where: str = "1", args: Iterable[object] = (), tail: str = "ORDER BY modified, id"
    ) -> Iterator[Record]:
        """Records of a kind by an SQL condition over the columns of `record` (body through json_extract)."""
        rows = self.connection.execute(
            "SELECT kind, id, body, created, modified, deleted, seq FROM record "
            f"WHERE vendor = ? AND kind = ? AND ({where}) {tail}",
            (vendor, kind, *args),
        )
        for row in rows:
            yield Record(row[0], row[1], json.loads(row[2]), row[3], row[4], bool(row[5]), row[6])

    def count(self, vendor: str, kind: str, where: str = "deleted = 0", args: Iterable[object] = ()) -> int:
        """How many records of a kind satisfy an SQL condition."""
        sql = f"SELECT count(*) FROM record WHERE vendor = ? AND kind = ? AND ({where})"
        return int(self.connection.execute(sql, (vendor, kind, *args)).fetchone()[0])

    def put(
        self,
        vendor: str,
        kind: str,
        id_: str,
        body: dict[str, Any],
        *,
        deleted: bool = False,
        modified: int | None = None,
    ) -> Record:
        """Insert or replace a record at the sandbox's present (or at `modified`) and give it the next seq."""
        with self.transaction() as connection:
            stamp = whole(vendor, self.now() if modified is None else modified)
            seq = self.next_seq()
            connection.execute(
                "INSERT INTO record VALUES (?,?,?,?,?,?,?,?) ON CONFLICT (vendor, kind, id) DO UPDATE SET "
                "body = excluded.body, modified = excluded.modified, deleted = excluded.deleted, seq = excluded.seq",
                (vendor, kind, id_, json.dumps(body, ensure_ascii=False), stamp, stamp, int(deleted), seq),
            )
        record = self.get(vendor, kind, id_)
        assert record is not None
        return record

    def recalculate(self, vendor: str, kind: str, id_: str, body: dict[str, Any]) -> None:
        """A record shows something else though nobody wrote it: its times and its place in all writes stay."""
        with self.transaction() as connection:
            text = json.dumps(body, ensure_ascii=False)
            sql = "UPDATE record SET body = ? WHERE vendor = ? AND kind = ? AND id = ?"
            connection.execute(sql, (text, vendor, kind, id_))

    def load(self, vendor: str, kind: str, rows: Iterable[tuple[str, dict[str, Any], int, int]]) -> int:
        """Bulk insert of (id, body, created ms, modified ms) for seeding; returns how many."""
        with self.transaction() as connection:
            seq = self.next_seq()
            counter = 0

            def values() -> Iterator[tuple[object, ...]]:
                nonlocal counter
                for id_, body, created, modified in rows:
                    counter += 1
                    text = json.dumps(body, ensure_ascii=False)
                    times = whole(vendor, created), whole(vendor, modified)
                    yield vendor, kind, id_, text, *times, 0, seq + counter

            connection.executemany("INSERT OR REPLACE INTO record VALUES (?,?,?,?,?,?,?,?)", values())
            self.set_fact("seq", str(seq + counter))
        return counter

    def purge(self, vendor: str, kind: str, id_: str) -> None:
        """Forget a record entirely, as if it had never been (Salesforce's hard delete after the recycle bin)."""
        with self.transaction() as connection:
            connection.execute("DELETE FROM record WHERE vendor = ? AND kind = ? AND id = ?", (vendor, kind, id_))

    def next_seq(self) -> int:
        """The next number in the order of writes; call inside a transaction."""
        seq = int(self.fact("seq", "0")) + 1
        self.set_fact("seq", str(seq))
        return seq

    def put_blob(self, content: bytes) -> str:
        """Store bytes once; returns their SHA-256 in hex, which is their name."""
        name = hashlib.sha256(content).hexdigest()
        with self.transaction() as connection:
            connection.execute("INSERT OR IGNORE INTO blob VALUES (?, ?)", (name, content))
        return name

    def blob(self, sha256: str) -> bytes:
        """The bytes stored under this name. KeyError when there are none."""
        row = self.connection.execute("SELECT content FROM blob WHERE sha256 = ?", (sha256,)).fetchone()
        if row is None:
            raise KeyError(sha256)
        return bytes(row[0])

    def fact(self, name: str, default: str = "") -> str:
        """A named setting or token of the sandbox."""
        row = self.connection.execute("SELECT value FROM fact WHERE name = ?", (name,)).fetchone()
        return default if row is None else str(row[0])

    def set_fact(self, name: str, value: str) -> None:
        """Set a named setting or token."""
        with self.transaction() as connection:
            connection.execute(
                "INSERT INTO fact VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", (name, value)
            )

    def close(self) -> None:
        """Close this thread's connection."""
        opened: _Opened | None = getattr(self._local, "opened", None)
        if opened is not None:
            opened.connection.close()
            self._local.opened = None
