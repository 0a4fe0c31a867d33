"""The warehouse: a full build of many activity rows, one with 100,000 new ones, one with none, and the metrics."""

from __future__ import annotations

import datetime as dt
import random
import time
from collections.abc import Iterator
from itertools import islice
from typing import Any

from sqlalchemy import Engine, insert

from bench.report import show
from bench.world import scratch
from store.access_tables import Activity
from store.engine import create_engine
from store.migrate import upgrade
from store.tables import Client
from warehouse.build import build
from warehouse.metrics import compute

CLIENTS, NEW = 2000, 100_000
START = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
STEP = dt.timedelta(seconds=8)


def rows(start: int, count: int, chance: random.Random) -> Iterator[dict[str, Any]]:
    """Uses of 2,000 clients by eight browsers each, one every eight seconds."""
    for number in range(start, start + count):
        client = f"client-{chance.randrange(CLIENTS)}"
        yield {
            "at": START + number * STEP, "client_id": client, "person_id": client, "via": "page", "counted": True,
            "session_id": f"{client}-{number // 20_000}-{chance.randrange(8)}",
            "verb": chance.choice(("view", "view", "view", "download", "search")),
        }  # fmt: skip


def fill(engine: Engine, start: int, count: int, chance: random.Random) -> None:
    made = rows(start, count, chance)
    with engine.begin() as connection:
        while chunk := list(islice(made, 20_000)):
            connection.execute(insert(Activity), chunk)


def clients() -> list[dict[str, Any]]:
    fixed = {"source": "crm", "stream": "Account", "content_hash": b"x", "batch": "b", "source_at": START}
    names = [f"client-{number}" for number in range(CLIENTS)]
    return [{"id": n, "client_id": n, "external_id": n, "name": n, "synced_at": START, **fixed} for n in names]


def measure(count: int) -> None:
    chance = random.Random(7)
    with scratch() as folder:
        url, file = f"sqlite:///{folder}/store.sqlite", folder / "warehouse.duckdb"
        engine = create_engine(url)
        upgrade(engine)
        with engine.begin() as connection:
            connection.execute(insert(Client), clients())
        fill(engine, 0, count, chance)
        full = build(url, file, zone="Europe/Berlin").seconds
        none = build(url, file, zone="Europe/Berlin").seconds
        fill(engine, count, NEW, chance)
        new = build(url, file, zone="Europe/Berlin").seconds
        started = time.monotonic()
        compute(file, dt.date(2024, 2, 1))
        asked = time.monotonic() - started
        engine.dispose()
        size = file.stat().st_size / 1e6
    figures = [
        ("full build", f"{full:8.2f} s", None, None),
        ("nothing new", f"{none:8.2f} s", None, None),
        (f"{NEW:,} new rows", f"{new:8.2f} s", None, None),
        ("both metrics of a month, file opened", f"{asked:8.3f} s", None, None),
        ("size of the file", f"{size:8.0f} MB", None, None),
    ]
    show(f"Warehouse of {count:,} activity rows, SQLite", figures)
