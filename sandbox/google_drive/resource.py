"""A stored file as the File resource that Drive sends; `fields` cuts it down afterwards.

Source: schema `File` of the discovery document. int64 values are strings; size and checksums are there for binary
content only; what a shared drive owns has no owner.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import Any

from sandbox.google_drive.tree import FOLDER, OWNER, File
from sandbox.state import State

NATIVE = "application/vnd.google-apps."
SHORTCUT = NATIVE + "shortcut"
EDITORS = {
    "document": "documents",
    "spreadsheet": "spreadsheets",
    "presentation": "presentations",
    "drawing": "drawings",
}
OFFICE = "application/vnd.openxmlformats-officedocument."
OASIS = "application/vnd.oasis.opendocument."
EXPORTS: dict[str, dict[str, str]] = {
    "document": {
        OFFICE + "wordprocessingml.document": "docx",
        OASIS + "text": "odt",
        "application/rtf": "rtf",
        "application/pdf": "pdf",
        "text/plain": "txt",
        "application/zip": "zip",
        "application/epub+zip": "epub",
        "text/markdown": "md",
    },
    "spreadsheet": {
        OFFICE + "spreadsheetml.sheet": "xlsx",
        OASIS + "spreadsheet": "ods",
        "application/pdf": "pdf",
        "text/csv": "csv",
        "text/tab-separated-values": "tsv",
        "application/zip": "zip",
    },
    "presentation": {
        OFFICE + "presentationml.presentation": "pptx",
        OASIS + "presentation": "odp",
        "application/pdf": "pdf",
        "text/plain": "txt",
        "image/png": "png",
        "image/jpeg": "jpg",
        "image/svg+xml": "svg",
    },
    "drawing": {"application/pdf": "pdf", "image/png": "png", "image/jpeg": "jpg", "image/svg+xml": "svg"},
}
"""Export formats by editor, with their extension (GUIDE ref-export-formats)."""

DEFAULT_FILE = "kind,id,name,mimeType"


def native_kind(mime_type: str) -> str:
    """`document` for a Google document and so on; empty for binary content and folders."""
    return mime_type.removeprefix(NATIVE) if mime_type.startswith(NATIVE) and mime_type != FOLDER else ""


def iso(ms: int) -> str:
    """RFC 3339 with milliseconds and Z, as Drive prints instants."""
    return dt.datetime.fromtimestamp(ms / 1000, dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{ms % 1000:03d}Z"


CHECKSUMS: dict[str, dict[str, str]] = {}
"""Size and checksums by blob. A blob is named by its content, so an entry is never wrong."""


def checksums(state: State, blob: str) -> dict[str, str]:
    """Size and checksums of stored bytes, worked out once a blob."""
    if blob not in CHECKSUMS:
        content = state.blob(blob)
        CHECKSUMS[blob] = {
            "size": str(len(content)),
            "md5Checksum": hashlib.md5(content, usedforsecurity=False).hexdigest(),
            "sha1Checksum": hashlib.sha1(content, usedforsecurity=False).hexdigest(),
            "sha256Checksum": blob,
        }
    return CHECKSUMS[blob]


def user(email: str = OWNER) -> dict[str, Any]:
    """A person as Drive shows one."""
    name = email.split("@", maxsplit=1)[0].replace(".", " ").title()
    return {
        "kind": "drive#user",
        "displayName": name,
        "me": email == OWNER,
        "permissionId": "07",
        "emailAddress": email,
    }


def head_revision(body: dict[str, Any]) -> str:
    """The current revision's id: the stored one, or one made of the content's name."""
    return str(body.get("headRevisionId") or "0B" + body["_blob"][:26])


def content_facts(state: State, file_id: str, body: dict[str, Any]) -> dict[str, Any]:
    """What only binary content has."""
    name, facts = str(body["name"]), checksums(state, body["_blob"])
    _, dot, extension = name.rpartition(".")
    return {
        "originalFilename": name,
        "fullFileExtension": extension if dot else "",
        "fileExtension": extension if dot else "",
        **facts,
        "quotaBytesUsed": facts["size"],
        "headRevisionId": head_revision(body),
        "webContentLink": f"https://drive.google.com/uc?id={file_id}&export=download",
    }


def export_links(file_id: str, kind: str, base: str) -> dict[str, str]:
    """Where each format of a native document can be fetched, without the export method's size limit."""
    path = f"{base}/feeds/download/{EDITORS[kind]}/export/Export?id={file_id}&exportFormat="
    return {mime: path + extension for mime, extension in EXPORTS[kind].items()}


def capabilities(body: dict[str, Any]) -> dict[str, bool]:
    """What the caller may do; a stored `capabilities` object overrides single ones."""
    folder = body["mimeType"] == FOLDER
    usual = dict.fromkeys(("canEdit", "canCopy", "canDownload", "canRename", "canTrash", "canDelete"), True)
    usual |= {"canAddChildren": folder, "canListChildren": folder, "canReadRevisions": not folder}
    return usual | dict(body.get("capabilities") or {})


def ownership(body: dict[str, Any]) -> dict[str, Any]:
    """Owner facts for My Drive, the drive's id for a shared drive."""
    if body.get("driveId"):
        return {"driveId": body["driveId"], "teamDriveId": body["driveId"], "hasAugmentedPermissions": False}
    given = permissions(body)
    return {"owners": [user()], "ownedByMe": True, "permissionIds": [one["id"] for one in given], "permissions": given}


def permissions(body: dict[str, Any]) -> list[dict[str, Any]]:
    """The owner's permission, then what was given to others."""
    owner = {"kind": "drive#permission", "id": "07", "type": "user", "role": "owner", "emailAddress": OWNER}
    return [owner | {"displayName": user()["displayName"]}, *body.get("_permissions", [])]


def resource(state: State, file: File, base: str) -> dict[str, Any]:
    """The whole File resource. `base` is the address that the request came to."""
    body, kind = file.body, native_kind(file.body["mimeType"])
    shown: dict[str, Any] = {"kind": "drive#file", "id": file.id, "name": body["name"], "mimeType": body["mimeType"]}
    shown |= {"starred": False, "spaces": ["drive"], "shared": True, "writersCanShare": True, "isAppAuthorized": True}
    shown |= {"viewersCanCopyContent": True, "copyRequiresWriterPermission": False, "lastModifyingUser": user()}
    shown |= {"webViewLink": web_link(file.id, body["mimeType"]), "modifiedTime": iso(file.modified)}
    shown |= {"quotaBytesUsed": "0"} | ownership(body)
    if body.get("_blob"):
        shown |= content_facts(state, file.id, body)
    if kind in EXPORTS:
        shown["exportLinks"] = export_links(file.id, kind, base)
    shown |= {name: value for name, value in body.items() if not name.startswith("_") and value is not None}
    own = bool(body.get("trashed")) and body.get("explicitlyTrashed") is not False
    shown |= {"trashed": file.trashed, "explicitlyTrashed": own, "version": str(file.seq)}
    return shown | {"createdTime": iso(file.created), "capabilities": capabilities(body)}


def web_link(file_id: str, mime_type: str) -> str:
    """The address of the file in Google's own pages."""
    kind = native_kind(mime_type)
    if mime_type == FOLDER:
        return f"https://drive.google.com/drive/folders/{file_id}"
    if kind in EXPORTS:
        return f"https://docs.google.com/{kind}/d/{file_id}/edit?usp=drivesdk"
    return f"https://drive.google.com/file/d/{file_id}/view?usp=drivesdk"
