"""How Drive talks: calls, answers with partial fields, errors with their reasons, the method override.

Sources: the public discovery document of Drive v3, and Google's guide on handling errors.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

import orjson
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from sandbox.google_drive.fields import FieldsError, parse_fields, select
from sandbox.state import State

JSON_TYPE = "application/json; charset=UTF-8"
log = logging.getLogger(__name__)
BAD_SHAPE = (AttributeError, TypeError, KeyError, ValueError)
"""What text where an object is expected, and the like, comes to."""
STATUS_WORDS = {401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED"}


@dataclass(frozen=True)
class Call:
    """One request, read to its end. `query` holds the last value of each parameter; header names are lower-case.

    `fault`: what was armed for it and is to be played (`faults.PLAYED`).
    """

    state: State
    method: str
    path: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    base: str
    scopes: frozenset[str] = frozenset()
    user: str = ""
    fault: str = ""

    def flag(self, name: str, *, default: bool = False) -> bool:
        """A boolean parameter as Google reads it."""
        return self.query.get(name, str(default)).lower() in ("true", "1")

    def number(self, name: str, default: int, most: int) -> int:
        """A number of one or more, brought down to the most. DriveError when it is none."""
        text = self.query.get(name, str(default))
        if not (text.isascii() and text.isdigit()) or int(text) < 1:
            raise invalid(name, f"Invalid value '{text}'. Values must be within the range: [1, {most}]")
        return min(int(text), most)

    def json(self) -> dict[str, Any]:
        """The body as a JSON object. DriveError (400 parseError) when it is none."""
        if not self.body.strip():
            return {}
        try:
            value = orjson.loads(self.body)
        except orjson.JSONDecodeError:
            raise DriveError(400, "parseError", "Parse Error") from None
        if not isinstance(value, dict):
            raise DriveError(400, "parseError", "Parse Error")
        return value


@dataclass(frozen=True)
class Answer:
    """A resource to send: its type for the check of `fields`, what is sent when nothing was asked, and headers."""

    body: dict[str, Any]
    schema: str
    default: str = "*"
    status: int = 200
    headers: Mapping[str, str] | None = None


class DriveError(Exception):
    """An error as Drive words it."""

    def __init__(
        self,
        status: int,
        reason: str,
        message: str,
        *,
        location: str = "",
        location_type: str = "parameter",
        domain: str = "global",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.reason, self.message, self.domain = status, reason, message, domain
        self.location, self.location_type, self.headers = location, location_type, headers

    def response(self) -> Response:
        """The error's body and status."""
        item = {"message": self.message, "domain": self.domain, "reason": self.reason}
        if self.location:
            item |= {"location": self.location, "locationType": self.location_type}
        error: dict[str, Any] = {"code": self.status, "message": self.message, "errors": [item]}
        if self.status in STATUS_WORDS:
            error["status"] = STATUS_WORDS[self.status]
        return json_response({"error": error}, self.status, self.headers)


def invalid(location: str, message: str = "Invalid Value") -> DriveError:
    """400 `invalid` for a parameter."""
    return DriveError(400, "invalid", message, location=location)


def not_found(file_id: str) -> DriveError:
    """404, the same for a file that is not there and one that the caller may not see."""
    return DriveError(404, "notFound", f"File not found: {file_id}.", location="fileId")


def json_response(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A JSON body with Google's content type."""
    return Response(orjson.dumps(value), status, dict(headers or {}), media_type=JSON_TYPE)


Handler = Callable[[Call], Answer | Response]
Endpoint = Callable[[Request], Awaitable[Response]]
Check = Callable[[Call], Call]


def endpoint(state: State, methods: Mapping[str, tuple[Handler, Check]]) -> Endpoint:
    """An endpoint that picks the handler by method, after any `X-HTTP-Method-Override`."""

    async def serve(request: Request) -> Response:
        call = read_call(state, request, await request.body())
        if call.method not in methods:
            return DriveError(405, "httpMethodNotAllowed", "Method Not Allowed").response()
        handler, check = methods[call.method]
        return await run_in_threadpool(answer, handler, check, call)

    return serve


def read_call(state: State, request: Request, body: bytes) -> Call:
    """The request as a Call. Google's clients send a GET with a long URL as POST with the query in the body."""
    method, query = request.method, dict(request.query_params)
    override = request.headers.get("x-http-method-override", "").upper()
    if override and method == "POST":
        method = override
        if request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            query |= dict(parse_qsl(body.decode(), keep_blank_values=True))
            body = b""
    headers = {name.lower(): value for name, value in request.headers.items()}
    base, fault = str(request.base_url).rstrip("/"), str(request.scope.get("fault", ""))
    return Call(state, method, request.path_params, query, headers, body, base, fault=fault)


def answer(handler: Handler, check: Check, call: Call) -> Response:
    """Run a handler and shape what it gives: partial fields, errors."""
    try:
        result = handler(check(call))
        return result if isinstance(result, Response) else shaped(result, call.query.get("fields") or result.default)
    except DriveError as error:
        return error.response()
    except BAD_SHAPE as error:
        if not call.body:
            raise
        log.info("a body of the wrong shape", exc_info=error)
        return DriveError(400, "badRequest", f"Invalid JSON payload received: {error}").response()


def shaped(result: Answer, fields: str) -> Response:
    """The resource cut down to the fields that were asked for."""
    try:
        mask = parse_fields(fields, result.schema)
    except FieldsError as error:
        raise DriveError(400, "invalidParameter", str(error), location="fields") from None
    return json_response(select(result.body, mask), result.status, result.headers)
