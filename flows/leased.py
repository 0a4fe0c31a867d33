"""Keeping a run's leases while it reads: a long reading that stores nothing must not look like a dead worker.

Those of streams that it is done with are given back meanwhile: hints for them need not wait for the longest one. For
that a short run writes nothing.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeVar

from flows.hub import Hub
from store.engine import writing
from store.runs import Begun, release, renew_lease

T = TypeVar("T")
BEAT_SECONDS = 15.0
"""Often enough for a lease of minutes, and for somebody who waits for a stream that is done."""


@dataclass(slots=True)
class Leased:
    """A stream that this run works on. RetryLater as soon as it is found to be another worker's."""

    hub: Hub
    run: Begun
    stream: str
    renewed: float = field(default_factory=time.monotonic)

    def keep(self) -> None:
        """Renew the leases that the run still needs, once in a while, and give back the others."""
        if time.monotonic() - self.renewed < BEAT_SECONDS:
            return
        done = [result for result in self.run.done if result.stream not in self.run.released]
        with writing(self.hub.engine) as connection:
            renew_lease(connection, self.run.source, self.stream, self.run.id)
            for result in done:
                release(connection, self.run, result)
        self.run.released.update(result.stream for result in done)
        self.renewed = time.monotonic()

    def through(self, pages: Iterable[T]) -> Iterator[T]:
        """The pages, with the leases kept between them."""
        for page in pages:
            self.keep()
            yield page
