"""The entries of Drive's lists, read as far as each can be; what is wrong with one is said in its record.

A file whose place cannot be read must not count as one that lies nowhere: it would be missing without a word.
"""

from __future__ import annotations

import datetime as dt
import reprlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connectors.contract import Record
from connectors.rows import id_in, instant_in
from hub.unread import OURS, UNREAD, unread

FOLDER = "application/vnd.google-apps.folder"
SHORTCUT = "application/vnd.google-apps.shortcut"
LOST = "?"
"""The parent of what does not say where it lies. No id of Drive's reads so."""
NAMELESS = "Drive tells of a change and not of which file. A full sync reads everything again."

READ: dict[str, tuple[tuple[type, ...], str]] = {
    "id": ((str,), "an id"),
    "name": ((str,), "a text"),
    "mimeType": ((str,), "a media type"),
    "trashed": ((bool, type(None)), "true or false"),
}
"""What must be right for a file to have a place at all. All else is the mapping's to judge."""


@dataclass(frozen=True, slots=True)
class Change:
    """An entry of the change log: a file as it is now; None where it is deleted, or no longer ours to see."""

    id: str
    at: dt.datetime | None
    file: Record | None


def change_of(entry: Any) -> Change | None:
    """What an entry tells; None where it does not say of which file."""
    file = entry.get("file") if isinstance(entry, Mapping) else None
    id_ = id_in(entry, "fileId") or id_in(file, "id")
    return Change(id_, instant_in(entry, "time"), _file_of(entry, id_)) if id_ else None


def _file_of(entry: Mapping[str, Any], id_: str) -> Record | None:
    file, removed = entry.get("file"), entry.get("removed")
    if removed is True:
        return None
    if removed in (False, None) and isinstance(file, Mapping):
        return {**file, "id": id_}
    field = "file" if removed in (False, None) else "removed"
    sentence = "Drive tells of a change and not of what became of the file."
    return unread({**entry, "id": id_, "parents": LOST}, field, sentence)


def parent_of(file: Any) -> str:
    """The one parent; nothing where we cannot see it, LOST where it cannot be read."""
    parents = file.get("parents")
    if parents is None or parents == []:
        return ""
    return parents[0] if isinstance(parents, list) and isinstance(parents[0], str) else LOST


def media_type(file: Any) -> str:
    """What kind of file it is; nothing where that cannot be read."""
    found = file.get("mimeType")
    return found if isinstance(found, str) else ""


def is_trashed(file: Any) -> bool:
    return file.get("trashed") is True


def is_discarded(file: Any) -> bool:
    """Whether it was put into the trash itself. What only lies below such a folder says `trashed` late, or too long."""
    return is_trashed(file) and file.get("explicitlyTrashed") is not False


def fault(file: Record) -> tuple[str, str] | None:
    """The first field of a file that cannot be read, and a sentence about it; None where all is right."""
    if told := (file.get(OURS) or {}).get(UNREAD):
        return told["field"], told["sentence"]
    for name, (types, expected) in READ.items():
        if not isinstance(file.get(name), types) or file[name] == "":
            return name, f"{reprlib.repr(file.get(name))} is not {expected}."
    if parent_of(file) == LOST:
        return "parents", f"{reprlib.repr(file['parents'])} is not a list of folders' ids."
    return None


def checked(file: Any) -> Any:
    """The file; with what is wrong beside it, where it cannot be read. What is no object stays as it came."""
    wrong = fault(file) if isinstance(file, Mapping) else None
    return file if wrong is None else unread(file, *wrong)
