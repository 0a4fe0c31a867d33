"""A process that outlives whoever started it just long enough to end what that one left behind, even after `kill -9`.

Reads ids of process groups from its standard input, one a line. When that ends, its starter is gone: every group is
asked to end, and ended. The line `done` says that all is in order. Runs alone: it imports nothing of ours.
"""

import os
import signal
import sys
import time
from contextlib import suppress

PATIENCE_SECONDS = 8.0


def main() -> None:
    """Wait, and clean up."""
    groups: list[int] = []
    for line in sys.stdin:
        if line.strip() == "done":
            return
        groups.append(int(line))
    deadline = time.monotonic() + PATIENCE_SECONDS
    left = sent(groups, signal.SIGTERM)
    while left and time.monotonic() < deadline:
        time.sleep(0.1)
        left = sent(left, 0)
    sent(left, signal.SIGKILL)


def sent(groups: list[int], number: int) -> list[int]:
    """The groups that are still there to hear a signal."""
    heard = []
    for group in groups:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(group, number)
            heard.append(group)
    return heard


if __name__ == "__main__":
    main()
