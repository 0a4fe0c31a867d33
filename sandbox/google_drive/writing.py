"""files.create, update, copy, delete and generateIds: metadata rules, then the content that came along."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from email.message import Message
from typing import Any

from starlette.responses import Response

from sandbox.google_drive.files import content_of, keep_revision, new_file, new_id, with_content
from sandbox.google_drive.listing import visible
from sandbox.google_drive.query import QueryError, instant_ms
from sandbox.google_drive.resource import DEFAULT_FILE, EXPORTS, SHORTCUT, iso, native_kind, resource
from sandbox.google_drive.tree import FOLDER, KIND, ROOT_ID, VENDOR, File, alias, find, select_files
from sandbox.google_drive.wire import Answer, Call, DriveError, invalid, not_found
from sandbox.state import State

READ_ONLY = """
kind size md5Checksum sha1Checksum sha256Checksum version headRevisionId webViewLink webContentLink trashedTime
explicitlyTrashed owners permissions permissionIds capabilities driveId exportLinks lastModifyingUser spaces
"""
PROPERTIES, PROPERTY_BYTES, MOST_PROPERTIES = ("properties", "appProperties"), 124, 30
TIMES = ("modifiedTime", "viewedByMeTime")
SILENT = frozenset({"trashed", "parents", "starred"})
"""What may change without moving modifiedTime: trash, moves and stars."""


@dataclass(frozen=True)
class Upload:
    """Content that came with a write. `mime_type` is what the client said of it."""

    content: bytes
    mime_type: str


def create(call: Call) -> Answer:
    """POST /drive/v3/files: metadata alone."""
    return created(call, call.json(), None)


def update(call: Call) -> Answer:
    """PATCH /drive/v3/files/{id}: metadata alone."""
    return updated(call, call.json(), None)


def upload(call: Call) -> Answer:
    """POST or PATCH below /upload with uploadType media or multipart."""
    metadata, sent = media_parts(call)
    return updated(call, metadata, sent) if "id" in call.path else created(call, metadata, sent)


def media_parts(call: Call) -> tuple[dict[str, Any], Upload]:
    """Metadata and content of a simple or multipart upload."""
    kind, content_type = call.query.get("uploadType"), call.headers.get("content-type", "")
    if kind == "media":
        return {}, Upload(call.body, content_type)
    if kind != "multipart":
        raise invalid("uploadType")
    parts = split_multipart(call.body, content_type)
    if len(parts) != 2:
        raise DriveError(400, "badContent", "Bad content: a multipart upload has two parts.")
    return replace(call, body=parts[0][1]).json(), Upload(parts[1][1], parts[1][0].get("content-type", ""))


def split_multipart(body: bytes, content_type: str) -> list[tuple[dict[str, str], bytes]]:
    """Headers and bytes of each part. Read by the boundary, for content is binary and must not be touched."""
    header = Message()
    header["content-type"] = content_type
    boundary = header.get_param("boundary")
    if not boundary:
        raise DriveError(400, "badContent", "Missing end boundary in multipart body.")
    marker = b"\n--" + str(boundary).encode()
    sections = (b"\n" + body).split(marker)[1:-1]
    return [split_part(section.partition(b"\n")[2].removesuffix(b"\r")) for section in sections]


def split_part(part: bytes) -> tuple[dict[str, str], bytes]:
    """One part's headers and content; lines end in CRLF or LF."""
    headers: dict[str, str] = {}
    while part:
        line, _, part = part.partition(b"\n")
        if not line.strip():
            break
        name, _, value = line.decode().partition(":")
        headers[name.strip().lower()] = value.strip()
    return headers, part


