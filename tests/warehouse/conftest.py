"""A portal store to build from, on both databases, and short words for what happened in it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, delete, insert, update

from store.access_tables import Activity
from store.engine import create_engine
from store.hub_tables import Change
from store.migrate import upgrade
from store.tables import Client

T0 = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)


class Firm:
    """A store with clients and what their people did."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.engine: Engine = create_engine(url)
        upgrade(self.engine)

    def clients(self, *ids: str, at: dt.datetime | None = None, **columns: Any) -> None:
        """Clients that arrive; with `at` as a change that a sync saw, without as part of the first load."""
        fixed = {"source": "crm", "stream": "Account", "content_hash": b"x", "batch": "crm/Account/1", "source_at": T0}
        rows = [
            {"id": i, "client_id": i, "external_id": i, "name": f"Client {i}", "synced_at": T0, **fixed, **columns}
            for i in ids
        ]
        with self.engine.begin() as connection:
            connection.execute(insert(Client), rows)
        if at is not None:
            self.changes("added", at, *ids)

    def changes(self, kind: str, at: dt.datetime, *ids: str) -> None:
        rows = [
            {"run_id": "r", "entity": "client", "entity_id": i, "client_id": i, "kind": kind, "at": at} for i in ids
        ]
        with self.engine.begin() as connection:
            connection.execute(insert(Change), rows)
            gone = at if kind == "removed" else None
            connection.execute(update(Client).where(Client.c.id.in_(ids)).values(deleted_at=gone))

    def left_out(self, client: str, why: str, at: dt.datetime) -> None:
        """A client that its mapping does not take any more, because of its record or by an edit of the mapping."""
        with self.engine.begin() as connection:
            mine = update(Client).where(Client.c.id == client)
            connection.execute(mine.values(deleted_at=at, deleted_reason=why))

    def did(self, client: str, *verbs: str, at: dt.datetime, **columns: Any) -> None:
        """A client's person did something, each verb a minute after the last."""
        usual = {"client_id": client, "person_id": f"p-{client}", "session_id": f"s-{client}", "via": "page"}
        rows = [
            {**usual, "verb": verb, "at": at + dt.timedelta(minutes=i), "counted": True, **columns}
            for i, verb in enumerate(verbs)
        ]
        with self.engine.begin() as connection:
            connection.execute(insert(Activity), rows)

    def forget(self, *seqs: int) -> None:
        with self.engine.begin() as connection:
            connection.execute(delete(Activity).where(Activity.c.seq.in_(seqs)))


@pytest.fixture
def sqlite_firm(sqlite_url: str) -> Iterator[Firm]:
    firm = Firm(sqlite_url)
    yield firm
    firm.engine.dispose()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def firm(request: pytest.FixtureRequest) -> Iterator[Firm]:
    made = Firm(request.getfixturevalue(f"{request.param}_url"))
    yield made
    made.engine.dispose()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "warehouse.duckdb"
