"""Keeping a run's leases while it reads: a long reading that stores nothing must not look like a dead worker."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeVar

from flows.hub import Hub
from store.engine import writing
from store.runs import LEASE, Begun, StreamResult, release, renew_lease

T = TypeVar("T")
BEAT_SECONDS = LEASE.total_seconds() / 5


@dataclass(slots=True)
class Leased:
    """A stream that this run works on. RetryLater as soon as it is found to be another worker's."""

    hub: Hub
    source: str
    stream: str
    run_id: str
    renewed: float = field(default_factory=time.monotonic)

    def keep(self) -> None:
        """Renew the leases of the run, once in a while."""
        if time.monotonic() - self.renewed < BEAT_SECONDS:
            return
        with writing(self.hub.engine) as connection:
            renew_lease(connection, self.source, self.stream, self.run_id)
        self.renewed = time.monotonic()

    def through(self, pages: Iterable[T]) -> Iterator[T]:
        """The pages, with the leases kept between them."""
        for page in pages:
            self.keep()
            yield page


def give_back(hub: Hub, run: Begun, result: StreamResult) -> None:
    """A stream that this run is done with: hints for it need not wait until a long one has been read as well.

    Not for a run's last stream: by the lease of one that died, the next one knows it.
    """
    with writing(hub.engine) as connection:
        release(connection, run, result)
    run.released.add(result.stream)
