"""Another org or folder under a source's name is read from its beginning, and nothing of the last one stays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from flows.hub import Hub
from flows.status import status
from flows.sync import sync_source
from hub.errors import NeedsPerson
from store.hub_tables import Change
from store.tables import Client, Invoice


@pytest.fixture
def faults() -> list[Any]:
    return []


@pytest.fixture
def moving(make_hub: Callable[..., Hub], faults: list[Any]) -> tuple[Hub, list[str]]:
    """A hub, and the place that its source reads, which can be changed."""
    hub, place = make_hub(faults), ["old"]
    connector = replace(hub.find_connector("model"), place=lambda _: place[0])
    return replace(hub, find_connector=lambda _: connector), place


def elsewhere(source: Any) -> None:
    """A source with other records, all of them older than what was read last."""
    there = type(source)(source.path)
    there.put("Account", "B1", Name="Other & Co", customer="D1")
    there.put("Customer", "D1", Name="Other")
    there.put("Invoice", "J1", number="1", day="2026-01-01", total=1, balance=1, currency="EUR", customer="D1")
    there.save()


def names(hub: Hub) -> set[str]:
    with hub.engine.connect() as connection:
        clients = select(Client.c.name).where(Client.c.deleted_at.is_(None))
        return {*connection.scalars(clients), *connection.scalars(select(Invoice.c.number).where(
            Invoice.c.deleted_at.is_(None)))}  # fmt: skip


def changes(hub: Hub) -> int:
    with hub.engine.connect() as connection:
        return connection.scalar(select(func.count()).select_from(Change).where(Change.c.kind != "removed")) or 0


def test_what_is_older_there_is_read_all_the_same_and_is_news_to_nobody(moving: Any, source: Any) -> None:
    hub, place = moving
    sync_source(hub, "model")
    elsewhere(source)
    sync_source(hub, "model")
    assert "Other & Co" not in names(hub), "by the cursor alone nothing of it is found"
    place[0] = "new"
    sync_source(hub, "model")
    assert {"Other & Co", "1"} <= names(hub)
    assert changes(hub) == 0


def test_what_the_last_place_brought_goes_once_a_person_has_agreed(moving: Any, source: Any) -> None:
    hub, place = moving
    for number in range(20):
        source.put("Account", f"N{number}", Name=f"N{number}", customer=None)
    source.save()
    sync_source(hub, "model")
    elsewhere(source)
    place[0] = "new"
    assert sync_source(hub, "model").state == "partly"
    assert "O'Neill" in names(hub)
    assert "held" in {stream.state for stream in status(hub.engine).streams}
    sync_source(hub, "model", let_through=True)
    assert names(hub) == {"Other & Co", "1"}
    assert {stream.state for stream in status(hub.engine).streams} == {"fine"}


def test_a_first_reading_there_that_breaks_off_goes_on_and_stays_no_news(
    moving: Any, source: Any, faults: list[Any]
) -> None:
    hub, place = moving
    sync_source(hub, "model")
    for number in range(100):
        source.put("Account", f"N{number}", Name=f"New {number}", customer=None)
    source.save()
    place[0] = "new"
    faults.extend([NeedsPerson("It is broken.", step="Mend it.")])
    assert sync_source(hub, "model", ["Account"]).state == "failed"
    assert sync_source(hub, "model", ["Account"]).state == "done"
    assert "New 99" in names(hub)
    assert changes(hub) == 0
    source.put("Account", "N100", Name="New 100", customer=None)
    source.save()
    sync_source(hub, "model", ["Account"])
    assert changes(hub) > 0, "from then on news is news again"


def test_a_store_that_knew_no_place_takes_the_present_one_without_a_word(
    moving: Any, source: Any, tmp_path: Path
) -> None:
    hub, place = moving
    place[0] = None
    sync_source(hub, "model")
    place[0] = "here"
    summary = sync_source(hub, "model")
    assert {stream.state for stream in summary.streams} == {"done"}
    assert sum(stream.added + stream.updated + stream.removed for stream in summary.streams) == 0
    assert sync_source(hub, "model").requests == 3, "read again once"
