"""What is asked of Drive: the root, folders, files below folders, pages of the change log."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from connectors.google_drive.entries import FOLDER, SHORTCUT, Change, change_of, is_trashed, media_type
from connectors.rows import value_in
from hub.errors import NeedsPerson, RetryLater

if TYPE_CHECKING:
    from connectors.google_drive.client import Drive

FILE_FIELDS = (
    "id,name,mimeType,description,parents,createdTime,modifiedTime,size,md5Checksum,version,headRevisionId,trashed,"
    "explicitlyTrashed,driveId,properties,appProperties,fileExtension,webViewLink,"
    "lastModifyingUser(displayName,emailAddress),capabilities(canDownload)"
)
FOLDER_FIELDS = "id,name,parents,trashed,explicitlyTrashed"
PAGE_SIZE = 1000
STARTS = 4
"""How often a list is begun. A token that is forgotten once is chance, and a list that never ends helps nobody."""
GROUP = 50
"""Parents in one query. Fifty is what long-lived clients of Drive use; more makes Drive refuse or forget results."""
HOUR = 3600.0


class TokenRejected(Exception):
    """Drive does not know the page token (any more)."""


def never_taken() -> RetryLater:
    """What is said when Drive refuses a change token right after giving it: reading all again would not help."""
    return RetryLater("Google Drive does not know the token that it has just given for its change log.", after=HOUR)


@dataclass
class ChangePage:
    """One page of the change log. `following` is the token to go on with; `at` is Google's time of the answer.

    `nameless`: entries that do not say of which file they tell.
    """

    changes: list[Change]
    nameless: list[Any]
    following: str
    last: bool
    at: dt.datetime
    seen_by: set[str]

    @property
    def high_water(self) -> dt.datetime:
        """Up to when a copy is true that has taken this page."""
        times = [change.at for change in self.changes if change.at is not None]
        return self.at if self.last or not times else max(times)


def root_folder(drive: Drive) -> dict[str, Any]:
    """The root folder. NeedsPerson when it cannot be seen, is in the trash or no folder."""
    root, user = drive.settings.root_folder_id, drive.account.user
    request = drive.service.files().get(fileId=root, fields=FILE_FIELDS, supportsAllDrives=True)
    found: dict[str, Any] | None = drive.ask_for(request)
    if found is None:
        raise NeedsPerson(
            f"{user} cannot see the root folder {root}.",
            step=f"Share the folder with {user} as a viewer, or correct `root_folder_id`.",
        )
    name = found.get("name") or root
    if media_type(found) != FOLDER or is_trashed(found):
        what = "is in the trash" if is_trashed(found) else "is no folder"
        raise NeedsPerson(
            f"The root folder {name} {what}.",
            step="Set `root_folder_id` to the folder that holds the clients'.",
        )
    if found.get("driveId", "") != drive.settings.drive_id:
        wanted = found.get("driveId") or "nothing"
        raise NeedsPerson(
            f"The root folder {name} lies in another drive than configured.",
            step=f"Set `drive_id` to {wanted}.",
        )
    return found


def start_token(drive: Drive) -> str:
    """The change log's present."""
    where = {name: value for name, value in drive.where().items() if name != "includeItemsFromAllDrives"}
    return str(drive.ask(drive.service.changes().getStartPageToken(**where))["startPageToken"])


def quoted(text: str) -> str:
    """A string of Drive's query language."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def list_page(drive: Drive, query: str, fields: str, token: str) -> tuple[list[Any], str]:
    """One page of files.list and the token of the next. TokenRejected when Drive does not know `token`.

    Its entries are as they came: `entries` tells what can be read of them.
    """
    where = drive.where() | ({"corpora": "drive"} if drive.settings.drive_id else {})
    request = drive.service.files().list(
        q=query,
        fields=f"nextPageToken,incompleteSearch,files({fields})",
        pageSize=PAGE_SIZE,
        pageToken=token or None,
        **where,
    )
    answer = asked_with_token(drive, request, token)
    if answer.get("incompleteSearch"):
        # What it left out would count as gone.
        raise RetryLater("Google Drive has not searched everything.")
    return listed(drive, answer, "files"), answer.get("nextPageToken", "")


def listed(drive: Drive, answer: dict[str, Any], name: str) -> list[Any]:
    """The entries of an answer; no entry, no key. RetryLater where they are no list at all."""
    from connectors.google_drive.failures import failure

    found = answer.get(name, [])
    if not isinstance(found, list):
        raise failure(ValueError(f"{name} is no list"), drive.account)
    return found


def asked_with_token(drive: Drive, request: Any, token: str) -> dict[str, Any]:
    """The answer, or TokenRejected. Google's exceptions are imported here: this module is on the cheap path."""
    from googleapiclient.errors import HttpError

    from connectors.google_drive.failures import FAILURES, failure, location_of

    try:
        answer: dict[str, Any] = drive.execute(request)
    except HttpError as error:
        if token and error.resp.status in (400, 410) and location_of(error) == "pageToken":
            raise TokenRejected(token) from None
        if error.resp.status == HTTPStatus.NOT_FOUND and drive.settings.drive_id:
            # A list names no other thing that could be missing.
            raise no_member(drive) from error
        raise failure(error, drive.account) from error
    except FAILURES as error:
        raise failure(error, drive.account) from error
    return answer


