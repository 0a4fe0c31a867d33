"""A run of its own over one stream, which is leased for it: to read one record, to replay one, to forget the stream."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from flows.brake import HeldRun
from flows.hub import Hub
from hub.errors import RetryLater
from store.engine import writing
from store.merge import Counts
from store.runs import Stand, StreamResult, begin, finish

T = TypeVar("T")


@dataclass(slots=True)
class Turn(Generic[T]):
    """The run, where its stream stands, what `look` found, and what the run did so far."""

    run_id: str
    stand: Stand
    found: T
    requests: int = 0
    counts: Counts = field(default_factory=Counts)


@contextmanager
def turn(hub: Hub, source: str, stream: str, kind: str, look: Callable[[], T]) -> Iterator[Turn[T]]:
    """Take the stream's lease for a while. RetryLater when another worker is on it.

    `look` is called as the lease is taken, and refuses by raising: what it finds is true until the lease is given back,
    as long as everybody looks in this way.
    """
    with writing(hub.engine) as connection:
        run = begin(connection, source, [stream], kind)
        taken, state = Turn(run.id, run.stands.get(stream, Stand()), look()), "failed"
        said: str | None = "This run did not come to its end; the schedule makes up for it."
    try:
        if run.busy:
            state, said = "busy", f"Another worker is reading {source}.{stream} just now."
            raise RetryLater(said, after=5, step="Try again in a minute.")
        yield taken
        state, said = "done", None
    except HeldRun as error:
        state, said = "held", error.sentence
        raise
    finally:
        with writing(hub.engine) as connection:
            finish(connection, run, [_result(stream, state, said, taken.counts)], taken.requests)


def _result(stream: str, state: str, sentence: str | None, c: Counts) -> StreamResult:
    return StreamResult(
        stream, state, c.seen, c.added, c.updated, c.unchanged, c.removed, c.held, 0.0,
        sentence=sentence, left_out=c.left_out,
    )  # fmt: skip
