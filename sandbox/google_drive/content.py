"""A file's bytes: media with ranges, exports of native documents, revisions."""

from __future__ import annotations

import io
import re
import secrets
import zipfile
from collections.abc import Mapping
from functools import partial
from typing import Any

from starlette.responses import Response

from sandbox.google_drive.renditions import made, source
from sandbox.google_drive.resource import EXPORTS, checksums, head_revision, iso, native_kind, resource, user
from sandbox.google_drive.tree import FOLDER, VENDOR, File, find
from sandbox.google_drive.wire import Answer, Call, DriveError, invalid, not_found

EXPORT_LIMIT = 10 * 1024 * 1024
RANGE = re.compile(r"bytes=(\d*)-(\d*)$")
NOT_BINARY = "Only files with binary content can be downloaded. Use Export with Docs Editors files."
DEFAULT_REVISION = "kind,id,mimeType,modifiedTime"


def media(call: Call, body: Mapping[str, Any]) -> Response:
    """The content of a binary file, or the part of it that a Range header asks for."""
    if not body.get("_blob"):
        raise DriveError(403, "fileNotDownloadable", NOT_BINARY, location="alt")
    if (body.get("capabilities") or {}).get("canDownload") is False:
        raise DriveError(403, "cannotDownloadFile", "This file cannot be downloaded by the user.")
    if body.get("_abusive") and not call.flag("acknowledgeAbuse"):
        message = "This file has been identified as malware or spam and cannot be downloaded."
        raise DriveError(403, "cannotDownloadAbusiveFile", message)
    return ranged(call.state.blob(body["_blob"]), str(body["mimeType"]), call.headers.get("range", ""))


def ranged(content: bytes, media_type: str, header: str) -> Response:
    """200 with all, 206 with a part, 416 for a part beyond the end (any part of an empty file is)."""
    match = RANGE.match(header.strip())
    if match is None or not sensible(*match.groups()):
        return Response(content, 200, {"accept-ranges": "bytes"}, media_type=media_type)
    first, last = bounds(match.group(1), match.group(2), len(content))
    if first >= len(content):
        return Response(b"", 416, {"content-range": f"bytes */{len(content)}"}, media_type="text/html")
    headers = {"content-range": f"bytes {first}-{last}/{len(content)}", "accept-ranges": "bytes"}
    return Response(content[first : last + 1], 206, headers, media_type=media_type)


def sensible(first: str, last: str) -> bool:
    """Whether a range says anything; one that ends before it begins is invalid, and ignored (RFC 9110, 14.1.1)."""
    return bool(first or last) and not (first and last and int(first) > int(last))


def bounds(first: str, last: str, length: int) -> tuple[int, int]:
    """First and last byte of a range; without a first one it counts from the end."""
    if not first:
        return max(0, length - int(last)), length - 1
    return int(first), min(int(last), length - 1) if last else length - 1


def export(call: Call) -> Response:
    """GET /drive/v3/files/{id}/export?mimeType=."""
    body, wanted = exported(call, call.path["id"]), call.query.get("mimeType", "")
    if not wanted:
        raise DriveError(400, "required", "Required parameter: mimeType", location="mimeType")
    content = export_bytes(call, body, wanted)
    if len(content) > EXPORT_LIMIT:
        raise DriveError(403, "exportSizeLimitExceeded", "This file is too large to be exported.")
    return unsized(content, wanted)


def export_link(call: Call) -> Response:
    """What an `exportLinks` address gives: the same bytes without the limit."""
    body = exported(call, call.query.get("id", ""))
    formats = EXPORTS[native_kind(body["mimeType"])]
    wanted = next((mime for mime, ending in formats.items() if ending == call.query.get("exportFormat")), "")
    return unsized(export_bytes(call, body, wanted), wanted)


def unsized(content: bytes, media_type: str) -> Response:
    """An export is made while it is sent, so its length is not told before."""
    response = Response(never_the_same(content), 200, media_type=media_type)
    del response.headers["content-length"]
    return response


def never_the_same(content: bytes) -> bytes:
    """An export as Google makes it: twice the same to read, and not in its bytes."""
    mark = secrets.token_hex(8).encode()
    if content.startswith(b"%PDF"):
        return content + b"\n%" + mark + b"\n"
    if zipfile.is_zipfile(io.BytesIO(content)) and content.endswith(b"\0\0"):
        # An archive's comment, the last that it holds.
        return content[:-2] + len(mark).to_bytes(2, "little") + mark
    return content


