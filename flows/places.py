"""The place that a source reads just now: in another company the same id is another record's."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from flows.hub import Hub, Source
from hub.errors import RetryLater
from store.anew import elsewhere


def refuse_elsewhere(hub: Hub, source: Source, session: Any, streams: Collection[str]) -> None:
    """RetryLater while one of these streams is known from another place, where ids do not hold from place to place."""
    if source.connector.unique_ids:
        return
    place = source.connector.place(session)
    with hub.engine.connect().execution_options(reading=True) as connection:
        others = elsewhere(connection, source.name, place)
    if not set(streams).isdisjoint(others):
        raise RetryLater(
            f"{source.name} was connected to another place, which has not been read yet.",
            step="Nothing to do: the next sync reads all of it.",
        )
