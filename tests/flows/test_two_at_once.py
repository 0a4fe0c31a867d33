"""Two processes at the same moment, on both databases."""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import Any

from sqlalchemy import event
from sqlalchemy.exc import SQLAlchemyError

from flows.hub import Hub
from flows.sync import sync_source


def test_of_two_workers_that_begin_at_the_same_moment_one_is_busy(hub: Hub, source: Any) -> None:
    both, here = threading.Barrier(2), threading.local()
    states: list[str] = []

    def meet(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        """Each worker has seen who holds a lease before either of them takes one, if they can."""
        if "FROM lease" in statement and not hasattr(here, "met"):
            here.met = True
            with suppress(threading.BrokenBarrierError):
                both.wait(0.5)

    def work() -> None:
        try:
            states.append(sync_source(hub, "model").state)
        except SQLAlchemyError as error:
            states.append(type(error).__name__)

    event.listen(hub.engine, "after_cursor_execute", meet)
    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert "done" in states
    assert set(states) <= {"done", "busy"}
