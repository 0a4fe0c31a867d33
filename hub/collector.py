"""Python's cycle collector, told what kind of process this is.

A command, and a sync within any process, makes millions of short-lived objects that hold no cycles; the collector would
walk them all, again and again, for a tenth of the whole time, and once more when the process ends (0.1 s of a run in
which nothing has changed). A server's modules and routes stay as long as it does, so it need not walk those either.
"""

from __future__ import annotations

import atexit
import gc
from collections.abc import Iterator
from contextlib import contextmanager

RARELY = 500_000
"""New objects before the collector looks: a few times in a large load, never in a small one."""
USUAL = gc.get_threshold()


def collect_rarely() -> None:
    """This process is a command: let the collector look rarely until it ends, or until it begins to `stay`."""
    gc.set_threshold(RARELY, *USUAL[1:])


@contextmanager
def rarely_collecting() -> Iterator[None]:
    """Let the collector look rarely, in the whole process, until the block ends."""
    before = gc.get_threshold()
    collect_rarely()
    try:
        yield
    finally:
        gc.set_threshold(*before)


def leave_at_once() -> None:
    """When the process ends, give its memory back as a whole. Not where DuckDB was used, which then tells of leaks."""
    atexit.register(gc.freeze)


def stay() -> None:
    """This process serves from now on: what it has built so far is no longer looked at, the rest as usual."""
    gc.set_threshold(*USUAL)
    gc.collect()
    gc.freeze()
    atexit.register(gc.unfreeze)
