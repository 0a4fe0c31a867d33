"""What can be made to go wrong, on request: the faults that are armed and the middleware that plays them.

A fault is armed for some requests (vendor, part of the path, how many to let pass, how many to spoil) and is gone
afterwards. The body of an error is the vendor's own: `sandbox/{vendor}/faults.py: fault_response(name, retry_after=,
path=)`, and so are some faults (`OWN` there). What a vendor cannot have stands there too (`LACKS`), which calls a fault
belongs to (`USUAL`), and what is no error but another answer (`PLAYED`).
"""

from __future__ import annotations

import asyncio
import itertools
import re
import threading
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, QueryParams
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox import bearers
from sandbox.arming import checked, usual
from sandbox.state import State
from sandbox.vendors import fault_body, lacking, played, vendor_of

EXPIRED = "expired_token"
"""Ends the token that a request carries, so that the vendor itself refuses it, now and ever after."""

EDGE_PAGE = "<html><head><title>503 Service Unavailable</title></head><body><h1>Down for maintenance</h1></body></html>"


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as faults look at it: whose it is, its method, path and query, and the access token that it carries."""

    vendor: str
    method: str
    target: str
    bearer: str = ""


@dataclass(frozen=True, slots=True)
class Fault:
    """One armed fault. Empty `vendor` means any; `path` is a part of path and query; `seconds` serves slow_answer.

    Without a `path` it strikes where the vendor answers so (`sandbox.arming.usual`).
    """

    fault: str
    vendor: str = ""
    path: str = ""
    times: int = 1
    after: int = 0
    retry_after: int | None = None
    seconds: float = 2.0
    id: int = field(default=0)

    def touches(self, asked: Asked) -> bool:
        if (self.vendor and self.vendor != asked.vendor) or self.fault in lacking(asked.vendor):
            return False
        if self.fault == EXPIRED and not asked.bearer:
            return False
        if self.path:
            return self.path in asked.target
        methods, where = usual(asked.vendor, self.fault)
        return (not methods or asked.method in methods.split()) and re.search(where, asked.target) is not None


class FaultBook:
    """The faults that are armed now. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._armed: list[Fault] = []
        self._ids = itertools.count(1)

    def arm(self, wish: dict[str, Any]) -> Fault:
        """Arm a fault. ValueError names what is wrong with the wish and what is accepted."""
        right = checked(wish)
        with self._lock:
            fault = Fault(**right, id=next(self._ids))
            self._armed.append(fault)
        return fault

    def armed(self) -> list[dict[str, Any]]:
        """What is armed, with what is left of it."""
        with self._lock:
            return [asdict(fault) for fault in self._armed]

    def clear(self, id_: int | None = None) -> None:
        """Disarm one fault, or all."""
        with self._lock:
            self._armed = [fault for fault in self._armed if id_ is not None and fault.id != id_]

    def strike(self, asked: Asked) -> Fault | None:
        """The fault that spoils this request, if any; counts it down."""
        with self._lock:
            for place, fault in enumerate(self._armed):
                if not fault.touches(asked):
                    continue
                if fault.after > 0:
                    self._armed[place] = replace(fault, after=fault.after - 1)
                    continue
                if fault.times > 1:
                    self._armed[place] = replace(fault, times=fault.times - 1)
                else:
                    del self._armed[place]
                return fault
        return None


class FaultMiddleware:
    """Plays the armed faults on the vendors' paths; the sandbox's own pages are never touched."""

    def __init__(self, app: ASGIApp, state: State, book: FaultBook) -> None:
        self.app, self.state, self.book = app, state, book

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = asked_of(scope) if scope["type"] == "http" else None
        fault = self.book.strike(asked) if asked else None
        if fault is None or asked is None:
            await self.app(scope, receive, send)
        elif fault.fault == EXPIRED:
            await run_in_threadpool(bearers.end, self.state, asked.vendor, asked.bearer)
            await self.app(scope, receive, send)
        elif fault.fault == "slow_answer":
            await asyncio.sleep(fault.seconds)
            await self.app(scope, receive, send)
        elif fault.fault == "cut_connection":
            await self.app(scope, receive, _cutting(send))
        elif fault.fault in played(asked.vendor):
            await self.app({**scope, "fault": fault.fault}, receive, send)
        else:
            await spoiled(fault, asked)(scope, receive, send)


def asked_of(scope: Scope) -> Asked | None:
    """What is asked of a vendor; None for the sandbox's own pages."""
    vendor, query = vendor_of(scope["path"]), scope["query_string"].decode("latin-1")
    if vendor is None:
        return None
    bearer = bearers.sent(Headers(scope=scope), QueryParams(query))
    return Asked(vendor, scope["method"], f"{scope['path']}?{query}", bearer)


def spoiled(fault: Fault, asked: Asked) -> Response:
    """The error answer of a fault: the vendor's own, or a plain one where the vendor has none."""
    body = fault_body(asked.vendor)
    own = body(fault.fault, retry_after=fault.retry_after, path=asked.target) if body else None
    return own if own is not None else _plain(fault)


def _plain(fault: Fault) -> Response:
    retry = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
    match fault.fault:
        case "rate_limited":
            return JSONResponse({"error": "too many requests"}, 429, headers=retry)
        case "server_error":
            return JSONResponse({"error": "internal error"}, 500)
        case _:
            return HTMLResponse(EDGE_PAGE, 503, headers=retry)


def _cutting(send: Send) -> Send:
    """Sends the headers and half of the first piece of the body, then nothing: the server closes the connection."""
    cut = False

    async def half(message: Message) -> None:
        nonlocal cut
        if message["type"] == "http.response.start":
            await send(message)
        elif not cut:
            cut = True
            body = message.get("body", b"")
            await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})

    return half
