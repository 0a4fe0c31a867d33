"""The mail catcher: a real SMTP server that keeps every message, and pages to read them.

Nothing is ever sent on. Scripts of a message never run: its HTML is shown in a sandboxed frame under a policy that
allows no script and loads nothing from anywhere.
"""

from __future__ import annotations

import email
import re
from collections.abc import Callable, Iterable, Sequence
from email import policy
from email.message import EmailMessage
from functools import cache, partial
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from jinja2 import Environment, FileSystemLoader
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox.state import Record, State

VENDOR, KIND = "mail", "message"
MOST_BYTES = 10 * 1024 * 1024
LISTED = 100
PAGES = Path(__file__).parent / "pages"
LINK = re.compile(r"https?://[^\s<>\"']+[^\s<>\"'.,;:!?)\]]")

# The frame may open links in a tab of their own, and nothing else. Images must come inside the message.
FRAME_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox allow-popups allow-popups-to-escape-sandbox"
)
PAGE_POLICY = "default-src 'none'; style-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'"
SAFE = {"x-content-type-options": "nosniff", "referrer-policy": "no-referrer", "cache-control": "no-store"}
# In the frame a link would open inside it; a person wants the portal's page, so it opens in a new tab. The doctype must
# come first of all, or the frame shows every mail as pages were shown in 1998; the mail's own is then passed over.
FRAME_START = '<!doctype html><base target="_blank">'


class Catcher:
    """Takes every message that arrives and stores it."""

    def __init__(self, state: State) -> None:
        self.state = state

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        content = envelope.content or b""
        raw = content.encode("utf-8", "surrogateescape") if isinstance(content, str) else content
        recipients, sender = list(envelope.rcpt_tos), envelope.mail_from or ""
        kept = await run_in_threadpool(keep, self.state, sender, recipients, raw)
        return f"250 2.0.0 kept as {kept.id}"


def start_mail(state: State, port: int, host: str = "127.0.0.1") -> Controller:
    """A running SMTP server. Port 0 takes a free one; `port_of` tells which. `stop()` ends it. OSError when taken."""
    controller = Controller(Catcher(state), hostname=host, port=port, data_size_limit=MOST_BYTES, decode_data=False)
    if port == 0:
        # aiosmtpd tries its own address after starting, so it must know the port before.
        controller.port = free_port(host)
    controller.start()
    return controller


def port_of(controller: Controller) -> int:
    """The port that a running mail server listens on."""
    return int(controller.port)


def free_port(host: str) -> int:
    """A port that nobody listens on just now."""
    import socket

    with socket.create_server((host, 0)) as listener:
        return int(listener.getsockname()[1])


def keep(state: State, sender: str, recipients: Sequence[str], raw: bytes) -> Record:
    """Store a message as it came, with what the pages show of it."""
    message = email.message_from_bytes(raw, policy=policy.default)
    text, html = part_text(message, "plain"), part_text(message, "html")
    body: dict[str, Any] = {"from": sender, "to": list(recipients), "subject": subject_of(message)}
    body |= {"text": text, "html": html, "links": links_of(text, html), "headers": headers_of(message)}
    body |= {"attachments": [attachment(part) for part in message.iter_attachments()], "_raw": state.put_blob(raw)}
    with state.transaction():
        return state.put(VENDOR, KIND, f"{state.count(VENDOR, KIND, '1') + 1:06}", body)


def part_text(message: EmailMessage, kind: str) -> str:
    """The body of a kind as text; empty when there is none. An unknown charset is read as well as possible."""
    part = message.get_body((kind,))
    if part is None:
        return ""
    try:
        return str(part.get_content())
    except (LookupError, UnicodeDecodeError):
        payload = part.get_payload(decode=True)
        return payload.decode("utf-8", "replace") if isinstance(payload, bytes) else ""


def subject_of(message: EmailMessage) -> str:
    """The subject in words."""
    return str(message.get("subject", "")).strip() or "(no subject)"


def headers_of(message: EmailMessage) -> list[list[str]]:
    """Every header in its order; ones that cannot be parsed stand as they came."""
    return [[name, " ".join(str(value).split())] for name, value in message.items()]


def attachment(part: Any) -> dict[str, Any]:
    """What is attached, without its bytes."""
    payload = part.get_payload(decode=True) or b""
    return {"name": part.get_filename() or "unnamed", "type": part.get_content_type(), "size": len(payload)}