def exported(call: Call, file_id: str) -> dict[str, Any]:
    """The body of a native document; 403 for anything else."""
    file = found(call, file_id)
    if native_kind(file.body["mimeType"]) not in EXPORTS:
        raise DriveError(403, "fileNotExportable", "Export only supports Docs Editors files.")
    return file.body


def export_bytes(call: Call, body: Mapping[str, Any], wanted: str) -> bytes:
    """The stored rendition in a format, or one made of the text; 400 where the editor has no such format."""
    kind, stored = native_kind(body["mimeType"]), body.get("_exports") or {}
    if wanted not in EXPORTS[kind]:
        message = "The requested conversion is not supported."
        raise DriveError(400, "badRequest", message, location="convertTo")
    if wanted in stored:
        return call.state.blob(stored[wanted])
    readable = {mime: partial(call.state.blob, blob) for mime, blob in stored.items()}
    return made(kind, EXPORTS[kind][wanted], source(str(body["name"]), readable))


def revisions(call: Call, file: File) -> list[dict[str, Any]]:
    """The stored revisions, oldest first; a file that was never written to since seeding has its head only."""
    where, args = "deleted = 0 AND id >= ? AND id < ?", (f"{file.id}/", f"{file.id}0")
    stored = [record.body for record in call.state.select(VENDOR, "revision", where, args, "ORDER BY seq")]
    if stored or file.body["mimeType"] == FOLDER:
        return stored
    return [head(file)]


def head(file: File) -> dict[str, Any]:
    """The current content as a revision body."""
    body = file.body
    blob = body.get("_blob")
    return {
        "id": head_revision(body) if blob else str(file.seq),
        "mimeType": body["mimeType"],
        "modifiedTime": body.get("modifiedTime") or iso(file.modified),
        **({"_blob": blob, "keepForever": False, "originalFilename": body["name"]} if blob else {}),
    }


def shown(call: Call, file: File, body: Mapping[str, Any]) -> dict[str, Any]:
    """The Revision resource."""
    facts = {"kind": "drive#revision", "lastModifyingUser": user(), "published": False}
    if body.get("_blob"):
        sums = checksums(call.state, body["_blob"])
        facts |= {"md5Checksum": sums["md5Checksum"], "size": sums["size"]}
    else:
        facts["exportLinks"] = resource(call.state, file, call.base).get("exportLinks", {})
    return {**facts, **{name: value for name, value in body.items() if not name.startswith("_")}}


def list_revisions(call: Call) -> Answer:
    """GET /drive/v3/files/{id}/revisions."""
    file = seen(call)
    size, token = call.number("pageSize", 200, 1000), call.query.get("pageToken") or "0"
    if not token.isdigit():
        raise invalid("pageToken")
    after = int(token)
    kept = revisions(call, file)
    answer: dict[str, Any] = {"kind": "drive#revisionList"}
    if len(kept) > after + size:
        answer["nextPageToken"] = str(after + size)
    answer["revisions"] = [shown(call, file, body) for body in kept[after : after + size]]
    return Answer(answer, "RevisionList", f"kind,nextPageToken,revisions({DEFAULT_REVISION})")


def get_revision(call: Call) -> Answer | Response:
    """GET /drive/v3/files/{id}/revisions/{revisionId}, with its content for alt=media."""
    file, wanted = seen(call), call.path["revision"]
    chosen = [body for body in revisions(call, file) if body["id"] == wanted]
    if wanted == "head":
        chosen = revisions(call, file)[-1:]
    if not chosen:
        raise DriveError(404, "notFound", f"Revision not found: {wanted}.", location="revisionId")
    if call.query.get("alt") == "media":
        return media(call, file.body | chosen[0])
    return Answer(shown(call, file, chosen[0]), "Revision", DEFAULT_REVISION)


def seen(call: Call) -> File:
    """The file that the path names, or 404."""
    return found(call, call.path["id"])


def found(call: Call, file_id: str) -> File:
    """The file, or 404."""
    file = find(call.state, file_id, call.user)
    if file is None:
        raise not_found(file_id)
    return file