def created(call: Call, metadata: dict[str, Any], sent: Upload | None) -> Answer:
    """Store a new file and answer with it."""
    check_writable(metadata)
    file_id = wanted_id(call.state, metadata)
    parent = parent_of(call, metadata)
    mime_type = str(metadata.get("mimeType") or (sent.mime_type if sent else "") or "application/octet-stream")
    body = {name: value for name, value in metadata.items() if name not in ("id", "createdTime") and value is not None}
    check_properties(body)
    body |= {"name": metadata.get("name") or "Untitled", "mimeType": mime_type, "parents": [parent.id]}
    if parent.body.get("driveId"):
        body["driveId"] = parent.body["driveId"]
    body |= first_content(call.state, body, sent)
    if mime_type == SHORTCUT:
        body["shortcutDetails"] = shortcut(call, metadata)
    new_file(call.state, file_id, body)
    return shown(call, file_id)


def check_writable(metadata: dict[str, Any]) -> None:
    """403 for a field that clients cannot set. Brings a time into Drive's form; 400 for what is none."""
    if set(READ_ONLY.split()) & set(metadata):
        message = "The resource body includes fields which are not directly writable."
        raise DriveError(403, "fieldNotWritable", message)
    for name in set(TIMES) & set(metadata):
        try:
            metadata[name] = iso(instant_ms(str(metadata[name])))
        except QueryError:
            raise invalid(f"file.{name}", f"Invalid value for: Invalid format: {metadata[name]}") from None


def check_properties(body: dict[str, Any]) -> None:
    """400 for a property whose name and value are too long together, or for too many of them on one file."""
    for name in PROPERTIES:
        given = body.get(name) or {}
        longest = max((len(f"{key}{value or ''}".encode()) for key, value in given.items()), default=0)
        if longest > PROPERTY_BYTES or len(given) > MOST_PROPERTIES:
            raise invalid(f"file.{name}", "The limits on custom properties have been exceeded.")


def wanted_id(state: State, metadata: dict[str, Any]) -> str:
    """The client's pre-generated id, which makes a repeat visible (409), or a new one."""
    wanted = metadata.get("id")
    if not wanted:
        return new_id()
    if native_kind(str(metadata.get("mimeType", ""))) in EXPORTS:
        raise DriveError(
            400,
            "generatedIdNotSupported",
            "Generated IDs are not supported for Docs Editors formats.",
            location="file.id",
        )
    if state.get(VENDOR, KIND, wanted) is not None:
        raise DriveError(409, "fileIdInUse", "A file already exists with the provided ID.")
    return str(wanted)


def parent_of(call: Call, metadata: dict[str, Any]) -> File:
    """The one folder that the new file goes into; the root of My Drive when none is named."""
    parents = metadata.get("parents") or [ROOT_ID]
    if len(parents) > 1:
        message = "A file cannot have more than one parent."
        raise DriveError(403, "multipleParentsNotSupported", message)
    parent = find(call.state, str(parents[0]), call.user)
    if parent is None:
        raise not_found(str(parents[0]))
    return parent


def first_content(state: State, body: dict[str, Any], sent: Upload | None) -> dict[str, Any]:
    """The content part of a new body: bytes, an editor's text, or nothing for folders and shortcuts."""
    if native_kind(body["mimeType"]) in EXPORTS:
        return with_content(state, body, sent.content if sent else b"", sent.mime_type if sent else "")
    if body["mimeType"] in (FOLDER, SHORTCUT):
        return {}
    return content_of(state, sent.content if sent else b"")


def shortcut(call: Call, metadata: dict[str, Any]) -> dict[str, Any]:
    """A shortcut's target with the type that it has now."""
    target_id = str((metadata.get("shortcutDetails") or {}).get("targetId", ""))
    target = find(call.state, target_id, call.user)
    if target is None:
        raise not_found(target_id)
    return {"targetId": target.id, "targetMimeType": target.body["mimeType"]}


