"""Partial responses: `fields=nextPageToken,files(id,owners/emailAddress)` as Google reads it.

fields := item ("," item)*        item := path ["(" fields ")"]        path := (name | "*") ("/" (name | "*"))*
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

Mask = Mapping[str, "Mask | None"]
"""Wanted names; None below a name means all of it."""

FILE_FIELDS = """
kind id name mimeType description starred trashed explicitlyTrashed parents properties appProperties spaces version
webContentLink webViewLink iconLink hasThumbnail thumbnailLink thumbnailVersion viewedByMe viewedByMeTime
createdTime modifiedTime modifiedByMeTime modifiedByMe sharedWithMeTime sharingUser owners teamDriveId driveId
lastModifyingUser shared ownedByMe capabilities viewersCanCopyContent copyRequiresWriterPermission writersCanShare
permissions permissionIds hasAugmentedPermissions folderColorRgb originalFilename fullFileExtension fileExtension
md5Checksum sha1Checksum sha256Checksum size quotaBytesUsed headRevisionId contentHints imageMediaMetadata
videoMediaMetadata isAppAuthorized exportLinks shortcutDetails contentRestrictions labelInfo linkShareMetadata
resourceKey trashedTime trashingUser inheritedPermissionsDisabled downloadRestrictions clientEncryptionDetails
"""
CHANGE_FIELDS = """
kind type changeType time removed fileId file driveId drive teamDriveId teamDrive
"""
REVISION_FIELDS = """
kind id mimeType modifiedTime keepForever published publishedLink publishAuto publishedOutsideDomain
lastModifyingUser originalFilename md5Checksum size exportLinks
"""
PERMISSION_FIELDS = """
kind id type role emailAddress displayName domain deleted allowFileDiscovery view pendingOwner expirationTime
permissionDetails photoLink inheritedPermissionsDisabled
"""

Schema = Mapping[str, "str | None"]
"""Field names of a resource; the value names the schema below, None where anything goes."""

SCHEMAS: dict[str, Schema] = {
    "File": dict.fromkeys(FILE_FIELDS.split()) | {"permissions": "Permission"},
    "FileList": {"kind": None, "nextPageToken": None, "incompleteSearch": None, "files": "File"},
    "Change": dict.fromkeys(CHANGE_FIELDS.split()) | {"file": "File"},
    "ChangeList": {"kind": None, "nextPageToken": None, "newStartPageToken": None, "changes": "Change"},
    "Revision": dict.fromkeys(REVISION_FIELDS.split()),
    "RevisionList": {"kind": None, "nextPageToken": None, "revisions": "Revision"},
    "Permission": dict.fromkeys(PERMISSION_FIELDS.split()),
    "PermissionList": {"kind": None, "nextPageToken": None, "permissions": "Permission"},
    "Operation": dict.fromkeys(("name", "done", "metadata", "response", "error")),
    "DriveList": {"kind": None, "nextPageToken": None, "drives": None},
}
TOKEN = re.compile(r"\s*(?:([A-Za-z_][\w.\-]*|\*)|(.))")


class FieldsError(ValueError):
    """The selection names no such field, or cannot be read."""


@lru_cache(maxsize=256)
def parse_fields(text: str, schema: str) -> Mask:
    """The selection as a mask, its names checked against the resource. FieldsError otherwise."""
    tokens = [match.group(1) or match.group(2) for match in TOKEN.finditer(text.strip())]
    mask, rest = read_items(tokens, SCHEMAS.get(schema))
    if rest:
        raise FieldsError(f"Invalid field selection {text}")
    return mask


def read_items(tokens: list[str], schema: Schema | None) -> tuple[dict[str, Mask | None], list[str]]:
    """Items up to a closing parenthesis or the end, and the tokens left."""
    mask: dict[str, Mask | None] = {}
    while True:
        tokens = read_item(tokens, schema, mask)
        if not tokens or tokens[0] != ",":
            return mask, tokens
        tokens = tokens[1:]


def read_item(tokens: list[str], schema: Schema | None, mask: dict[str, Mask | None]) -> list[str]:
    """One path with what is selected below it, merged into `mask`; returns the tokens left."""
    name = tokens[0] if tokens else ""
    if not (name == "*" or name[:1].isalpha()) or (schema is not None and name != "*" and name not in schema):
        raise FieldsError(f"Invalid field selection {name}")
    below = SCHEMAS.get(schema.get(name) or "") if schema else None
    rest = tokens[1:]
    inner: dict[str, Mask | None] | None = None
    if rest[:1] == ["/"]:
        inner = {}
        rest = read_item(rest[1:], below, inner)
    elif rest[:1] == ["("]:
        inner, rest = read_items(rest[1:], below)
        if rest[:1] != [")"]:
            raise FieldsError(f"Invalid field selection {name}")
        rest = rest[1:]
    mask[name] = merged(mask[name], inner) if name in mask else inner
    return rest


def merged(one: Mask | None, other: Mask | None) -> Mask | None:
    """Both selections of the same name together."""
    if one is None or other is None:
        return None
    return {**one, **{name: merged(one[name], mask) if name in one else mask for name, mask in other.items()}}


def select(value: Any, mask: Mask | None) -> Any:
    """What of a JSON value the mask lets through; lists are cut element by element."""
    if mask is None:
        return value
    if isinstance(value, list):
        return [select(item, mask) for item in value]
    if not isinstance(value, dict):
        return value
    return {name: select(item, mask.get(name, mask.get("*"))) for name, item in value.items() if wanted(name, mask)}


def wanted(name: str, mask: Mask) -> bool:
    """Whether the mask names it."""
    return name in mask or "*" in mask
