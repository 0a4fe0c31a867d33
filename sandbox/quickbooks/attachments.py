"""Attachments: uploaded with their metadata, tied to an object, fetched from an address that is good for minutes.

Source: the vendor's page on attachments, and the multipart body that python-quickbooks sends.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from email import message_from_bytes
from email.message import Message
from typing import Any

from starlette.responses import PlainTextResponse, Response

from sandbox.quickbooks import checks, writes
from sandbox.quickbooks.entities import ENTITIES, ENVELOPE, VENDOR
from sandbox.quickbooks.faults import Fault, misshapen, missing, not_found
from sandbox.quickbooks.wire import Call, enveloped, headers, reply, served
from sandbox.state import Record, State

KIND = "Attachable"
GOOD_MS = 15 * 60_000
SECRET = "quickbooks_attachment_secret"  # noqa: S105 - the name of a fact
METADATA, CONTENT = "file_metadata_", "file_content_"
Body = dict[str, Any]


def upload(call: Call) -> Response:
    """POST /upload: one Attachable for each file, in pairs `file_metadata_01` and `file_content_01`."""
    parts = {str(part.get_param("name", "", "content-disposition")): part for part in parts_of(call)}
    numbers = sorted(name.removeprefix(CONTENT) for name in parts if name.startswith(CONTENT))
    if not numbers:
        raise missing("file_content_01")
    answers = [answered(call, parts.get(METADATA + number), parts[CONTENT + number]) for number in numbers]
    return reply(enveloped(call.state, {"AttachableResponse": answers}))


def parts_of(call: Call) -> list[Message]:
    """The parts of a multipart body."""
    head = f"Content-Type: {call.headers.get('content-type', '')}\n\n".encode()
    message = message_from_bytes(head + call.body)
    payload = message.get_payload()
    if not message.is_multipart() or not isinstance(payload, list):
        raise misshapen("A multipart body is expected")
    return [part for part in payload if isinstance(part, Message)]


def answered(call: Call, metadata: Message | None, content: Message) -> Body:
    """One file's answer; a fault concerns that file alone."""
    try:
        with call.state.transaction():
            return {KIND: linked(call, served(kept(call, metadata, content)))}
    except Fault as fault:
        return fault.body()


def kept(call: Call, metadata: Message | None, content: Message) -> Record:
    """Store a file; what the metadata leave out is taken from the part itself."""
    told = writes.payload(bytes_of(metadata)) if metadata is not None else {}
    checks.check_body(ENTITIES[KIND], told)
    data = bytes_of(content)
    body = {"FileName": content.get_filename() or "attachment", "ContentType": content.get_content_type()}
    body |= {name: value for name, value in told.items() if name not in ENVELOPE and value is not None}
    id_ = writes.next_id(call.state)
    place = f"/v3/company/{call.path['realm']}/download/{id_}"
    facts = {"Id": id_, "Size": len(data), "FileAccessUri": place, "_blob": call.state.put_blob(data)}
    return writes.store(call.state, ENTITIES[KIND], id_, None, body | facts)


def bytes_of(part: Message) -> bytes:
    """A part's content, decoded from base64 where it says so."""
    found = part.get_payload(decode=True)
    return found if isinstance(found, bytes) else b""


def linked(call: Call, body: Body) -> Body:
    """An Attachable with an address for its bytes; a note alone has none."""
    return body | ({"TempDownloadUri": address(call, str(body["Id"]))} if "FileAccessUri" in body else {})


def address(call: Call, id_: str) -> str:
    """Where a file can be fetched without a token, for a quarter of an hour."""
    until = call.state.now() + GOOD_MS
    return f"{call.base}/v3/company/files/{id_}?until={until}&signature={signature(call.state, id_, str(until))}"


def signature(state: State, id_: str, until: str) -> str:
    """What makes an address good."""
    with state.transaction():
        if not state.fact(SECRET):
            state.set_fact(SECRET, secrets.token_hex(16))
    return hmac.new(state.fact(SECRET).encode(), f"{id_} {until}".encode(), hashlib.sha256).hexdigest()


def download(call: Call) -> Response:
    """GET /download/{id}: the address as text."""
    record = call.state.get(VENDOR, KIND, call.path["id"])
    if record is None or record.deleted or "_blob" not in record.body:
        raise not_found()
    return PlainTextResponse(address(call, record.id), headers=headers())


def file(call: Call) -> Response:
    """The bytes behind an address; the store that Intuit keeps files in refuses an old one with 403."""
    id_, until, given = call.path["id"], call.query.get("until", ""), call.query.get("signature", "")
    good = hmac.compare_digest(given.encode(), signature(call.state, id_, until).encode())
    record = call.state.get(VENDOR, KIND, id_)
    if not good or int(until) < call.state.now() or record is None or record.deleted:
        error = "<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>"
        return Response(error, 403, media_type="application/xml")
    name = json.dumps(str(record.body.get("FileName", "")))
    disposition = {"content-disposition": f"attachment; filename={name}".encode("ascii", "replace").decode()}
    return Response(call.state.blob(record.body["_blob"]), headers=disposition, media_type=record.body["ContentType"])
