"""Writing files into the sandbox's state: what the API, the seed and the control page share."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from sandbox.google_drive.resource import SHORTCUT, checksums, head_revision, iso, native_kind
from sandbox.google_drive.tree import KIND, VENDOR, alias
from sandbox.state import Record, State

REVISION = "revision"


def new_id() -> str:
    """A file id as Drive's: 33 letters, digits, dashes and underscores, the first a 1."""
    return "1" + secrets.token_urlsafe(24)


def file_body(
    state: State,
    name: str,
    mime_type: str,
    parent: str,
    *,
    content: bytes | None = None,
    exports: Mapping[str, bytes] | None = None,
    **fields: Any,
) -> dict[str, Any]:
    """A file's stored body: binary `content`, or the renditions of a native document, or neither (a folder).

    `fields` are further fields of the File resource, such as properties or modifiedTime (RFC 3339).
    """
    body: dict[str, Any] = {"name": name, "mimeType": mime_type, "parents": [alias(parent)], **fields}
    if content is not None:
        body |= content_of(state, content)
    if exports is not None:
        body["_exports"] = {mime: state.put_blob(rendition) for mime, rendition in exports.items()}
    return body


def content_of(state: State, content: bytes) -> dict[str, str]:
    """What changes in a body when its content does."""
    blob = state.put_blob(content)
    sums = checksums(state, blob)
    fresh = {"_blob": blob, "headRevisionId": "0B" + secrets.token_urlsafe(36)}
    return fresh | {name: sums[name] for name in ("size", "md5Checksum")}


def new_file(state: State, file_id: str, body: dict[str, Any]) -> Record:
    """Store a new file with its first revision."""
    with state.transaction():
        record = state.put(VENDOR, KIND, file_id, {"modifiedTime": iso(state.now()), **body})
        keep_revision(state, record)
    return record


def new_version(state: State, file_id: str, content: bytes, *, mime_type: str = "") -> Record:
    """Replace a file's content: the old one stays as a revision, a new head comes. KeyError without such a file."""
    with state.transaction():
        old = state.get(VENDOR, KIND, file_id)
        if old is None:
            raise KeyError(file_id)
        keep_revision(state, old)
        body = with_content(state, old.body, content, mime_type)
        record = state.put(VENDOR, KIND, file_id, body | {"modifiedTime": iso(state.now())})
        keep_revision(state, record)
    return record


def with_content(state: State, body: Mapping[str, Any], content: bytes, mime_type: str) -> dict[str, Any]:
    """The body with new content; a native document takes it as its text, as Drive's conversion would."""
    stored = {name: value for name, value in body.items() if name not in ("sha1Checksum", "sha256Checksum")}
    if native_kind(body["mimeType"]) and body["mimeType"] != SHORTCUT:
        exports = {"text/plain": state.put_blob(content)}
        if mime_type == "application/pdf":
            exports = {mime_type: state.put_blob(content)}
        return {**stored, "_exports": exports}
    return {**stored, "mimeType": mime_type or body["mimeType"], **content_of(state, content)}


def keep_revision(state: State, record: Record) -> None:
    """Write down a file's present content as a revision, unless it is there already."""
    body = record.body
    if not body.get("_blob"):
        return
    revision = head_revision(body)
    if state.get(VENDOR, REVISION, f"{record.id}/{revision}") is None:
        kept = {"id": revision, "mimeType": body["mimeType"], "_blob": body["_blob"], "keepForever": False}
        kept |= {"modifiedTime": body.get("modifiedTime") or iso(record.modified), "originalFilename": body["name"]}
        state.put(VENDOR, REVISION, f"{record.id}/{revision}", kept)


def share(state: State, file_id: str, *, shared: bool) -> Record:
    """Give or take the caller's access to a file or to a folder with all below. KeyError without such a file."""
    record = state.get(VENDOR, KIND, file_id)
    if record is None:
        raise KeyError(file_id)
    body = {name: value for name, value in record.body.items() if name != "_unshared"}
    return state.put(VENDOR, KIND, file_id, body if shared else body | {"_unshared": True}, deleted=record.deleted)
