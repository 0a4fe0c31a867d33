"""Hints: read at once, and a source in trouble keeps nobody else's waiting."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import insert, select

from flows.hub import Hub
from flows.inbox import Away, drain
from flows.sync import sync_source
from hub.clock import now
from hub.errors import RetryLater
from hub.ids import random_id
from store.hub_tables import Inbox
from store.tables import Invoice


def hint(hub: Hub, external_id: str) -> str:
    id_ = random_id()
    with hub.engine.begin() as connection:
        connection.execute(
            insert(Inbox).values(
                id=id_,
                source="model",
                event_id=id_,
                stream="Invoice",
                external_id=external_id,
                received_at=now(),
                attempts=0,
            )
        )
    return id_


def told(hub: Hub, id_: str) -> Any:
    with hub.engine.connect() as connection:
        return connection.execute(select(Inbox).where(Inbox.id == id_)).one()


def test_what_was_hinted_at_is_read_at_once(hub: Hub, source: Any) -> None:
    sync_source(hub, "model")
    source.put("Invoice", "I01", number="1001", day="2026-03-01", total=101, balance=0, currency="EUR", customer="C1")
    source.save()
    id_ = hint(hub, "I01")
    assert drain(hub) == 1
    assert told(hub, id_).done_at is not None
    with hub.engine.connect() as connection:
        assert connection.scalar(select(Invoice.balance_minor).where(Invoice.external_id == "I01")) == 0


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
    assert sorted(str(told(hub, id_).error) for id_ in ids) == ["None", "Too many requests."]
    faults.clear()
    away["model"] = 0.0
    assert drain(hub, away) == 2
