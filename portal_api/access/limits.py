"""How often one network address may try, in this process's memory: a brake on guessing, not a wall."""

from __future__ import annotations

import ipaddress
import time
from collections import OrderedDict, deque

KEPT = 10_000
HOME = 64
"""Bits of an IPv6 network: whoever has one address has 2^64 of them."""


def place_of(host: str) -> str:
    """What counts as one place: an IPv4 address, or the network of an IPv6 one."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    return host if address.version == 4 else str(ipaddress.ip_network((address, HOME), strict=False))  # noqa: PLR2004


class Limit:
    """At most `times` in `seconds` for one key. Remembers the last KEPT keys."""

    def __init__(self, times: int, seconds: float) -> None:
        self.times = times
        self.seconds = seconds
        self._seen: OrderedDict[str, deque[float]] = OrderedDict()

    def allows(self, key: str, at: float | None = None) -> bool:
        """Count a try by `key`; False when it is one too many. `at` is seconds on a monotonic clock."""
        moment = time.monotonic() if at is None else at
        tries = self._seen.setdefault(key, deque())
        self._seen.move_to_end(key)
        if len(self._seen) > KEPT:
            self._seen.popitem(last=False)
        while tries and tries[0] <= moment - self.seconds:
            tries.popleft()
        if len(tries) >= self.times:
            return False
        tries.append(moment)
        return True
