"""Requests begin one per round of the event loop, in the order they came.

Answering from SQLite awaits nothing, so all requests that one poll finds would be answered before the next poll, and
the kernel's list keeps old places: whoever asks just after a poll may wait for two whole rounds while others wait for
one. Polling between beginnings makes the wait of everybody the same.
"""

from __future__ import annotations

import asyncio
from collections import deque


class Turns:
    """The queue of one event loop. Only beginnings are in turn: what awaits something holds up nobody."""

    def __init__(self) -> None:
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._busy = False

    async def mine(self) -> None:
        """Return when this request may begin."""
        loop = asyncio.get_running_loop()
        if not self._busy:
            self._busy = True
            loop.call_soon(self._next)
            return
        turn: asyncio.Future[None] = loop.create_future()
        self._waiting.append(turn)
        await turn

    def _next(self) -> None:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():  # who gave up while waiting is done
                turn.set_result(None)
                asyncio.get_running_loop().call_soon(self._next)
                return
        self._busy = False
