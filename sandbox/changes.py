"""What has been committed, for those who want to be told: each record once, with what it was before.

Triggers write it down, so whoever edits, by whichever API, is seen; a vendor that nobody listens to costs nothing.
What is only worked out anew was written by nobody, and is told to nobody.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from sandbox.state import Record, State

SEEN = """
    INSERT INTO change (vendor, kind, id, before) SELECT NEW.vendor, NEW.kind, NEW.id, {before}
    WHERE NOT EXISTS (SELECT 1 FROM change WHERE vendor = NEW.vendor AND kind = NEW.kind AND id = NEW.id);
"""
HEARD = "EXISTS (SELECT 1 FROM listener WHERE vendor = NEW.vendor)"
SCHEMA = f"""
CREATE TABLE IF NOT EXISTS listener (vendor TEXT PRIMARY KEY);
CREATE TABLE IF NOT EXISTS change (
    n INTEGER PRIMARY KEY, vendor TEXT NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL, before TEXT,
    UNIQUE (vendor, kind, id)
);
CREATE TRIGGER IF NOT EXISTS change_inserted AFTER INSERT ON record WHEN {HEARD} BEGIN {SEEN.format(before="NULL")} END;
CREATE TRIGGER IF NOT EXISTS change_updated AFTER UPDATE ON record WHEN NEW.seq <> OLD.seq AND {HEARD} BEGIN
    {SEEN.format(before="CASE WHEN OLD.deleted THEN NULL ELSE OLD.body END")}
END;
"""


@dataclass(frozen=True, slots=True)
class Change:
    """A record as it is, and its body before (None: it was not there, or deleted)."""

    record: Record
    before: dict[str, Any] | None


def listen(state: State, vendor: str) -> None:
    """From now on the vendor's commits are written down."""
    if not heard(state, vendor):
        state.connection.executescript(SCHEMA)
        with state.transaction() as connection:
            connection.execute("INSERT OR IGNORE INTO listener VALUES (?)", (vendor,))


def heard(state: State, vendor: str) -> bool:
    """Whether anybody has asked to be told of this vendor's changes."""
    return vendor in listeners(state)


def listeners(state: State) -> list[str]:
    """The vendors whose changes are written down."""
    known = state.connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'listener'").fetchone()
    return [row[0] for row in state.connection.execute("SELECT vendor FROM listener")] if known else []


def take(state: State, vendor: str) -> list[Change]:
    """What was committed since the last call, in its order; call inside the transaction that makes use of it."""
    sql = "SELECT kind, id, before FROM change WHERE vendor = ? ORDER BY n"
    rows = state.connection.execute(sql, (vendor,)).fetchall()
    if rows:
        state.connection.execute("DELETE FROM change WHERE vendor = ?", (vendor,))
    found = [(state.get(vendor, kind, id_), before) for kind, id_, before in rows]
    return [Change(record, json.loads(before) if before else None) for record, before in found if record]
