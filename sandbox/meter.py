"""Counts and lists the requests to each vendor, so that tests and benchmarks can prove "one request a stream"."""

from __future__ import annotations

import threading
from collections import Counter, deque
from email.utils import formatdate
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.state import State
from sandbox.vendors import vendor_of

REMEMBERED = 500


class RequestLog:
    """How many requests each vendor has had since the last reset, and the last of them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()
        self._last: deque[dict[str, Any]] = deque(maxlen=REMEMBERED)

    def add(self, vendor: str, method: str, path: str, query: str, status: int) -> None:
        entry = {"vendor": vendor, "method": method, "path": path, "query": query, "status": status}
        with self._lock:
            self._counts[vendor] += 1
            self._last.append(entry)

    def report(self, vendor: str = "") -> dict[str, Any]:
        """Count and last requests, oldest first, of one vendor or of all."""
        with self._lock:
            last = [entry for entry in self._last if vendor in ("", entry["vendor"])]
            count = self._counts[vendor] if vendor else self._counts.total()
            return {"count": count, "by_vendor": dict(self._counts), "last": last}

    def reset(self) -> None:
        with self._lock:
            self._counts.clear()
            self._last.clear()


class MeterMiddleware:
    """Logs vendors' requests and stamps every answer with the sandbox's own clock (the `Date` header)."""

    def __init__(self, app: ASGIApp, state: State, log: RequestLog) -> None:
        self.app, self.state, self.log = app, state, log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        vendor = vendor_of(scope["path"])

        async def stamp(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.setdefault("Date", formatdate(self.state.now() / 1000, usegmt=True))
                if vendor:
                    query = scope["query_string"].decode("latin-1")
                    self.log.add(vendor, scope["method"], scope["path"], query, message["status"])
            await send(message)

        await self.app(scope, receive, stamp)
