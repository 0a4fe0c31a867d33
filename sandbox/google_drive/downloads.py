"""files.download: a long-running operation that ends in an address, for any size of native document.

Sources: the discovery document (Operation), and Google's guide on downloads. An operation is valid for 24 hours; all
that there is to know of it stands in its name.
"""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any

from sandbox.google_drive import content
from sandbox.google_drive.resource import EXPORTS, export_links, native_kind
from sandbox.google_drive.tree import File
from sandbox.google_drive.wire import Answer, Call, DriveError, invalid

VALID_MS = 24 * 3_600_000
TYPES = "type.googleapis.com/google.apps.drive.v3."


def start(call: Call) -> Answer:
    """POST /drive/v3/files/{id}/download?mimeType=&revisionId=: the operation, not done yet."""
    file = content.seen(call)
    wish = {name: call.query[name] for name in ("mimeType", "revisionId") if call.query.get(name)}
    check(file, wish)
    named = json.dumps([file.id, wish, call.state.now()]).encode()
    name = base64.urlsafe_b64encode(named).decode().rstrip("=")
    return Answer({"name": name, "metadata": {"@type": TYPES + "DownloadFileMetadata"}}, "Operation")


def check(file: File, wish: dict[str, str]) -> None:
    """A format can be chosen for native documents only, and only one that the editor has."""
    formats = EXPORTS.get(native_kind(file.body["mimeType"]))
    if not formats and not file.body.get("_blob"):
        raise DriveError(403, "fileNotDownloadable", content.NOT_BINARY)
    if "mimeType" in wish and wish["mimeType"] not in (formats or {}):
        raise invalid("mimeType")


def look(call: Call) -> Answer:
    """GET /drive/v3/operations/{name}: done, with the address of the content."""
    name = call.path["name"]
    try:
        file_id, wish, started = json.loads(base64.urlsafe_b64decode(name + "=" * (-len(name) % 4)))
        alive = call.state.now() - started < VALID_MS
    except (ValueError, TypeError, binascii.Error):
        alive = False
    if not alive:
        raise DriveError(404, "notFound", f"Operation not found: {name}.", location="name")
    address = {"downloadUri": place(call, file_id, wish), "partialDownloadAllowed": "mimeType" not in wish}
    response = {"@type": TYPES + "DownloadFileResponse", **address}
    operation: dict[str, Any] = {"name": name, "done": True, "response": response}
    return Answer(operation | {"metadata": {"@type": TYPES + "DownloadFileMetadata"}}, "Operation")


def place(call: Call, file_id: str, wish: dict[str, str]) -> str:
    """Where the bytes are; they are fetched with the same bearer."""
    file = content.found(call, file_id)
    kind = native_kind(file.body["mimeType"])
    if kind in EXPORTS:
        links, stored = export_links(file_id, kind, call.base), file.body.get("_exports") or {}
        return links[wish.get("mimeType") or next((mime for mime in links if mime in stored), next(iter(links)))]
    revision = f"/revisions/{wish['revisionId']}" if "revisionId" in wish else ""
    return f"{call.base}/drive/v3/files/{file_id}{revision}?alt=media"
