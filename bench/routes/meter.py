"""What a route reports of itself: peak memory after its imports and at its end, seconds between, records."""

from __future__ import annotations

import json
import re
import resource
import sys
import time
from pathlib import Path

STATUS = Path("/proc/self/status")


def peak_mb() -> float:
    """The process's own high-water mark.

    On Linux from /proc: `ru_maxrss` there begins with what the parent had when it started the process.
    """
    if STATUS.exists():
        return int(re.search(r"VmHWM:\s+(\d+) kB", STATUS.read_text())[1]) / 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1 << 20 if sys.platform == "darwin" else 1 << 10)


class Meter:
    """Make it once everything is imported; `report` ends the route."""

    def __init__(self) -> None:
        self.imports, self.started = peak_mb(), time.monotonic()

    def report(self, records: int) -> None:
        seconds = time.monotonic() - self.started
        facts = {"records": records, "imports_mb": self.imports, "peak_mb": peak_mb(), "inner_seconds": seconds}
        print(json.dumps(facts))
