"""Describe and check: which fields there are, and whether this firm's access is as it must be."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from connectors.contract import Finding, SourceField, Want
from connectors.google_drive import folders
from connectors.google_drive.listing import list_all, root_folder
from hub.errors import FrontdeskError

if TYPE_CHECKING:
    from connectors.google_drive.client import Drive

FIELDS: dict[str, str] = {
    "id": "string",
    "name": "string",
    "mimeType": "string",
    "description": "string",
    "parents": "array",
    "createdTime": "date-time",
    "modifiedTime": "date-time",
    "size": "int64",
    "md5Checksum": "string",
    "version": "int64",
    "headRevisionId": "string",
    "trashed": "boolean",
    "explicitlyTrashed": "boolean",
    "driveId": "string",
    "properties": "map",
    "appProperties": "map",
    "fileExtension": "string",
    "webViewLink": "string",
    "lastModifyingUser": "object",
    "capabilities": "object",
}
"""The File fields that are read, with their type in Drive's discovery document; a map takes any name below it."""

PLACE: dict[str, str] = {
    "frontdesk.client_folder": "string",
    "frontdesk.category": "string",
    "frontdesk.path": "string",
    "frontdesk.revision": "string",
}
"""What this connector adds to a file."""


def describe_folders(_drive: Drive) -> Mapping[str, SourceField]:
    """A folder's fields."""
    return {name: SourceField(name, kind) for name, kind in FIELDS.items()}


def describe_files(drive: Drive) -> Mapping[str, SourceField]:
    """A file's fields and its place."""
    place = {name: SourceField(name, kind, filterable=False) for name, kind in PLACE.items()}
    return {**describe_folders(drive), **place}


def check(drive: Drive, _wants: Mapping[str, Want]) -> Sequence[Finding]:
    """Sign-in, root folder, client folders; stops at the first that is wrong, for the others hang on it."""
    findings: list[Finding] = []
    for subject, look in STEPS:
        try:
            findings.append(Finding(subject, ok=True, sentence=look(drive)))
        except FrontdeskError as error:
            return [*findings, Finding(subject, ok=False, sentence=error.sentence, step=error.step)]
    return findings


def signs_in(drive: Drive) -> str:
    user = drive.ask(drive.service.about().get(fields="user(displayName,emailAddress)"))["user"]
    return f"Google lets {drive.account.email} read Drive as {user.get('emailAddress') or user.get('displayName')}."


def sees_root(drive: Drive) -> str:
    return f"The root folder is {root_folder(drive)['name']}."


def sees_clients(drive: Drive) -> str:
    count = sum(len(page) for page in list_all(drive, folders.client_folders(drive), "id"))
    return f"It holds {count:,} client folder{'' if count == 1 else 's'}."


STEPS: tuple[tuple[str, Callable[[Drive], str]], ...] = (
    ("google_drive", signs_in),
    ("google_drive.root_folder_id", sees_root),
    ("google_drive.folders", sees_clients),
)