def updated(call: Call, metadata: dict[str, Any], sent: Upload | None) -> Answer:
    """Change metadata, parents and content of a file in one write."""
    file = visible(call, call.path["id"])
    check_writable(metadata)
    if "parents" in metadata:
        message = "The parents field is not directly writable in update requests. Use the addParents and removeParents."
        raise DriveError(403, "fieldNotWritable", message)
    body = merged(file.body, {name: value for name, value in metadata.items() if name != "id"})
    body |= moved(call, file)
    with call.state.transaction():
        if sent is not None:
            old = call.state.get(VENDOR, KIND, file.id)
            assert old is not None
            keep_revision(call.state, old)
            body = with_content(call.state, body, sent.content, str(metadata.get("mimeType") or ""))
        if "modifiedTime" not in metadata and (sent is not None or set(metadata) - SILENT):
            body["modifiedTime"] = iso(call.state.now())
        keep_revision(call.state, call.state.put(VENDOR, KIND, file.id, body))
    return shown(call, file.id)


def merged(body: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """The body with changes laid over: maps merge key by key, null clears."""
    result = dict(body)
    for name, value in changes.items():
        if name in PROPERTIES and isinstance(value, dict):
            both = {**(body.get(name) or {}), **value}
            result[name] = {key: text for key, text in both.items() if text is not None}
        elif value is None:
            result.pop(name, None)
        else:
            result[name] = value
    check_properties(result)
    if "trashed" in changes:
        result["explicitlyTrashed"] = bool(changes["trashed"])
    return result


def moved(call: Call, file: File) -> dict[str, Any]:
    """The parents after addParents and removeParents: one at most."""
    added = [alias(name) for name in call.query.get("addParents", "").split(",") if name]
    removed = {alias(name) for name in call.query.get("removeParents", "").split(",") if name}
    if not added and not removed:
        return {}
    for parent in added:
        if find(call.state, parent, call.user) is None:
            raise not_found(parent)
    left = [parent for parent in file.body.get("parents", []) if parent not in removed and not added]
    if len(added) > 1:
        message = "A file cannot have more than one parent."
        raise DriveError(403, "multipleParentsNotSupported", message)
    return {"parents": added or left or [ROOT_ID]}


def copy(call: Call) -> Answer:
    """POST /drive/v3/files/{id}/copy: a new file with the same content."""
    file, metadata = visible(call, call.path["id"]), call.json()
    if file.body["mimeType"] == FOLDER:
        raise DriveError(403, "cannotCopyFile", "This file cannot be copied by the user.")
    check_writable(metadata)
    file_id = wanted_id(call.state, metadata)
    kept = {
        name: value for name, value in file.body.items() if name not in ("trashed", "explicitlyTrashed", "modifiedTime")
    }
    body = merged(kept | {"name": f"Copy of {file.body['name']}"}, {k: v for k, v in metadata.items() if k != "id"})
    if body.get("_blob"):
        body["headRevisionId"] = "0B" + secrets.token_urlsafe(36)
    new_file(call.state, file_id, body)
    return shown(call, file_id)


def delete(call: Call) -> Response:
    """DELETE /drive/v3/files/{id}: gone for good, past the trash, with everything below."""
    file = visible(call, call.path["id"])
    call.state.put(VENDOR, KIND, file.id, file.body, deleted=True)
    return Response(status_code=204)


def empty_trash(call: Call) -> Response:
    """DELETE /drive/v3/files/trash: what is in the trash of My Drive, or of the shared drive `driveId`, is gone."""
    drive = call.query.get("driveId", "")
    with call.state.transaction():
        for file in list(select_files(call.state, "trashed AND NOT gone")):
            # What lies below a trashed folder goes with it.
            if file.body.get("trashed") and file.body.get("driveId", "") == drive:
                call.state.put(VENDOR, KIND, file.id, file.body, deleted=True)
    return Response(status_code=204)


def generate_ids(call: Call) -> Answer:
    """GET /drive/v3/files/generateIds."""
    ids = [new_id() for _ in range(call.number("count", 10, 1000))]
    return Answer({"kind": "drive#generatedIds", "space": "drive", "ids": ids}, "GeneratedIds")


def shown(call: Call, file_id: str) -> Answer:
    """The file as it is now."""
    file = find(call.state, file_id)
    assert file is not None
    return Answer(resource(call.state, file, call.base), "File", DEFAULT_FILE)
