"""One stream, from the source to the store: read, land, apply, match, merge, page by page.

A cursor is stored with the rows that it has passed, so whatever stops the process, the next run goes on from the last
stored page and ends in the same state.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from sqlalchemy import Connection

from connectors.contract import Page, Stream, Want
from flows import brake
from flows.batch import batch_of
from flows.hub import Hub
from flows.leased import Leased
from flows.patience import TRIES, wait_for
from hub.clock import now
from hub.errors import FrontdeskError, RetryLater
from mappings.mapping import NO_ID
from mappings.mapping import Mapping as StreamMapping
from store import crosswalk, held, left_out
from store.engine import writing
from store.merge import Batch, Counts, is_empty, merge
from store.rows import AlreadyThere
from store.runs import Begun, Stand, StreamResult

TOGETHER = 40_000
"""Rows that share a transaction. Each commit writes the pages of every index again that it has touched: a million
records in transactions of 40,000 write a quarter less to the disk than in 20,000. A killed process reads at most so
many again."""
TOGETHER_BYTES = 64_000_000
"""What the waiting rows may weigh, counted as the source sent them: where records are long, fewer share a transaction,
for they wait in memory."""

Progress = Callable[[str, Counts], None]


@dataclass(slots=True)
class Pull:
    """One stream's run in progress."""

    hub: Hub
    session: Any
    stream: Stream[Any]
    mapping: StreamMapping
    begun: Begun
    stand: Stand
    full: bool = False
    let_through: bool = False
    progress: Progress | None = None
    tries: int = TRIES
    counts: Counts = field(default_factory=Counts)
    cursor: Mapping[str, Any] | None = None
    number: int = 0
    empty: bool = False
    sifted: bool = False
    whole: bool = False
    """Whether this run reads the stream from its beginning."""
    waiting: list[Batch] = field(default_factory=list)
    weight: int = 0
    unstored: Page | None = None
    sweep: bool = False
    """Whether the source took away something that it could not name: the keys must be compared now."""

    def run(self) -> StreamResult:
        """Pull until the source has no more, and say how it went; errors become part of the result."""
        started = monotonic()
        self.cursor = None if self.full else self.stand.cursor
        self.whole = self.cursor is None
        try:
            self._pull()
        except FrontdeskError as error:
            return self._result(_state_of(error), started, error)
        return self._result("done", started)

    def _pull(self) -> None:
        with self.hub.engine.connect().execution_options(reading=True) as connection:
            self.empty = is_empty(connection, self.mapping.into, self.mapping.source, self.mapping.stream)
            self.sifted = self._is_sifted(connection)
        attempt, began = 0, now()
        leased = Leased(self.hub, self.begun, self.mapping.stream)
        while True:
            before = self.number
            try:
                pages = self.stream.read(self.session, Want(self.mapping.source_fields, self.cursor))
                for page in leased.through(pages):
                    self._take(page)
                self._store()
                break
            except RetryLater as error:
                self._store()
                attempt = 1 if self.number > before else attempt + 1
                wait_for(error, attempt, self.tries)
        if self.whole:
            with writing(self.hub.engine) as connection:
                held.release_unseen(connection, self.mapping.source, self.mapping.stream, NO_ID, began)
        if self.mapping.owner_kind:
            crosswalk.match_undecided(self.hub.engine)

    def _is_sifted(self, connection: Connection) -> bool:
        """Whether the mapping leaves out some, or a former one did, by which all has not been read again yet."""
        if self.mapping.sieve is not None or self.stand.settled:
            return self.mapping.sieve is not None
        return left_out.has_any(connection, self.mapping.source, self.mapping.stream)

    def _take(self, page: Page) -> None:
        self.number += 1
        self.sweep |= page.sweep
        if not page.records and not page.deleted:
            self._store()
            self.unstored, self.cursor = page, page.cursor
            return
        batch = self._batch(page)
        takes_away = bool(brake.leaving(batch))
        if takes_away:
            # A page that takes things away is weighed alone, so that the brake holds back nothing that came before it.
            self._store()
        self.waiting.append(batch)
        self.weight += len(page.raw)
        many = sum(len(batch.rows) for batch in self.waiting) >= TOGETHER
        if many or takes_away or self.weight >= TOGETHER_BYTES:
            self._store()

    def _store(self) -> None:
        """Everything that waits, in one transaction."""
        if not self.waiting:
            return
        try:
            counts = self._merge()
        except AlreadyThere:
            if not self.empty:
                raise
            # A record came again within the first load, which took all for new until then. Once more, and look.
            self.empty = False
            counts = self._merge()
        self.unstored, self.cursor = None, self.waiting[-1].cursor
        self.waiting, self.weight = [], 0
        self.counts.add(counts)
        if self.progress is not None:
            self.progress(self.mapping.stream, self.counts)

    def _merge(self) -> Counts:
        counts = Counts()
        # Learnt anew in each transaction: meanwhile another source's run, or ops, may have said otherwise.
        clients: dict[str, str] = {}
        with self.hub.engine.begin() as connection:
            self._refuse_none(connection)
            for batch in self.waiting:
                if not self.let_through:
                    brake.refuse_leaving(connection, batch, self.stand.checked_at)
                counts.add(merge(connection, batch, clients, empty=self.empty))
        return counts

    def _batch(self, page: Page) -> Batch:
        return batch_of(
            self.hub,
            self.mapping,
            self.begun.id,
            self.number,
            page.records,
            page.raw,
            deleted=page.deleted,
            cursor=page.cursor,
            high_water=page.high_water,
            notify=self.stand.news,
            settled=self.stand.settled,
            sweep=page.sweep,
            sifted=self.sifted,
        )

    def _refuse_none(self, connection: Connection) -> None:
        """A mapping that leaves out all there is would be a slip of the pen."""
        if self.let_through or self.stand.settled or not self.whole:
            return
        out = self.counts.left_out + sum(len(batch.left_out) for batch in self.waiting)
        seen = self.counts.seen + sum(len(b.rows) + len(b.held) + len(b.left_out) for b in self.waiting)
        if out and seen == out:
            where = (self.mapping.into, self.mapping.source, self.mapping.stream)
            brake.refuse_none_meant(*where[1:], left_out=out, live=brake.live_rows(connection, *where))

    def _result(self, state: str, started: float, error: FrontdeskError | None = None) -> StreamResult:
        c = self.counts
        page = self.unstored
        return StreamResult(
            self.mapping.stream, state, c.seen, c.added, c.updated, c.unchanged, c.removed, c.held,
            round(monotonic() - started, 3),
            sentence=error.sentence if error else None,
            error_kind=type(error).__name__ if error else None,
            step=error.step if error else None,
            after=error.after if isinstance(error, RetryLater) else None,
            cursor=page.cursor if page else None,
            high_water=page.high_water if page else None,
            loaded=state == "done" and not self.stand.settled,
            swept=False if self.sweep else None,
            left_out=c.left_out,
        )  # fmt: skip


def _state_of(error: FrontdeskError) -> str:
    return "held" if isinstance(error, brake.HeldRun) else "failed"
