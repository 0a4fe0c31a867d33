"""What can be made to go wrong, on request: a catalogue of faults and the middleware that plays them.

A fault is armed for some requests (vendor, part of the path, how many to let pass, how many to spoil) and is gone
afterwards. The body of an error is the vendor's own: `sandbox/{vendor}/faults.py: fault_response(name, retry_after=)`,
and so are some faults (`OWN` there).
"""

from __future__ import annotations

import asyncio
import itertools
import threading
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.vendors import VENDORS, fault_body, own_faults, vendor_of

CATALOGUE: dict[str, str] = {
    "expired_token": "The vendor answers that the access token has expired; a new sign-in works.",
    "rate_limited": "The vendor's own 'too many requests', with Retry-After when `retry_after` (seconds) is given.",
    "server_error": "500 with the vendor's JSON error.",
    "html_body": "503 with an HTML page instead of JSON, as an edge server sends it.",
    "cut_connection": "The right answer, cut in the middle of its body.",
    "slow_answer": "The right answer, after `seconds`.",
    "lost_locator": "The vendor has forgotten where a paged reading stood.",
}

# A locator or page token can be lost only where one is sent.
USUAL_PATH = {("lost_locator", "salesforce"): "/query/0", ("lost_locator", "google_drive"): "ageToken="}
# Tokens are not fetched with a token; only the data calls can find theirs expired.
TOKEN_PATHS = ("/services/oauth2/", "/oauth2/v1/", "/connect/oauth2", "/.well-known/", "/token")

EDGE_PAGE = "<html><head><title>503 Service Unavailable</title></head><body><h1>Down for maintenance</h1></body></html>"


@dataclass(frozen=True, slots=True)
class Fault:
    """One armed fault. Empty `vendor` means any; `path` is a part of path and query; `seconds` serves slow_answer."""

    fault: str
    vendor: str = ""
    path: str = ""
    times: int = 1
    after: int = 0
    retry_after: int | None = None
    seconds: float = 2.0
    id: int = field(default=0)

    def touches(self, vendor: str, target: str) -> bool:
        if self.vendor and self.vendor != vendor:
            return False
        if self.fault == "expired_token" and not self.path and target.startswith(TOKEN_PATHS):
            return False
        return (self.path or USUAL_PATH.get((self.fault, vendor), "")) in target


def vendor_for(name: str, vendor: str) -> str:
    """Whose requests a fault spoils: empty for any vendor's; one that a single vendor knows is that vendor's."""
    if name in CATALOGUE:
        return vendor
    knowing = [known for known in VENDORS if name in own_faults(known)]
    if knowing and vendor in ("", knowing[0]):
        return knowing[0]
    whose = f"{knowing[0]} alone has {name!r}" if knowing else f"unknown fault {name!r}"
    own = (fault for known in VENDORS for fault in own_faults(known))
    raise ValueError(f"{whose}; there are {', '.join([*CATALOGUE, *own])}")


class FaultBook:
    """The faults that are armed now. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._armed: list[Fault] = []
        self._ids = itertools.count(1)

    def arm(self, wish: dict[str, Any]) -> Fault:
        """Arm a fault. ValueError names what is wrong with the wish and what is accepted."""
        known = set(Fault.__dataclass_fields__) - {"id"}
        if unknown := sorted(set(wish) - known):
            raise ValueError(f"unknown word {unknown[0]!r}; accepted are {', '.join(sorted(known))}")
        vendor = vendor_for(str(wish.get("fault", "")), str(wish.get("vendor", "")))
        with self._lock:
            fault = Fault(**{**wish, "vendor": vendor}, id=next(self._ids))
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

    def strike(self, vendor: str, target: str) -> Fault | None:
        """The fault that spoils this request, if any; counts it down."""
        with self._lock:
            for place, fault in enumerate(self._armed):
                if not fault.touches(vendor, target):
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

    def __init__(self, app: ASGIApp, book: FaultBook) -> None:
        self.app = app
        self.book = book

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        vendor = vendor_of(scope["path"]) if scope["type"] == "http" else None
        target = f"{scope['path']}?{scope['query_string'].decode('latin-1')}" if vendor else ""
        fault = self.book.strike(vendor, target) if vendor else None
        if fault is None or vendor is None:
            await self.app(scope, receive, send)
        elif fault.fault == "slow_answer":
            await asyncio.sleep(fault.seconds)
            await self.app(scope, receive, send)
        elif fault.fault == "cut_connection":
            await self.app(scope, receive, _cutting(send))
        else:
            await spoiled(fault, vendor)(scope, receive, send)


def spoiled(fault: Fault, vendor: str) -> Response:
    """The error answer of a fault: the vendor's own, or a plain one where the vendor has none."""
    body = fault_body(vendor)
    own = body(fault.fault, retry_after=fault.retry_after) if body else None
    return own if own is not None else _plain(fault)


def _plain(fault: Fault) -> Response:
    retry = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
    match fault.fault:
        case "expired_token":
            return JSONResponse({"error": "invalid_token"}, 401)
        case "rate_limited":
            return JSONResponse({"error": "too many requests"}, 429, headers=retry)
        case "server_error":
            return JSONResponse({"error": "internal error"}, 500)
        case "lost_locator":
            return PlainTextResponse("unknown locator", 410)
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
