"""A run that takes long keeps what it has leased: the streams it has yet to come to, and those it only reads."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import func, select

from flows.hub import Hub
from flows.sweep import sweep_source
from flows.sync import sync_source
from flows.targeted import read_again
from hub.clock import now
from hub.errors import RetryLater
from store.hub_tables import Lease, Run, StreamRun
from store.runs import begin, finish

STEP = dt.timedelta(minutes=2)


class Watch:
    """A clock that goes two minutes further whenever the source is asked, and a worker that wants the invoices."""

    def __init__(self, hub: Hub) -> None:
        self.hub, self.late = hub, dt.timedelta()
        self.refused = 0

    def now(self) -> dt.datetime:
        return now() + self.late

    def tick(self) -> None:
        self.late += STEP
        with self.hub.engine.begin() as connection:
            other = begin(connection, "model", ["Invoice"])
            self.refused += bool(other.busy)
            finish(connection, other, [], 0)


@pytest.fixture
def watch(hub: Hub, source: Any, monkeypatch: pytest.MonkeyPatch) -> Watch:
    made = Watch(hub)
    monkeypatch.setattr("store.runs.now", made.now)
    return made


def on_every_request(hub: Hub, monkeypatch: pytest.MonkeyPatch, tick: Any) -> None:
    with hub.find_connector("model").open(hub.source("model").settings, hub.tokens("model")) as opened:
        session = type(opened)
    load = session.load

    def slow(self: Any) -> Any:
        found = load(self)
        tick()
        return found

    monkeypatch.setattr(session, "load", slow)


def test_a_stream_that_waits_for_its_turn_is_nobody_elses(
    hub: Hub, source: Any, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(40):
        source.put("Account", f"B{number}", Name=f"Client {number}")
    source.save()
    monkeypatch.setattr("flows.pull.TOGETHER", 1)
    on_every_request(hub, monkeypatch, watch.tick)
    summary = sync_source(hub, "model")
    assert [(result.stream, result.state) for result in summary.streams] == [
        ("Account", "done"), ("Customer", "done"), ("Invoice", "done"),
    ]  # fmt: skip
    assert watch.refused == summary.requests


def test_a_stream_that_is_busy_at_night_is_swept_by_the_next_sync(hub: Hub, source: Any) -> None:
    sync_source(hub, "model")
    source.purge("Invoice", "I09")
    source.save()
    with hub.engine.begin() as connection:
        other = begin(connection, "model", ["Invoice"])
    assert [result.stream for result in sweep_source(hub, "model")] == ["Account", "Customer"]
    with hub.engine.begin() as connection:
        finish(connection, other, [], 0)
    assert [result.removed for result in sync_source(hub, "model").streams] == [0, 0, 1]


@pytest.mark.parametrize("run", [sync_source, sweep_source])
def test_a_long_reading_that_finds_nothing_keeps_its_streams(
    hub: Hub, source: Any, watch: Watch, monkeypatch: pytest.MonkeyPatch, run: Any
) -> None:
    sync_source(hub, "model")
    source.rows["Invoice"] = {key: row for key, row in source.rows["Invoice"].items() if key != "I09"}
    source.save()
    monkeypatch.setattr("flows.leased.BEAT_SECONDS", 0)
    on_every_request(hub, monkeypatch, watch.tick)
    watch.late += STEP
    result = run(hub, "model")
    assert {one.state for one in getattr(result, "streams", result)} == {"done"}
    # A request a stream; and a sweep asks for the one that is missing.
    assert watch.refused == 3 + (run is sweep_source)


@pytest.mark.parametrize("run", [sync_source, sweep_source])
def test_a_stream_that_is_done_does_not_wait_for_long_ones(
    hub: Hub, source: Any, run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While invoices are still read, a webhook's hint for a client is served; one for invoices waits."""
    sync_source(hub, "model")
    monkeypatch.setattr("flows.leased.BEAT_SECONDS", 0)
    plain, served = hub.find_connector("model"), dict[str, bool]()

    def hint(stream: str, external_id: str) -> bool:
        try:
            return read_again(hub, "model", stream, external_id).seen == 1
        except RetryLater:
            return False

    def stream(name: str) -> Any:
        def while_it_is_read(pages: Any) -> Any:
            for page in pages:
                yield page
                if name == "Invoice":
                    served.update(Account=hint("Account", "A1"), Invoice=hint("Invoice", "I01"))

        found = plain.stream(name)
        return replace(
            found,
            read=lambda session, want: while_it_is_read(found.read(session, want)),
            keys=lambda session: while_it_is_read(found.keys(session)),
        )

    found = run(replace(hub, find_connector=lambda _: replace(plain, stream=stream)), "model")
    assert served == {"Account": True, "Invoice": False}
    assert [one.state for one in getattr(found, "streams", found)] == ["done"] * 3
    with hub.engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(Lease)) == 0
        told = select(StreamRun.c.stream, StreamRun.c.state).join(Run, Run.c.id == StreamRun.c.run_id)
        kind = "sweep" if run is sweep_source else "sync"
        last = select(Run.c.id).where(Run.c.kind == kind).order_by(Run.c.started_at.desc()).limit(1).scalar_subquery()
        assert dict(connection.execute(told.where(Run.c.id == last)).all()) == dict.fromkeys(
            ("Account", "Customer", "Invoice"), "done"
        )
