"""What is asked of Drive: the root, folders, files below folders, pages of the change log."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from connectors.google_drive.tree import FOLDER, SHORTCUT, Tree, folder_of
from hub.clock import parse_instant
from hub.errors import NeedsPerson

if TYPE_CHECKING:
    from connectors.google_drive.client import Drive

FILE_FIELDS = (
    "id,name,mimeType,description,parents,createdTime,modifiedTime,size,md5Checksum,version,headRevisionId,trashed,"
    "explicitlyTrashed,driveId,properties,appProperties,fileExtension,webViewLink,"
    "lastModifyingUser(displayName,emailAddress),capabilities(canDownload)"
)
FOLDER_FIELDS = "id,name,parents"
PAGE_SIZE = 1000
GROUP = 50
"""Parents in one query. Fifty is what long-lived clients of Drive use; more makes Drive refuse or forget results."""


class TokenRejected(Exception):
    """Drive does not know the page token (any more)."""


@dataclass
class ChangePage:
    """One page of the change log. `following` is the token to go on with; `at` is Google's time of the answer."""

    entries: list[dict[str, Any]]
    following: str
    last: bool
    at: dt.datetime
    seen_by: set[str]

    @property
    def high_water(self) -> dt.datetime:
        """Up to when a copy is true that has taken this page."""
        times = [entry["time"] for entry in self.entries if entry.get("time")]
        return self.at if self.last or not times else parse_instant(max(times))


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
    if found["mimeType"] != FOLDER or found.get("trashed"):
        what = "is in the trash" if found.get("trashed") else "is no folder"
        raise NeedsPerson(
            f"The root folder {found['name']} {what}.",
            step="Set `root_folder_id` to the folder that holds the clients'.",
        )
    if found.get("driveId", "") != drive.settings.drive_id:
        wanted = found.get("driveId") or "nothing"
        raise NeedsPerson(
            f"The root folder {found['name']} lies in another drive than configured.",
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


def list_page(drive: Drive, query: str, fields: str, token: str) -> tuple[list[dict[str, Any]], str]:
    """One page of files.list and the token of the next. TokenRejected when Drive does not know `token`."""
    where = drive.where() | ({"corpora": "drive"} if drive.settings.drive_id else {})
    request = drive.service.files().list(
        q=query, fields=f"nextPageToken,files({fields})", pageSize=PAGE_SIZE, pageToken=token or None, **where
    )
    answer = asked_with_token(drive, request, token)
    return answer.get("files", []), answer.get("nextPageToken", "")


def asked_with_token(drive: Drive, request: Any, token: str) -> dict[str, Any]:
    """The answer, or TokenRejected. Google's exceptions are imported here: this module is on the cheap path."""
    from googleapiclient.errors import HttpError

    from connectors.google_drive.failures import FAILURES, failure, location_of

    try:
        answer: dict[str, Any] = drive.execute(request)
    except HttpError as error:
        if token and error.resp.status in (400, 410) and location_of(error) == "pageToken":
            raise TokenRejected(token) from None
        raise failure(error, drive.account) from error
    except FAILURES as error:
        raise failure(error, drive.account) from error
    return answer


def list_all(drive: Drive, query: str, fields: str) -> Iterator[list[dict[str, Any]]]:
    """All pages of a list. Starts over, once a page, when Drive forgets where it stood."""
    token = ""
    while True:
        try:
            files, token = list_page(drive, query, fields, token)
        except TokenRejected:
            token = ""
            continue
        yield files
        if not token:
            return


def load_tree(drive: Drive) -> Tree:
    """All folders that we can see, read anew."""
    tree = Tree(drive.settings.root_folder_id)
    for page in list_all(drive, f"mimeType = '{FOLDER}'", FOLDER_FIELDS):
        for file in page:
            tree.put(folder_of(file))
    drive.tree = tree
    return tree


def tree_of(drive: Drive) -> Tree:
    """The folders, read once a session and kept true by the change pages that follow."""
    return drive.tree or load_tree(drive)


def groups(folder_ids: Sequence[str]) -> Iterator[list[str]]:
    """Folders in as many as one query takes."""
    for start in range(0, len(folder_ids), GROUP):
        yield list(folder_ids[start : start + GROUP])


def files_in(folder_ids: Sequence[str], *, trashed: bool) -> str:
    """The query for files directly in these folders; `trashed` includes the trash.

    Shortcuts are left out: in Drive a shortcut grants nobody access to its target, so neither does it here.
    """
    parents = " or ".join(f"{quoted(folder_id)} in parents" for folder_id in folder_ids)
    live = "" if trashed else " and trashed = false"
    return f"({parents}) and mimeType != '{FOLDER}' and mimeType != '{SHORTCUT}'{live}"


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
    """Ask for a page of the change log, and bring the folders in memory up to it."""
    request = drive.service.changes().list(pageToken=token, pageSize=PAGE_SIZE, fields=CHANGES, **drive.where())
    answer = asked_with_token(drive, request, token)
    last = "nextPageToken" not in answer
    following = answer["newStartPageToken"] if last else answer["nextPageToken"]
    page = ChangePage(answer.get("changes", []), following, last, drive.clock, set())
    refuse_lost_root(drive, page)
    if drive.tree is not None:
        follow(drive.tree, page)
    return page


def follow(tree: Tree, page: ChangePage) -> None:
    """Apply a page's folders to a tree that was read before it."""
    for entry in page.entries:
        file = entry.get("file")
        if entry.get("removed"):
            tree.remove(entry.get("fileId", ""))
        elif file and file["mimeType"] == FOLDER:
            tree.put(folder_of(file))


def refuse_lost_root(drive: Drive, page: ChangePage) -> None:
    """NeedsPerson when the root folder itself went away: that is a mistake to mend, not the end of every client."""
    root, shared = drive.settings.root_folder_id, drive.settings.drive_id
    for entry in page.entries:
        lost = entry.get("removed") or (entry.get("file") or {}).get("trashed")
        if lost and entry.get("fileId") == root:
            root_folder(drive)
        if entry.get("changeType") == "drive" and entry.get("removed") and shared and entry.get("driveId") == shared:
            raise NeedsPerson(
                f"{drive.account.user} is no member of the shared drive {shared} any more.",
                step=f"Add {drive.account.user} to the shared drive as a viewer.",
            )