def links_of(text: str, html: str) -> list[str]:
    """Each address that the message links to, once, in order."""
    hrefs = [address.replace("&amp;", "&") for address in re.findall(r"href=[\"'](https?://[^\"']+)", html)]
    return list(dict.fromkeys([*LINK.findall(text), *hrefs]))


def pieces(text: str) -> list[tuple[str, bool]]:
    """Text cut at its links: (piece, whether it is a link)."""
    found, position = [], 0
    for match in LINK.finditer(text):
        found += [(text[position : match.start()], False), (match.group(), True)]
        position = match.end()
    return [piece for piece in [*found, (text[position:], False)] if piece[0]]


def messages(state: State, to: str = "", limit: int = LISTED) -> list[Record]:
    """Messages, newest first, to one address or to all."""
    where, args = "deleted = 0", []
    if to:
        where += " AND EXISTS (SELECT 1 FROM json_each(body, '$.to') t WHERE lower(t.value) = lower(?))"
        args = [to]
    return list(state.select(VENDOR, KIND, where, [*args, limit], "ORDER BY id DESC LIMIT ?"))


def shown(record: Record) -> dict[str, Any]:
    """A message as JSON. `at` is ms since 1970 UTC."""
    return {"id": record.id, "at": record.created, **{k: v for k, v in record.body.items() if not k.startswith("_")}}


@cache
def pages() -> Environment:
    """The templates, everything escaped."""
    return Environment(loader=FileSystemLoader(PAGES), autoescape=True, trim_blocks=True, lstrip_blocks=True)


def page(name: str, **context: Any) -> Response:
    """A page of the mail catcher."""
    html = pages().get_template(name).render(**context)
    return HTMLResponse(html, headers={**SAFE, "content-security-policy": PAGE_POLICY})


def clock(record: Record) -> str:
    """When a message came, for people."""
    import datetime as dt

    return dt.datetime.fromtimestamp(record.created / 1000, dt.UTC).strftime("%d %b %Y, %H:%M:%S UTC")


def list_page(state: State, request: Request) -> Response:
    """GET /mail."""
    to = request.query_params.get("to", "")
    rows = [{**shown(record), "when": clock(record)} for record in messages(state, to)]
    return page("mail.html", messages=rows, to=to)


def message_page(state: State, request: Request) -> Response:
    """GET /mail/{id}."""
    record = state.get(VENDOR, KIND, request.path_params["id"])
    if record is None or record.deleted:
        return PlainTextResponse("There is no such message.", 404)
    return page("mail_message.html", message=shown(record), when=clock(record), text=pieces(record.body["text"]))


def message_html(state: State, request: Request) -> Response:
    """GET /mail/{id}/html: the HTML part for the frame."""
    record = state.get(VENDOR, KIND, request.path_params["id"])
    if record is None or record.deleted:
        return PlainTextResponse("There is no such message.", 404)
    return HTMLResponse(FRAME_START + record.body["html"], headers={**SAFE, "content-security-policy": FRAME_POLICY})


def message_list(state: State, request: Request) -> Response:
    """GET /mail/messages?to=&limit=: newest first."""
    limit = request.query_params.get("limit", str(LISTED))
    found = messages(state, request.query_params.get("to", ""), int(limit) if limit.isdigit() else LISTED)
    return JSONResponse({"messages": [shown(record) for record in found]}, headers=SAFE)


def clear(state: State, _request: Request) -> Response:
    """DELETE /mail/messages: an empty mailbox. Ids are not used again."""
    with state.transaction():
        for record in messages(state, limit=-1):
            state.put(VENDOR, KIND, record.id, {"to": []}, deleted=True)
    return Response(status_code=204)


def style(_state: State, _request: Request) -> Response:
    """GET /mail/style.css."""
    return FileResponse(PAGES / "mail.css", media_type="text/css")


Handler = Callable[[State, Request], Response]
PATHS: Iterable[tuple[str, str, Handler]] = (
    ("/mail", "GET", list_page),
    ("/mail/messages", "GET", message_list),
    ("/mail/messages", "DELETE", clear),
    ("/mail/style.css", "GET", style),
    ("/mail/{id}", "GET", message_page),
    ("/mail/{id}/html", "GET", message_html),
)


def routes(state: State) -> list[BaseRoute]:
    """The mail pages and their JSON."""
    return [Route(path, threaded(partial(handler, state)), methods=[method]) for path, method, handler in PATHS]


def threaded(handler: Callable[[Request], Response]) -> Callable[[Request], Any]:
    """An endpoint that runs a handler in a thread, where SQLite may block."""

    async def serve(request: Request) -> Response:
        return await run_in_threadpool(handler, request)

    return serve
