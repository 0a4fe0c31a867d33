"""Python's cycle collector, held back while much is read.

A sync makes millions of short-lived tuples that hold no cycles; the collector would walk them all, again and again, for
a tenth of the whole time. Reference counting frees them without it.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

RARELY = 500_000
"""New objects before the collector looks: a few times in a large load, never in a small one."""


@contextmanager
def rarely_collecting() -> Iterator[None]:
    """Let the collector look rarely, in the whole process, until the block ends."""
    usual = gc.get_threshold()
    gc.set_threshold(RARELY, *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)
