"""A load generator that needs nothing: N keep-alive connections, each asks again as soon as it is answered.

closed_loop.py PORT COOKIE CONNECTIONS SECONDS      prints {"rate", "p50", "p99"}: requests a second, milliseconds
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time

LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)
WARM_SECONDS = 1.0


class Asker(asyncio.Protocol):
    """One connection. Every answer must be a 200 with a length."""

    def __init__(self, request: bytes, until: float, times: list[tuple[float, float]]) -> None:
        self.request, self.until, self.times = request, until, times
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.buffer, self.size = bytearray(), 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.ask()

    def ask(self) -> None:
        self.buffer.clear()
        self.size, self.sent = 0, time.perf_counter()
        self.transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        if not self.size:
            end = self.buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            if not self.buffer.startswith(b"HTTP/1.1 200"):
                sys.exit(f"not a page: {bytes(self.buffer[:80])!r}")
            self.size = end + 4 + int(LENGTH.search(self.buffer, 0, end + 2)[1])
        if len(self.buffer) < self.size:
            return
        now = time.perf_counter()
        self.times.append((now, now - self.sent))
        if now < self.until:
            self.ask()
        else:
            self.transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_result(None)


async def load(port: int, cookie: str, connections: int, seconds: float) -> dict[str, float]:
    request = f"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: frontdesk={cookie}\r\nUser-Agent: Mozilla/5.0\r\n\r\n"
    times: list[tuple[float, float]] = []
    start = time.perf_counter()
    until = start + WARM_SECONDS + seconds
    loop = asyncio.get_running_loop()
    askers = [
        (await loop.create_connection(lambda: Asker(request.encode(), until, times), "127.0.0.1", port))[1]
        for _ in range(connections)
    ]
    await asyncio.gather(*(asker.done for asker in askers))
    kept = sorted(taken for at, taken in times if start + WARM_SECONDS <= at <= until)
    return {
        "rate": len(kept) / seconds,
        "p50": kept[len(kept) // 2] * 1000,
        "p99": kept[int(len(kept) * 0.99)] * 1000,
    }


if __name__ == "__main__":
    print(json.dumps(asyncio.run(load(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), float(sys.argv[4])))))
