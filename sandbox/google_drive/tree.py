"""Files as the caller sees them, read with SQL: what is trashed or out of sight by an ancestor is worked out here.

A stored body holds a file's own facts only. `trashed` means the file itself was put into the trash; `_unshared` that
the caller lost access to it. Both hold for everything below, without any of it being written: Drive re-emits nothing
for the descendants of a folder, so neither does this.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sandbox.google_drive.query import ROOT_ID, alias, instant_ms
from sandbox.state import State

VENDOR, KIND = "google_drive", "file"
FOLDER = "application/vnd.google-apps.folder"
OWNER = "hub@sandbox.example"
SERVICE_ACCOUNT = "hub@sandbox-project.iam.example"
"""Who asks when no user is named: sees what was shared with it, where a user of the domain sees all."""

# Literals, not parameters: SQLite uses a partial index only where it can prove the condition while preparing.
OURS = f"vendor = '{VENDOR}' AND kind = '{KIND}'"
PARENT = "json_extract(body, '$.parents[0]')"
GONE = "(deleted = 1 OR json_extract(body, '$._unshared') = 1)"
TRASHED = "(json_extract(body, '$.trashed') = 1 AND json_extract(body, '$.explicitlyTrashed') IS NOT 0)"
PERMITTED = "json_extract(body, '$._permissions') IS NOT NULL"
SHARED = (
    f"({PERMITTED} AND EXISTS (SELECT 1 FROM json_each(body, '$._permissions') "
    f"WHERE lower(json_extract(value, '$.emailAddress')) = '{SERVICE_ACCOUNT}'))"
)
INDEXES = f"""
CREATE INDEX IF NOT EXISTS drive_parent ON record ({PARENT}) WHERE {OURS};
CREATE INDEX IF NOT EXISTS drive_gone ON record (id) WHERE {OURS} AND {GONE};
CREATE INDEX IF NOT EXISTS drive_trashed ON record (id) WHERE {OURS} AND {TRASHED};
CREATE INDEX IF NOT EXISTS drive_permitted ON record (id) WHERE {OURS} AND {PERMITTED};
"""


def below(name: str, condition: str, index: str) -> str:
    """A recursive table of the folders that meet a condition or lie below one that does.

    The indexes are named, or SQLite walks through every file instead of the few that are gone or trashed; the plus
    takes the id's text affinity away, with which it could not search an index over json_extract.
    """
    return (
        f"{name}(id) AS (SELECT id FROM record INDEXED BY {index} WHERE {OURS} AND {condition} UNION "
        f"SELECT record.id FROM {name} CROSS JOIN record INDEXED BY drive_parent ON {PARENT} = +{name}.id "
        f"WHERE {OURS} AND json_extract(body, '$.mimeType') = '{FOLDER}')"
    )


GONE_FOLDERS = below("gone_folder", GONE, "drive_gone")
TRASHED_FOLDERS = below("trashed_folder", TRASHED, "drive_trashed")
SHARED_FOLDERS = below("shared_folder", SHARED, "drive_permitted")
SEEN = f"({SHARED} OR coalesce({PARENT} IN (SELECT id FROM shared_folder), 0))"


def files(seen: str, source: str) -> str:
    """The beginning of a query over `file`; `seen` says what the caller sees, `source` where to look."""
    return f"""
WITH RECURSIVE {GONE_FOLDERS}, {TRASHED_FOLDERS}, {SHARED_FOLDERS}, file AS (
    SELECT vendor, id, body, created, modified, seq, {PARENT} AS parent, {seen} AS seen,
           (coalesce({GONE}, 0) OR coalesce({PARENT} IN (SELECT id FROM gone_folder), 0) OR NOT {seen}) AS gone,
           (coalesce({TRASHED}, 0) OR coalesce({PARENT} IN (SELECT id FROM trashed_folder), 0)) AS trashed
    FROM {source} WHERE {OURS})
SELECT id, body, created, modified, seq, gone, trashed FROM file WHERE """


FILES = {
    (viewer, by_parent): files(seen, f"record{' INDEXED BY drive_parent' if by_parent else ''}")
    for viewer, seen in (("", "1"), (SERVICE_ACCOUNT, SEEN))
    for by_parent in (False, True)
}

__all__ = ["ROOT_ID", "alias"]


@dataclass(frozen=True, slots=True)
class File:
    """One stored file. `gone`: deleted or out of the caller's sight. Times are ms since 1970 UTC."""

    id: str
    body: dict[str, Any]
    created: int
    modified: int
    seq: int
    gone: bool
    trashed: bool


def prepare(state: State) -> None:
    """Create the indexes that file trees are read by."""
    state.connection.executescript(INDEXES)


def select_files(
    state: State,
    where: str,
    args: tuple[object, ...] = (),
    tail: str = "ORDER BY id",
    *,
    by_parent: bool = False,
    viewer: str = "",
) -> Iterator[File]:
    """Files, whatever their state, by an SQL condition over `file`; `by_parent` when it names folders to look in.

    What the `viewer` does not see is gone; for any but the service account that is nothing.
    """
    beginning = FILES[viewer if viewer == SERVICE_ACCOUNT else "", by_parent]
    for row in connect(state).execute(f"{beginning} {where} {tail}", args):
        yield File(row[0], json.loads(row[1]), row[2], row[3], row[4], bool(row[5]), bool(row[6]))


def find(state: State, file_id: str, viewer: str = "") -> File | None:
    """The file when the caller can see it. `root` is the caller's own root folder."""
    file_id = alias(file_id)
    found = next(select_files(state, "id = ? AND NOT gone", (file_id,), viewer=viewer), None)
    if found is None and file_id == ROOT_ID:
        return File(ROOT_ID, {"name": "My Drive", "mimeType": FOLDER}, 0, 0, 0, gone=False, trashed=False)
    return found


def connect(state: State) -> sqlite3.Connection:
    """This thread's connection with Drive's own SQL functions."""
    connection = state.connection
    for name, (arguments, function) in FUNCTIONS.items():
        connection.create_function(name, arguments, function, deterministic=True)
    return connection


@lru_cache(maxsize=128)
def prefix_pattern(words: str) -> re.Pattern[str]:
    """Matches text in which one of its words begins with `words`."""
    return re.compile(rf"(?<!\w){re.escape(words.casefold())}")


def prefixed(text: str | None, words: str) -> bool:
    """Drive's `name contains`: the beginning of a word, whatever its case."""
    return text is not None and prefix_pattern(words).search(text.casefold()) is not None


def worded(text: str | None, words: str) -> bool:
    """Drive's `fullText contains`: every word somewhere; in double quotes the exact phrase."""
    folded, wanted = (text or "").casefold(), words.casefold()
    if len(wanted) > 1 and wanted[0] == wanted[-1] == '"':
        return wanted[1:-1] in folded
    return all(prefix_pattern(word).search(folded) for word in wanted.split())


def starts(text: str | None, beginning: str) -> bool:
    """Drive's `mimeType contains`: a prefix."""
    return text is not None and text.startswith(beginning)


def stored_ms(value: str | int | None) -> int | None:
    """A stored instant, as text or ms, in ms."""
    return instant_ms(value) if isinstance(value, str) else value


FUNCTIONS: dict[str, tuple[int, Callable[..., str | int | None]]] = {
    "drive_prefix": (2, prefixed),
    "drive_words": (2, worded),
    "drive_starts": (2, starts),
    "drive_ms": (1, stored_ms),
    "drive_owner": (0, lambda: OWNER),
}
"""Drive's own SQL functions: how many arguments, and what is called."""
