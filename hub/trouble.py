"""What is the matter with a database itself, in plain words: full, busy, away, closed to us, read only.

Here and not in `store`, since the warehouse reads the same store by the drivers alone.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from hub.errors import FrontdeskError, NeedsPerson, RetryLater

NOW_AND_LATER = "Try again in a minute; if it stays so, check FRONTDESK_DATABASE_URL."


class Trouble(NamedTuple):
    """One kind: whether it passes by itself, the sentence (`{said}`: the server's own words), the next step."""

    passes: bool
    sentence: str
    step: str


AWAY = Trouble(True, "The store cannot be reached just now.", NOW_AND_LATER)
FULL = Trouble(
    False,
    "The disk of the store is full; what was stored before is safe.",
    "Free some space, then try again: it goes on where it stopped.",
)
CROWDED = Trouble(
    True,
    "The store's server has no connection left for us just now.",
    "Try again in a minute; if it stays so, raise its max_connections, or run fewer processes.",
)
BROKEN_OFF = Trouble(
    True,
    "The store's server broke off a statement before its end.",
    "Try again; if it stays so, raise statement_timeout for our role, or take it away.",
)
COLLIDED = Trouble(True, "Another process wanted the same rows of the store.", "Try again now; nothing was lost.")
READ_ONLY = Trouble(
    False,
    "The store can only be read through this address.",
    "Name the primary server in FRONTDESK_DATABASE_URL, and a role whose default_transaction_read_only is off.",
)
CLOSED = Trouble(
    False,
    "The store's server does not let us in: {said}.",
    "Correct user, password and database in FRONTDESK_DATABASE_URL.",
)
NOT_GRANTED = Trouble(
    False,
    "The store's server refuses it to our role: {said}.",
    "Grant the role what docs/operations.md lists under Store, then try again.",
)

BUSY = Trouble(
    True,
    "Another process keeps the store locked.",
    "Try again in a minute; if it stays so, find the process that does not let go of it.",
)
UNWRITABLE = Trouble(
    False,
    "The store's file, or the folder that it lies in, may not be written to.",
    "Give both to the user that Frontdesk runs as: SQLite writes beside its file even to read it.",
)
UNOPENED = Trouble(
    False,
    "The store's file cannot be opened.",
    "See that FRONTDESK_DATABASE_URL names a file, in a folder that the user that Frontdesk runs as may write to.",
)
DAMAGED = Trouble(
    False,
    "The store's file is damaged, or is none of SQLite's.",
    "Put a backup of it back, or correct FRONTDESK_DATABASE_URL.",
)
FAULTY = Trouble(
    False, "The disk of the store cannot be read or written.", "See what the system says of that disk, then try again."
)

STATES = (
    ("08", AWAY),
    ("25006", READ_ONLY),
    ("25p03", AWAY),
    ("28", CLOSED),
    ("3d000", CLOSED),
    ("40001", COLLIDED),
    ("40p01", COLLIDED),
    ("42501", NOT_GRANTED),
    ("53100", FULL),
    ("53300", CROWDED),
    ("55p03", BUSY),
    ("57014", BROKEN_OFF),
    ("57p0", AWAY),
)
"""By the beginning of PostgreSQL's SQLSTATE."""
SQLITE = {
    "FULL": FULL,
    # The file beside the store that its processes share finds no room.
    "IOERR_SHMSIZE": FULL,
    "BUSY": BUSY,
    "LOCKED": BUSY,
    "READONLY": UNWRITABLE,
    "CANTOPEN": UNOPENED,
    "NOTADB": DAMAGED,
    "CORRUPT": DAMAGED,
    "IOERR": FAULTY,
}
"""By SQLite's name of the error after `SQLITE_`, or by its first word."""
NO_ROOM = ("too many", "connection slots")
COMING_UP = ("starting up", "shutting down", "recovery", "not yet accepting")
REFUSED = ("fatal:", "no password supplied")


def told(error: Any, *, invalidated: bool = False) -> FrontdeskError | None:
    """What is the matter, by a driver's own error; None for anything else, such as a defect of ours.

    `invalidated`: the connection turned out to be lost.
    """
    found = _kind(error, invalidated=invalidated)
    if found is None:
        return None
    kind = RetryLater if found.passes else NeedsPerson
    return kind(found.sentence.format(said=_said(error)), step=found.step, detail=str(error))


def _kind(error: Any, *, invalidated: bool) -> Trouble | None:
    state, text = (getattr(error, "sqlstate", None) or "").lower(), str(error).lower()
    if state:
        return next((kind for begin, kind in STATES if state.startswith(begin)), AWAY if invalidated else None)
    if name := getattr(error, "sqlite_errorname", None):
        name = name.removeprefix("SQLITE_")
        return SQLITE.get(name) or SQLITE.get(name.partition("_")[0])
    # Without a connection there is no state: what stands in the text is the server's, or the network's.
    away = invalidated or (type(error).__module__.startswith("psycopg") and type(error).__name__ == "OperationalError")
    return _unconnected(text) if away else None


def _unconnected(text: str) -> Trouble:
    if any(words in text for words in COMING_UP):
        return AWAY
    if any(words in text for words in NO_ROOM):
        return CROWDED
    return CLOSED if any(words in text for words in REFUSED) else AWAY


def _said(error: Any) -> str:
    """The server's own sentence. It names users, databases and tables, never a password."""
    primary = getattr(getattr(error, "diag", None), "message_primary", None)
    last = (str(error).strip().splitlines() or [""])[-1]
    text: str = primary or last.rpartition("FATAL:" if "FATAL:" in last else "failed: ")[2]
    return text.strip().rstrip(".")
