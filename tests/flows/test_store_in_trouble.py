"""A store that is full, busy or away: one plain sentence and the next step, and nothing is lost by it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event, text

from flows.hub import Hub
from flows.inbox import drain
from flows.status import status
from flows.sync import sync_source
from hub.errors import NeedsPerson, RetryLater
from store import engine as engines
from store.engine import create_engine

BILL = {"number": "n", "day": "2026-03-01", "total": 7, "balance": 7, "currency": "EUR", "customer": "C1"}


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'store.sqlite'}"


@pytest.fixture
def full(engine: Engine) -> Iterator[Any]:
    """`full(free)` leaves that many pages of disk to the store; `full(None)` frees the disk."""
    limit: list[int] = []

    @event.listens_for(engine, "begin")
    def begin(connection: Any) -> None:
        if limit:
            connection.exec_driver_sql(f"PRAGMA max_page_count={limit[0]}")

    def fill(free: int | None) -> None:
        limit.clear()
        engine.dispose()
        if free is not None:
            with engine.connect() as connection:
                connection.exec_driver_sql("COMMIT")
                connection.exec_driver_sql("VACUUM")
                limit.append(connection.execute(text("PRAGMA page_count")).scalar_one() + free)

    yield fill
    limit.clear()


def more_invoices(source: Any) -> None:
    for number in range(3000):
        source.put("Invoice", f"J{number:04}", **BILL)
    source.save()


def test_a_full_disk_is_said_in_one_plain_sentence_and_nothing_is_lost(hub: Hub, source: Any, full: Any) -> None:
    sync_source(hub, "model")
    more_invoices(source)
    full(12)
    failed = sync_source(hub, "model").streams[-1]
    assert (failed.state, failed.sentence) == (
        "failed",
        "The disk of the store is full; what was stored before is safe.",
    )
    assert [s.error for s in status(hub.engine).streams if s.error] == [failed.sentence]
    full(None)
    assert sync_source(hub, "model").state == "done"
    with hub.engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM invoice")).scalar_one() == 3020


def again_and_again(hub: Hub) -> None:
    for _ in range(400):
        sync_source(hub, "model")


def test_a_disk_that_is_full_when_the_run_ends_is_said_as_plainly(hub: Hub, source: Any, full: Any) -> None:
    sync_source(hub, "model")
    full(0)
    # The records of the runs are all that is written; three streams to a run, so a run's end needs room first.
    with pytest.raises(NeedsPerson, match="The disk of the store is full") as caught:
        again_and_again(hub)
    assert caught.value.step.startswith("Free some space")


def test_a_store_that_another_process_keeps_locked_is_tried_again(
    hub: Hub, source: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "PRAGMAS", ("busy_timeout=50",))
    busy = Hub(hub.settings, create_engine(f"sqlite:///{tmp_path / 'store.sqlite'}"), hub.landing, hub.find_connector)
    other = sqlite3.connect(tmp_path / "store.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(RetryLater, match="keeps the store locked"):
        sync_source(busy, "model")
    other.execute("ROLLBACK")
    other.close()
    assert sync_source(busy, "model").state == "done"
    busy.engine.dispose()


def test_a_server_that_does_not_answer_is_tried_again(hub: Hub) -> None:
    away = Hub(hub.settings, create_engine("postgresql://nobody@127.0.0.1:1/nowhere"), hub.landing, hub.find_connector)
    with pytest.raises(RetryLater, match="cannot be reached just now"):
        sync_source(away, "model")


def test_a_defect_is_not_taken_for_the_stores_trouble(hub: Hub) -> None:
    with pytest.raises(Exception, match="no such column"), engines.writing(hub.engine) as connection:
        connection.execute(text("SELECT nonsense FROM invoice"))
    assert drain(hub) == 0
