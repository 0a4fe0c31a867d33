"""Resumable uploads: a session, chunks of 256 KiB, 308 for more, the File at the end.

Source: GUIDE manage-uploads. Sessions live for a week; one that is not known is 404 and must be started over.
"""

from __future__ import annotations

import json
import re
import secrets
from dataclasses import dataclass, replace

from starlette.responses import Response

from sandbox.google_drive.listing import visible
from sandbox.google_drive.wire import Answer, Call, DriveError, json_response, shaped
from sandbox.google_drive.writing import Upload, created, updated, upload
from sandbox.state import State

CHUNK = 256 * 1024
WEEK_MS = 7 * 24 * 3600 * 1000
TABLE = """
CREATE TABLE IF NOT EXISTS drive_upload (
    id TEXT PRIMARY KEY, file_id TEXT NOT NULL, metadata TEXT NOT NULL, mime_type TEXT NOT NULL, query TEXT NOT NULL,
    total INTEGER, content BLOB NOT NULL, started INTEGER NOT NULL, result TEXT NOT NULL DEFAULT '');
"""
CONTENT_RANGE = re.compile(r"bytes (?:(\d+)-(\d+)|\*)/(\d+|\*)$")


@dataclass(frozen=True)
class UploadSession:
    """One upload in progress. `total` is unknown (None) until the client says; `result` the file's id at the end."""

    id: str
    file_id: str
    metadata: str
    mime_type: str
    query: str
    total: int | None
    content: bytes
    started: int
    result: str


def prepare(state: State) -> None:
    """Create the table of sessions."""
    state.connection.executescript(TABLE)


def post(call: Call) -> Answer | Response:
    """POST below /upload. Google's Go clients, such as rclone, send the chunks of a session by POST too."""
    return put(call) if call.query.get("upload_id") else start(call)


def start(call: Call) -> Answer | Response:
    """POST or PATCH below /upload: open a session for uploadType=resumable, else take the content at once."""
    if call.query.get("uploadType") != "resumable":
        return upload(call)
    if "id" in call.path:
        visible(call, call.path["id"])
    session_id = "ADPycd" + secrets.token_urlsafe(30)
    total = call.headers.get("x-upload-content-length")
    if total and not total.isdigit():
        raise DriveError(400, "badRequest", f"Invalid X-Upload-Content-Length: {total}")
    row = (
        session_id,
        call.path.get("id", ""),
        json.dumps(call.json()),
        call.headers.get("x-upload-content-type", "application/octet-stream"),
        json.dumps(dict(call.query)),
        int(total) if total else None,
        b"",
        call.state.now(),
        "",
    )
    call.state.connection.execute("INSERT INTO drive_upload VALUES (?,?,?,?,?,?,?,?,?)", row)
    place = f"{call.base}/upload/drive/v3/files?uploadType=resumable&upload_id={session_id}"
    return Response(b"", 200, {"location": place, "x-guploader-uploadid": session_id})


def put(call: Call) -> Response:
    """PUT on a session: a chunk, or the question how much has arrived."""
    session = find_session(call)
    if session.result:
        return finished(call, session)
    first, total = chunk_place(call, session)
    if first is not None:
        session = stored(call, replace(session, total=total), first)
    elif total is not None:
        session = replace(session, total=total)
    if session.total is None or len(session.content) < session.total:
        received = {"range": f"bytes=0-{len(session.content) - 1}"} if session.content else {}
        return Response(b"", 308, received)
    return finished(call, session)


def find_session(call: Call) -> UploadSession:
    """The session that the address names; 404 when it is unknown or a week old."""
    query = "SELECT * FROM drive_upload WHERE id = ? AND started > ?"
    args = (call.query.get("upload_id", ""), call.state.now() - WEEK_MS)
    row = call.state.connection.execute(query, args).fetchone()
    if row is None:
        raise DriveError(404, "notFound", "Upload session not found. Start the upload over.", location="upload_id")
    return UploadSession(*row)


def chunk_place(call: Call, session: UploadSession) -> tuple[int | None, int | None]:
    """Where the chunk begins (None: a status question) and the total; 400 where the chunk rule is broken."""
    header = call.headers.get("content-range", "")
    if not header:
        return 0, len(call.body)
    match = CONTENT_RANGE.match(header)
    if match is None:
        raise DriveError(400, "badRequest", f"Failed to parse Content-Range header: {header}")
    total = session.total if match.group(3) == "*" else int(match.group(3))
    if match.group(1) is None:
        return None, total
    first, last = int(match.group(1)), int(match.group(2))
    final = total is not None and last + 1 == total
    wrong_size = last - first + 1 != len(call.body) or (not final and len(call.body) % CHUNK)
    if first > len(session.content) or wrong_size:
        message = "Invalid request. The number of bytes uploaded is required to be equal or greater than 262144, "
        raise DriveError(400, "badRequest", message + "except for the final request, and a multiple of it.")
    return first, total


def stored(call: Call, session: UploadSession, first: int) -> UploadSession:
    """The session with the chunk written at its place; a repeated chunk writes the same bytes again."""
    content = session.content[:first] + call.body
    sql = "UPDATE drive_upload SET content = ?, total = ? WHERE id = ?"
    call.state.connection.execute(sql, (content, session.total, session.id))
    return replace(session, content=content)


def finished(call: Call, session: UploadSession) -> Response:
    """The file, made of the session's content once and shown again on every later question."""
    query = json.loads(session.query)
    path = {"id": session.file_id} if session.file_id else {}
    call = replace(call, path=path, query=query)
    if session.result:
        return json_response({"kind": "drive#file", "id": session.result})
    sent = Upload(session.content, session.mime_type)
    answer = (updated if session.file_id else created)(call, json.loads(session.metadata), sent)
    sql = "UPDATE drive_upload SET result = ?, content = x'' WHERE id = ?"
    call.state.connection.execute(sql, (answer.body["id"], session.id))
    return shaped(answer, query.get("fields") or answer.default)
