"""The stream `folders`: the clients' own folders, the direct children of the root. These are matched to clients.

Cursor while loading: `start`, `since`, `page`, `folders`. Afterwards: `token`, `folders`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from connectors.contract import Deleted, Page, Record, Want
from connectors.google_drive.entries import FOLDER, checked, fault, is_trashed, media_type, parent_of
from connectors.google_drive.files import page_of
from connectors.google_drive.listing import (
    FILE_FIELDS,
    ChangePage,
    TokenRejected,
    change_page,
    list_all,
    list_from,
    never_taken,
    quoted,
    root_folder,
    start_token,
)
from connectors.google_drive.tree import Known, known_of
from connectors.rows import ids_in
from hub.clock import iso, parse_instant

if TYPE_CHECKING:
    from connectors.google_drive.client import Drive


def client_folders(drive: Drive) -> str:
    """The query for the clients' folders."""
    return f"{quoted(drive.settings.root_folder_id)} in parents and mimeType = '{FOLDER}' and trashed = false"


def read(drive: Drive, want: Want) -> Iterator[Page]:
    """Pages of folders, from the cursor or from the beginning."""
    cursor: Mapping[str, Any] = want.cursor or {}
    if "token" in cursor:
        try:
            yield from replay(drive, cursor)
        except TokenRejected:
            yield from load_and_replay(drive, {}, sweep=True)
        return
    yield from load_and_replay(drive, cursor, sweep=False)


def load_and_replay(drive: Drive, cursor: Mapping[str, Any], *, sweep: bool) -> Iterator[Page]:
    """Every client folder, then what changed meanwhile."""
    if "start" not in cursor:
        root_folder(drive)
        cursor = {"start": start_token(drive), "since": iso(drive.clock), "page": "", "folders": ""}
    since = parse_instant(cursor["since"])
    for found, following in list_from(drive, client_folders(drive), FILE_FIELDS, str(cursor["page"])):
        known = known_of(str(cursor["folders"])).plus(ids_in(found, "id")).text()
        cursor = {**cursor, "page": following, "folders": known}
        if not following:
            cursor = {"token": cursor["start"], "folders": known}
        yield page_of([checked(folder) for folder in found], (), cursor, since, sweep=sweep and not following)
    try:
        yield from replay(drive, cursor)
    except TokenRejected:
        raise never_taken() from None


def replay(drive: Drive, cursor: Mapping[str, Any]) -> Iterator[Page]:
    """Pages of the change log up to its present."""
    token, known = str(cursor["token"]), known_of(str(cursor["folders"]))
    while True:
        changes = change_page(drive, token, "folders")
        records, deleted, known = digest(drive, changes, known)
        token = changes.following
        yield page_of(records, deleted, {"token": token, "folders": known.text()}, changes.high_water)
        if changes.last:
            return


def digest(drive: Drive, changes: ChangePage, known: Known) -> tuple[list[Record], list[Deleted], Known]:
    """Which client folders a page of changes brings, and which it takes away."""
    records: dict[str, Record] = {}
    deleted: dict[str, Deleted] = {}
    for change in changes.changes:
        if change.file is not None and (is_client_folder(drive, change.file) or stays(change.id, change.file, known)):
            records[change.id] = checked(change.file)
            known = known.plus([change.id])
            deleted.pop(change.id, None)
        elif known.has(change.id):
            reason: Any = "access_lost" if change.file is None else "deleted"
            deleted[change.id] = Deleted(change.id, change.at, reason)
            known = known.minus(change.id)
            records.pop(change.id, None)
    return list(records.values()), list(deleted.values()), known


def is_client_folder(drive: Drive, file: Record) -> bool:
    """Whether a file is a live folder directly below the root, as far as it says."""
    folder = media_type(file) in (FOLDER, "") and not is_trashed(file)
    return folder and parent_of(file) == drive.settings.root_folder_id


def stays(folder_id: str, file: Record, known: Known) -> bool:
    """Whether a client's folder is one still for all we know: what cannot be read is held and takes nothing away."""
    return known.has(folder_id) and not is_trashed(file) and fault(file) is not None


def keys(drive: Drive) -> Iterator[list[str]]:
    """The ids of all client folders. NeedsPerson without the root."""
    root_folder(drive)
    for page in list_all(drive, client_folders(drive), "id"):
        yield ids_in(page, "id")


def one(drive: Drive, folder_id: str, _want: Want) -> Record | None:
    """The folder as it is now; None when it is gone or no client's folder any more."""
    request = drive.service.files().get(fileId=folder_id, fields=FILE_FIELDS, supportsAllDrives=True)
    found: dict[str, Any] | None = drive.ask_for(request)
    if found is None or not (is_client_folder(drive, found) or fault(found)):
        return None
    folder: Record = checked(found)
    return folder