def list_all(drive: Drive, query: str, fields: str) -> Iterator[list[Any]]:
    """All pages of a list."""
    return (files for files, _ in list_from(drive, query, fields, ""))


def list_from(drive: Drive, query: str, fields: str, token: str) -> Iterator[tuple[list[Any], str]]:
    """Pages of a list from a token on, each with the token of the next; from the first again when Drive forgets one.

    RetryLater when it forgets them again and again.
    """
    for _ in range(STARTS):
        try:
            while True:
                files, token = list_page(drive, query, fields, token)
                yield files, token
                if not token:
                    return
        except TokenRejected:
            token = ""
    raise RetryLater("Google Drive forgets again and again up to where a list was read.")


def groups(folder_ids: Sequence[str]) -> Iterator[list[str]]:
    """Folders in as many as one query takes."""
    for start in range(0, len(folder_ids), GROUP):
        yield list(folder_ids[start : start + GROUP])


def files_in(folder_ids: Sequence[str]) -> str:
    """The query for files directly in these folders, with the trash: whether one is in it shows by its folders.

    Shortcuts are left out: in Drive a shortcut grants nobody access to its target, so neither does it here.
    """
    parents = " or ".join(f"{quoted(folder_id)} in parents" for folder_id in folder_ids)
    return f"({parents}) and mimeType != '{FOLDER}' and mimeType != '{SHORTCUT}'"


def change_page(drive: Drive, token: str, reader: str) -> ChangePage:
    """A page of the change log; each stream of the session may read it once before it is asked for again."""
    page: ChangePage | None = drive.unread.get(token)
    if page is None or reader in page.seen_by:
        page = fetch_changes(drive, token)
        drive.unread = {**dict(list(drive.unread.items())[-KEPT_PAGES:]), token: page}
    page.seen_by.add(reader)
    return page


KEPT_PAGES = 20
CHANGES = f"nextPageToken,newStartPageToken,changes(changeType,time,removed,fileId,driveId,file({FILE_FIELDS}))"


def fetch_changes(drive: Drive, token: str) -> ChangePage:
    """A page of the change log that tells of something, or the last: up to when an empty one reaches, nothing says."""
    while True:
        request = drive.service.changes().list(pageToken=token, pageSize=PAGE_SIZE, fields=CHANGES, **drive.where())
        page = page_of(drive, asked_with_token(drive, request, token))
        if page.last or page.changes or page.nameless:
            refuse_lost_root(drive, page)
            return page
        token = page.following


def page_of(drive: Drive, answer: dict[str, Any]) -> ChangePage:
    """A page of the change log as it was answered. RetryLater when it does not say where to go on."""
    from connectors.google_drive.failures import failure

    following = answer.get("nextPageToken") or answer.get("newStartPageToken")
    if not following:
        raise failure(ValueError("no token to go on with"), drive.account)
    entries = listed(drive, answer, "changes")
    refuse_lost_drive(drive, entries)
    told = [(entry, change_of(entry)) for entry in entries if value_in(entry, "changeType") != "drive"]
    changes = [change for _, change in told if change is not None]
    nameless = [entry for entry, change in told if change is None]
    return ChangePage(changes, nameless, str(following), "nextPageToken" not in answer, drive.clock, set())


def refuse_lost_root(drive: Drive, page: ChangePage) -> None:
    """NeedsPerson when the root folder went away: that is a mistake to mend, not the end of every client.

    It may have gone with a folder above it, and then the log tells of that one alone. So whenever something was taken
    away that may have been above it, the root is asked for; a page that takes nothing away costs no request.
    """
    if any(takes_away(change) for change in page.changes):
        root_folder(drive)


def takes_away(change: Change) -> bool:
    """Whether a change may have taken away what lies below: Drive does not say what it was that is no longer there."""
    return change.file is None or (is_trashed(change.file) and media_type(change.file) in (FOLDER, ""))


def refuse_lost_drive(drive: Drive, entries: Sequence[Any]) -> None:
    """NeedsPerson when we are no longer in the shared drive that holds the root."""
    shared = drive.settings.drive_id
    for entry in entries:
        about = value_in(entry, "changeType"), value_in(entry, "driveId")
        if shared and about == ("drive", shared) and value_in(entry, "removed"):
            raise no_member(drive)


def no_member(drive: Drive) -> NeedsPerson:
    """What is said when the shared drive is not to be seen."""
    user = drive.account.user
    return NeedsPerson(
        f"{user} is no member of the shared drive {drive.settings.drive_id} (any more).",
        step=f"Add {user} to the shared drive as a viewer, or correct `drive_id`.",
    )
