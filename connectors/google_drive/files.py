"""The stream `files`: everything below a client's folder that is no folder, with its place under `frontdesk`.

First load: the change log's present, then folder by folder, then the changes since. Afterwards the change log alone.
Cursor while loading: `start`, `since`, `after` (folders up to this id are done), `page`; afterwards `token`, `folders`
and `again`: folders to be read once more, with the time.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from connectors.contract import Deleted, Page, Record, Want
from connectors.google_drive.entries import FOLDER, NAMELESS, SHORTCUT, is_discarded, media_type, parent_of
from connectors.google_drive.listing import (
    FILE_FIELDS,
    ChangePage,
    TokenRejected,
    change_page,
    files_in,
    groups,
    list_all,
    list_from,
    never_taken,
    root_folder,
    start_token,
)
from connectors.google_drive.tree import Known, Tree, known_folders, known_of, placed
from connectors.google_drive.tree_reading import follow, load_tree, tree_above, tree_of
from connectors.rows import id_in, ids_in
from hub import any_json
from hub.clock import iso, parse_instant
from hub.unread import unread

if TYPE_CHECKING:
    from connectors.google_drive.client import Drive

log = logging.getLogger("frontdesk.google_drive")
Outcome = Record | Deleted
Again = Mapping[str, str]
SETTLED = dt.timedelta(minutes=10)
"""When what lies below a changed folder is read once more: Drive's lists may be behind its change log, which does not
come back to what they lacked."""


def read(drive: Drive, want: Want) -> Iterator[Page]:
    """Pages of files, from the cursor or from the beginning."""
    cursor: Mapping[str, Any] = want.cursor or {}
    if "token" in cursor:
        try:
            yield from replay(drive, cursor)
        except TokenRejected:
            log.warning("Drive rejected the change token; reading every file again")
            yield from load_and_replay(drive, {}, sweep=True)
        return
    yield from load_and_replay(drive, cursor, sweep=False)


def load_and_replay(drive: Drive, cursor: Mapping[str, Any], *, sweep: bool) -> Iterator[Page]:
    """Every file, then what changed meanwhile. `sweep`: deletes may have been missed before."""
    done: Mapping[str, Any] = {}
    for page in load(drive, cursor, sweep=sweep):
        done = page.cursor
        yield page
    try:
        yield from replay(drive, done)
    except TokenRejected:
        raise never_taken() from None


def load(drive: Drive, cursor: Mapping[str, Any], *, sweep: bool) -> Iterator[Page]:
    """Every file, fifty folders at a time; the last page is empty and holds the token to go on from."""
    if "start" not in cursor:
        root_folder(drive)
        cursor = {"start": start_token(drive), "since": iso(drive.clock), "after": "", "page": ""}
    tree, since = tree_of(drive), parse_instant(cursor["since"])
    folders = tree.inside()
    if tree.nameless:
        yield page_of(nameless_folders(tree), (), cursor, since)
    for group in groups([folder_id for folder_id in folders if folder_id > cursor["after"]]):
        for files, following in list_from(drive, files_in(group), FILE_FIELDS, cursor["page"]):
            after = cursor["after"] if following else group[-1]
            cursor = {**cursor, "after": after, "page": following}
            records = [record for file in files if not isinstance(record := outcome(tree, file, since), Deleted)]
            if records:
                yield page_of(records, (), cursor, since)
    yield page_of((), (), {"token": cursor["start"], "folders": known_folders(folders).text()}, since, sweep=sweep)


def nameless_folders(tree: Tree | None) -> list[Record]:
    """Folders without an id, to be held: what lies in them cannot be asked for."""
    sentence = "A folder came without an id, so what lies in it could not be read."
    return [unread({"folder": entry}, "id", sentence) for entry in (tree.nameless if tree else ())]


def replay(drive: Drive, cursor: Mapping[str, Any]) -> Iterator[Page]:
    """Pages of the change log up to its present."""
    token, known = str(cursor["token"]), known_of(str(cursor.get("folders", "*")))
    again: Again = cursor.get("again") or {}
    while True:
        changes = change_page(drive, token, "files")
        outcomes, sweep, known, moved = digest(drive, changes, known)
        if changes.last:
            outcomes, again = settled(drive, outcomes, again)
        again = {**again, **dict.fromkeys(moved, iso(drive.clock + SETTLED))}
        records = [item for item in outcomes.values() if not isinstance(item, Deleted)]
        deleted = [item for item in outcomes.values() if isinstance(item, Deleted)]
        records += [unread({"change": entry}, "fileId", NAMELESS) for entry in changes.nameless]
        records += nameless_folders(drive.tree)
        token = changes.following
        after = {"token": token, "folders": known.text()} | ({"again": again} if again else {})
        yield page_of(records, deleted, after, changes.high_water, sweep=sweep)
        if changes.last:
            return


def settled(drive: Drive, outcomes: dict[str, Outcome], again: Again) -> tuple[dict[str, Outcome], Again]:
    """The outcomes with those below folders whose time has come, and the folders that still wait.

    One that is gone by then is not asked for: Drive may answer 404 for the whole list.
    """
    due = [folder_id for folder_id, time in again.items() if parse_instant(time) <= drive.clock]
    there = [folder_id for folder_id in due if folder_id in tree_of(drive).folders]
    return below(drive, there) | outcomes, {id_: time for id_, time in again.items() if id_ not in due}


def digest(drive: Drive, changes: ChangePage, known: Known) -> tuple[dict[str, Outcome], bool, Known, list[str]]:
    """What a page of changes means: outcomes by file id, whether a sweep is due, the folders known afterwards, and
    those that changed below the root.

    Drive says no more of a file that was deleted past the trash than of one that we lost access to. What the log says
    of a file goes before what a list says of it, which may be behind.
    """
    latest = {change.id: change for change in changes.changes}
    removed = [change for change in latest.values() if change.file is None]
    files = [(change, change.file) for change in latest.values() if change.file is not None]
    folders = [(change.id, file) for change, file in files if media_type(file) in (FOLDER, "")]
    gone = [change.id for change in removed] + [folder_id for folder_id, file in folders if is_discarded(file)]
    lost = any(known.has(id_) for id_ in gone)
    if files or lost or drive.tree:
        follow(drive, changes)
    told: dict[str, Outcome] = {change.id: Deleted(change.id, change.at, "access_lost") for change in removed}
    told |= {
        change.id: outcome(tree_above(drive, tree_of(drive), file), file, change.at)
        for change, file in files
        if is_file(change.id, file)
    }
    moved = [folder_id for folder_id, file in folders if concerns(drive, folder_id, file, known)]
    outcomes = below(drive, moved) | told
    if moved or lost:
        known = known_folders(tree_of(drive).inside())
    return outcomes, lost, known, moved


def is_file(file_id: str, file: Record) -> bool:
    """Whether a change tells of a file. What does not say what kind it is, is held as one and followed as a folder."""
    if media_type(file) == SHORTCUT:
        log.info("left out the shortcut %s: a shortcut grants no access to its target", file_id)
    return media_type(file) not in (SHORTCUT, FOLDER)


def concerns(drive: Drive, folder_id: str, folder: Record, known: Known) -> bool:
    """Whether a folder is or was below the root, or may be."""
    return known.has(folder_id) or tree_above(drive, tree_of(drive), folder).chain(parent_of(folder)) is not None


def below(drive: Drive, folder_ids: Sequence[str]) -> dict[str, Outcome]:
    """Every file below these folders as it stands now: Drive re-emits none of them when a folder changes."""
    if not folder_ids:
        return {}
    tree = tree_of(drive)
    return {
        id_in(file, "id") or repr(file): outcome(tree, file, drive.clock)
        for group in groups(tree.below(folder_ids))
        for page in list_all(drive, files_in(group), FILE_FIELDS)
        for file in page
    }


def outcome(tree: Tree, file: Any, at: Any) -> Outcome:
    """The file with its place, or that it is gone: into the trash, or out of the clients' folders."""
    if not isinstance(file, Mapping):
        return file  # type: ignore[no-any-return] # no record at all: the mapping holds it
    id_ = id_in(file, "id")
    record = None if id_ and is_discarded(file) else placed(tree, file)
    return Deleted(id_, at, "deleted") if record is None else record


