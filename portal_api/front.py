"""The portal's outermost layer, one ASGI class: security headers, foreign forms, HEAD, failures, counts."""

from __future__ import annotations

import logging
import time
from urllib.parse import urlsplit

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnectionLeft
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from portal_api.pages import new_reference, problem
from portal_api.portal import Portal
from portal_api.turns import Turns

POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = (
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    # Not no-referrer: with that, browsers send `Origin: null` with our own forms.
    (b"referrer-policy", b"same-origin"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=()"),
)
HTTPS_ONLY = (b"strict-transport-security", b"max-age=31536000")
SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
UNKNOWN_ROUTE = "(none)"

log = logging.getLogger(__name__)


def is_foreign(headers: Headers, public_host: str) -> bool:
    """Whether another site's page sent this form. A browser always says where a form comes from; a program need not."""
    if headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        return True
    origin = headers.get("origin")
    return origin is not None and urlsplit(origin).netloc not in {headers.get("host"), public_host}


class Front:
    """Wraps the application. Nothing that goes wrong inside leaves without a page, a reference and a log line."""

    def __init__(self, app: ASGIApp, portal: Portal) -> None:
        self._app = app
        self._portal = portal
        self._turns = Turns()
        self._host = urlsplit(portal.public_url).netloc
        self._headers = [*HEADERS, HTTPS_ONLY] if portal.secure else list(HEADERS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope.setdefault("state", {})
        answer = _Answer(send, self._headers, headless=scope["method"] == "HEAD")
        started = time.perf_counter()
        await self._turns.mine()
        await self._answer(scope, receive, answer)
        self._portal.metrics.answered(_route(scope), answer.status, time.perf_counter() - started)

    async def _answer(self, scope: Scope, receive: Receive, answer: _Answer) -> None:
        request = Request(scope, receive)
        if scope["method"] not in SAFE and is_foreign(request.headers, self._host):
            await _foreign(request)(scope, receive, answer)
            return
        # Routes answer GET; what they record must still know that nobody read the page.
        inner = {**scope, "method": "GET", "state": {**scope["state"], "head": True}} if answer.headless else scope
        try:
            await self._app(inner, receive, answer)
        except Exception as error:
            if answer.started:
                raise
            await _failure(request, _route(inner), error)(scope, receive, answer)
        finally:
            if answer.headless and "route" in inner:
                scope["route"] = inner["route"]


class _Answer:
    """Passes an answer on, with our headers; without its body where only the head was asked for."""

    def __init__(self, send: Send, headers: list[tuple[bytes, bytes]], *, headless: bool) -> None:
        self._send = send
        self._headers = headers
        self.headless = headless
        self.started = False
        self.status = 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started, self.status = True, message["status"]
            present = {name for name, _ in message["headers"]}
            message["headers"] = [*message["headers"], *(pair for pair in self._headers if pair[0] not in present)]
        elif self.headless and message["type"] == "http.response.body":
            message = {**message, "body": b""}
        await self._send(message)


def _foreign(request: Request) -> Response:
    log.warning("refused a form from another site: %s", request.url.path)
    sentence = "This form was sent from another site, so nothing was changed."
    return problem(request, 403, "403", sentence, "Open the page here and try again.")


def _route(scope: Scope) -> str:
    return getattr(scope.get("route"), "path", UNKNOWN_ROUTE)


def _failure(request: Request, route: str, error: Exception) -> Response:
    reference = new_reference()
    # The route, not the path: a sign-in link's path opens a door.
    log.error("%s %s failed, reference %s", request.method, route, reference, exc_info=error)
    if isinstance(error, DBAPIError | NoConnectionLeft):
        sentence = "Your data cannot be reached at the moment."
        return problem(request, 503, "503", sentence, "Try again in a minute.", reference=reference)
    sentence = "Something went wrong on our side."
    return problem(request, 500, "500", sentence, "Try again in a minute.", reference=reference)
