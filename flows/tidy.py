"""Tidying up: what has had its time leaves the store and, where the firm says so, the landing folder."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from flows.hub import Hub
from hub.clock import now as clock
from store import past
from store.engine import writing


@dataclass(frozen=True, slots=True)
class Tidied:
    """What was removed: rows by kind (store.past.KINDS), and landed pages."""

    rows: Mapping[str, int]
    pages: int


def tidy(hub: Hub, now: dt.datetime | None = None) -> Tidied:
    """Remove it, in small steps; killed anywhere, the next one goes on."""
    moment = now or clock()
    rows = {kind: _remove(hub, kind, moment) for kind in past.KINDS}
    return Tidied(rows, _pages(hub, moment))


def _remove(hub: Hub, kind: str, now: dt.datetime) -> int:
    removed, some = 0, past.AT_ONCE
    while some == past.AT_ONCE:
        with writing(hub.engine) as connection:
            some = past.remove_some(connection, kind, now)
        removed += some
    return removed


def _pages(hub: Hub, now: dt.datetime) -> int:
    """Landed pages older than the firm keeps, but none that a row or a held record came from."""
    if hub.settings.landing_keep_days is None:
        return 0
    # Listed first, asked afterwards: what is stored in between comes from newer pages, or from one that is asked for.
    old = list(hub.landing.before((now - dt.timedelta(days=hub.settings.landing_keep_days)).date()))
    with hub.engine.connect().execution_options(reading=True) as connection:
        needed = past.batches(connection)
    return hub.landing.remove(name for name in old if name not in needed)
