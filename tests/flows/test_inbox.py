"""Hints: read at once, and a source in trouble keeps nobody else's waiting."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import func, insert, select

from flows.hub import Hub
from flows.inbox import Away, drain
from flows.sync import sync_source
from hub.clock import now
from hub.errors import NeedsPerson, RetryLater
from hub.ids import random_id
from store.hub_tables import LET_THROUGH, Inbox, Run
from store.runs import begin, finish
from store.tables import Invoice


def hint(hub: Hub, external_id: str | None, stream: str = "Invoice", event: str = "") -> str:
    id_ = random_id()
    with hub.engine.begin() as connection:
        connection.execute(
            insert(Inbox).values(
                id=id_,
                source="model",
                event_id=event + id_,
                stream=stream,
                external_id=external_id,
                received_at=now(),
                attempts=0,
            )
        )
    return id_


def told(hub: Hub, id_: str) -> Any:
    with hub.engine.connect() as connection:
        return connection.execute(select(Inbox).where(Inbox.c.id == id_)).one()


def test_what_was_hinted_at_is_read_at_once(hub: Hub, source: Any) -> None:
    sync_source(hub, "model")
    source.put("Invoice", "I01", number="1001", day="2026-03-01", total=101, balance=0, currency="EUR", customer="C1")
    source.save()
    id_ = hint(hub, "I01")
    assert drain(hub) == 1
    assert told(hub, id_).done_at is not None
    with hub.engine.connect() as connection:
        assert connection.scalar(select(Invoice.c.balance_minor).where(Invoice.c.external_id == "I01")) == 0


def test_ten_hints_at_the_same_are_one_reading(hub: Hub, source: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    sync_source(hub, "model")
    source.put("Invoice", "I01", number="1001", day="2026-03-01", total=101, balance=0, currency="EUR", customer="C1")
    source.save()
    asked: list[str] = []
    monkeypatch.setattr("flows.inbox.read_again", lambda *what: asked.append(what[-1]))
    ids = [hint(hub, "I01") for _ in range(10)]
    assert (drain(hub), asked) == (10, ["I01"])
    assert all(told(hub, id_).done_at for id_ in ids)


@pytest.mark.usefixtures("source")
@pytest.mark.parametrize("what", ["E1", None], ids=["one record", "the whole stream"])
def test_a_hint_for_a_stream_without_a_mapping_is_settled_without_a_word(
    hub: Hub, what: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    id_ = hint(hub, what, stream="Estimate")
    with caplog.at_level(logging.INFO):
        assert drain(hub) == 1
    found = told(hub, id_)
    assert (found.done_at is not None, found.attempts, found.error, caplog.messages) == (True, 0, None, [])
    with hub.engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(Run)) == 0


@pytest.mark.usefixtures("source")
def test_a_hint_for_a_mapped_stream_that_needs_a_person_stays_for_ops_to_see(make_hub: Callable[..., Hub]) -> None:
    hub = make_hub([NeedsPerson("The credentials were refused.")])
    id_ = hint(hub, "I01")
    assert drain(hub) == 0
    found = told(hub, id_)
    assert (found.done_at, found.attempts, found.error) == (None, 1, "The credentials were refused.")


@pytest.mark.usefixtures("source")
def test_what_ops_ask_for_is_answered_also_when_its_mapping_is_gone(hub: Hub) -> None:
    id_ = hint(hub, None, stream="Estimate", event=LET_THROUGH)
    assert drain(hub) == 0
    assert told(hub, id_).error == "model has no stream 'Estimate'."


@pytest.mark.usefixtures("source")
def test_a_source_that_is_away_is_left_in_peace_as_long_as_it_says(make_hub: Callable[..., Hub]) -> None:
    faults: list[Any] = []
    hub = make_hub(faults)
    sync_source(hub, "model")
    faults += [RetryLater("Too many requests.", after=3600)] * 3
    ids, away = [hint(hub, "I01"), hint(hub, "I02")], Away()
    assert drain(hub, away) == 0
    assert drain(hub, away) == 0
    # One request told it all; the other hint was not tried, and none has used up a try.
    assert len(faults) == 2
    assert [told(hub, id_).attempts for id_ in ids] == [0, 0]
    assert {told(hub, id_).error for id_ in ids} == {"Too many requests.", None}
    faults.clear()
    away["model"] = 0.0
    assert drain(hub, away) == 2


@pytest.mark.usefixtures("source")
@pytest.mark.parametrize("what", ["I01", None], ids=["one record", "the whole stream"])
def test_a_source_that_is_away_for_long_fills_no_list_of_runs(
    make_hub: Callable[..., Hub], what: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    faults: list[Any] = []
    hub = make_hub(faults)
    sync_source(hub, "model")
    faults += [RetryLater("It does not answer.", after=None)] * 50
    id_, away, before = hint(hub, what), Away(), time.monotonic()
    monkeypatch.setattr("flows.sync.TRIES", 1)
    assert drain(hub, away) == 0
    assert away["model"] >= before + 60
    faults.clear()
    assert drain(hub, away) == 0, "a minute's rest"
    away["model"] = 0.0
    assert (drain(hub, away), told(hub, id_).attempts) == (1, 0)


def test_a_hint_for_a_stream_that_a_run_is_on_waits_for_the_runs_end(hub: Hub, source: Any) -> None:
    id_ = hint(hub, None)
    with hub.engine.begin() as connection:
        run = begin(connection, "model", ["Invoice"], "sync")
    assert drain(hub) == 0
    assert told(hub, id_).attempts == 0
    with hub.engine.begin() as connection:
        finish(connection, run, [], 0)
    assert drain(hub) == 1


def test_ops_let_a_braked_stream_through_once(hub: Hub, source: Any) -> None:
    for number in range(40):
        source.put("Invoice", f"M{number:02}", number=f"20{number:02}", day="2026-03-01", total=1, balance=1,
                   currency="EUR", customer="C1")  # fmt: skip
    source.save()
    sync_source(hub, "model")
    for number in range(40):
        source.delete("Invoice", f"M{number:02}")
    source.save()
    assert sync_source(hub, "model", ["Invoice"]).state == "held"
    plain, through = (hint_of_stream(hub, event) for event in ("ops:1", f"{LET_THROUGH}1"))
    drain(hub)
    assert told(hub, plain).done_at is not None
    assert told(hub, through).done_at is not None
    with hub.engine.connect() as connection:
        alive = select(func.count()).where(Invoice.c.deleted_at.is_(None), Invoice.c.external_id.startswith("M"))
        assert connection.scalar(alive) == 0


@pytest.mark.parametrize("told_by_the_feed", [True, False])
def test_a_mass_delete_told_hint_by_hint_is_held_like_any_other(hub: Hub, source: Any, told_by_the_feed: bool) -> None:
    for number in range(60):
        source.put("Invoice", f"M{number:02}", number="1", day="2026-03-01", total=1, balance=1, currency="EUR",
                   customer="C1")  # fmt: skip
    source.save()
    sync_source(hub, "model")
    for number in range(60):
        take = source.delete if told_by_the_feed else source.purge
        take("Invoice", f"M{number:02}")
    source.save()
    ids = [hint(hub, f"M{number:02}") for number in range(60)]
    assert drain(hub) + drain(hub) == 60
    assert all(told(hub, id_).done_at for id_ in ids)
    alive = select(func.count()).select_from(Invoice).where(Invoice.c.deleted_at.is_(None))
    with hub.engine.connect() as connection:
        assert connection.scalar(alive) == 80 - 24, "three tenths"
        assert set(connection.scalars(select(Run.c.state).where(Run.c.kind == "targeted"))) == {"done", "held"}
    invoices = sync_source(hub, "model").streams[2]
    assert (invoices.state, invoices.error_kind) == ("held", "HeldRun")
    sync_source(hub, "model", ["Invoice"], let_through=True)
    with hub.engine.connect() as connection:
        assert connection.scalar(alive) == 20


def hint_of_stream(hub: Hub, event_id: str) -> str:
    id_ = random_id()
    values = {"id": id_, "source": "model", "event_id": event_id, "stream": "Invoice", "received_at": now()}
    with hub.engine.begin() as connection:
        connection.execute(insert(Inbox).values(attempts=0, **values))
    return id_