def page_of(
    records: Sequence[Record], deleted: Sequence[Deleted], cursor: Mapping[str, Any], at: Any, *, sweep: bool = False
) -> Page:
    """A Page; what is landed are the records with their place, and the ids that are gone."""
    raw = any_json.dumps({"records": records, "deleted": [item.external_id for item in deleted]})
    return Page(records, raw, cursor, at, deleted, sweep)


def keys(drive: Drive) -> Iterator[list[str]]:
    """The ids of all files that clients may have, by the folders as they are now. NeedsPerson without the root."""
    root_folder(drive)
    tree = load_tree(drive)
    for group in groups(tree.inside()):
        for page in list_all(drive, files_in(group), "id,trashed,explicitlyTrashed"):
            yield ids_in([file for file in page if not (isinstance(file, Mapping) and is_discarded(file))], "id")


def one(drive: Drive, file_id: str, _want: Want) -> Record | None:
    """The file as it is now; None when it is gone, in the trash, or not below a client's folder."""
    request = drive.service.files().get(fileId=file_id, fields=FILE_FIELDS, supportsAllDrives=True)
    file: dict[str, Any] | None = drive.ask_for(request)
    if file is None or is_discarded(file) or media_type(file) in (FOLDER, SHORTCUT):
        return None
    # Three or four folders asked for one by one, instead of all of the Drive's.
    return placed(tree_above(drive, Tree(drive.settings.root_folder_id), file), file)
