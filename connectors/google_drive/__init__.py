"""Google Drive: the clients' folders below one root, and every file in them, by the change log.

Importing this costs nothing of Google's libraries; they come with the first session.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from connectors.contract import Connector, Stream, TokenStore
from connectors.google_drive import checking, files, folders
from connectors.google_drive.downloading import content
from connectors.google_drive.settings import SCOPE, DriveSettings
from hub.errors import NeedsPerson

if TYPE_CHECKING:
    from connectors.google_drive.client import Drive


@contextmanager
def open_drive(settings: DriveSettings, _tokens: TokenStore) -> Iterator[Drive]:
    """A session for one thread. A service account's tokens last an hour and are not worth storing."""
    from connectors.google_drive.client import session

    with session(settings) as drive:
        yield drive


STREAMS: dict[str, Stream[Any]] = {
    "folders": Stream("folders", folders.read, folders.keys, folders.one, checking.describe_folders),
    "files": Stream("files", files.read, files.keys, files.one, checking.describe_files, content),
}


def stream(name: str) -> Stream[Any]:
    """One of the two streams. NeedsPerson for another name."""
    if name not in STREAMS:
        raise NeedsPerson(f"Google Drive has no stream {name!r}.", step="Its streams are folders and files.")
    return STREAMS[name]


def watch(drive: Drive, memory: TokenStore, address: str, secret: str) -> None:
    """Have Drive tell an address of changes."""
    from connectors.google_drive import watching

    watching.watch(drive, memory, address, secret)


def requests(drive: Drive) -> int:
    """How many requests the session has made, those for tokens included."""
    return drive.counter.count


def place(drive: Drive) -> str:
    """Whose Drive and which folder of it. Who asks counts too: a page token of the change log is one user's."""
    settings = drive.settings
    return f"{settings.base_url} {settings.subject} {settings.drive_id} {settings.root_folder_id}".strip()


CONNECTOR: Connector[Any] = Connector(
    name="google_drive",
    title="Google Drive",
    settings=DriveSettings,
    open=open_drive,
    stream=stream,
    check=checking.check,
    requests=requests,
    place=place,
    unique_ids=True,
    watch=watch,
)

__all__ = ["CONNECTOR", "SCOPE", "DriveSettings"]
