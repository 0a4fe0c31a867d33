"""Kill a real sync process before its n-th database statement, for many n, and let the next run finish the work.

Run by test_killed.py as a program of its own, because it forks: `killed_sync.py FOLDER [POSTGRES_URL]`, with a role
`firm` there. Prints one JSON line: how many places a process was killed at, and those after which the store differed
from an undisturbed run's.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import event, make_url, select

from flows.hub import Hub
from flows.sync import sync_source
from hub.settings import Settings, Source
from store.engine import create_engine
from store.hub_tables import Change, Crosswalk, HeldRecord, Lease, StreamState
from store.migrate import upgrade
from store.tables import ENTITIES
from tests.flows import model_source
from warehouse.landing import Landing

VOLATILE = {"synced_at", "batch", "matched_at", "first_seen_at", "last_seen_at", "checked_at", "run_id", "at", "seq",
            "swept_at", "loaded_at", "resolved_at", "deleted_at"}  # fmt: skip
TABLES = (*ENTITIES.values(), Crosswalk, HeldRecord, Change, StreamState, Lease)


def hub_at(folder: Path, engine: Any) -> Hub:
    settings = Settings(
        mappings_path=model_source.write_mappings(folder / "mappings"),
        secret_key="x" * 32,
        sources={"model": Source(connector="model", path=folder / "source.json")},
    )
    connector = model_source.connector()
    return Hub(settings, engine, Landing(folder / "landing"), lambda name: connector)


def sync_in_child(folder: Path, url: str, kill_at: int | None) -> bool:
    """Whether the child came to its end."""
    child = os.fork()
    if child == 0:
        with store_at(url) as engine:
            if kill_at is not None:
                die_before(engine, kill_at)
            sync_source(hub_at(folder, engine), "model")
        os._exit(0)
    _, state = os.waitpid(child, 0)
    return os.WIFEXITED(state) and os.WEXITSTATUS(state) == 0


@contextmanager
def store_at(url: str) -> Iterator[Any]:
    """One engine goes from store to store, and children inherit it: what it has compiled is half of a run's time."""
    global _engine  # noqa: PLW0603 -- one to a process
    if _engine is None:
        _engine = create_engine(url)
        event.listen(_engine, "do_connect", _to_where_we_are)
    _where[:] = [url]
    yield _engine
    _engine.dispose()


_engine: Any = None
_where: list[str] = []


def _to_where_we_are(dialect: Any, _record: Any, _args: Any, named: dict[str, Any]) -> Any:
    arguments, wanted = dialect.create_connect_args(make_url(_where[0]))
    return dialect.connect(*arguments, **{**named, **wanted})


def at_each_place(engine: Any, call: Callable[[str], None]) -> Callable[[], None]:
    """Call it before each statement and each commit, with that word; returns what ends it."""

    def heard(word: str) -> Any:
        return lambda *_: call(word)

    listeners = (("before_cursor_execute", heard("statement")), ("commit", heard("commit")))
    for name, listener in listeners:
        event.listen(engine, name, listener)

    def end() -> None:
        for name, listener in listeners:
            event.remove(engine, name, listener)

    return end


def die_before(engine: Any, place: int) -> None:
    count = 0

    def counted(_word: str) -> None:
        nonlocal count
        count += 1
        if count == place:
            os.kill(os.getpid(), signal.SIGKILL)

    at_each_place(engine, counted)


def dump(url: str) -> dict[str, list[str]]:
    with store_at(url) as engine, engine.connect().execution_options(reading=True) as connection:
        return {
            model.name: sorted(
                str({key: value for key, value in row._mapping.items() if key not in VOLATILE})
                for row in connection.execute(select(model))
            )
            for model in TABLES
        }


def first_load(truth: Any) -> None:
    truth.put("Account", "A1", Name="Müller & Söhne", customer="C1")
    truth.put("Customer", "C1", Name="Mueller")
    truth.put("Customer", "C2", Name="Nobody")
    for number in range(10):
        truth.put("Invoice", f"I{number:02}", tie=number % 3 == 0, number=f"{number}", day="2026-03-01",
                  total=number, balance=number, currency="EUR", customer=f"C{number % 2 + 1}")  # fmt: skip


def later_changes(truth: Any) -> None:
    paid = {"number": "3", "day": "2026-03-01", "total": 3, "currency": "EUR", "customer": "C1"}
    truth.put("Invoice", "I03", balance=0, **paid)
    truth.put("Invoice", "I98", balance=1, **paid)
    truth.put("Invoice", "I99", balance="much", **paid)
    truth.delete("Invoice", "I05")
    truth.put("Account", "A2", Name="Nobody", customer=None)


def walk(places: Places, base: Path, start: Path) -> tuple[int, list[int]]:
    """Kill at one place after the other; at how many, and those after which the outcome differs.

    Before and after each commit, and before every statement; on PostgreSQL, where a place costs three times as much and
    the engine's code is the same, before every third.
    """
    calm, kinds = base / "calm", list[str]()
    places.copy(start, calm)
    with store_at(places.url(calm)) as engine:
        end = at_each_place(engine, kinds.append)
        sync_source(hub_at(calm, engine), "model")
        end()
    expected, bad, killed = dump(places.url(calm)), [], 0
    for place in range(1, len(kinds) + 1):
        if place % places.step and "commit" not in kinds[max(0, place - 2) : place]:
            continue
        folder, killed = base / f"kill{place}", killed + 1
        places.copy(start, folder)
        url = places.url(folder)
        assert not sync_in_child(folder, url, place), f"nothing happened at place {place} of {len(kinds)}"
        if not sync_in_child(folder, url, None) or dump(url) != expected:
            bad.append(place)
        places.remove(folder)
    return killed, bad


class Places:
    """Where the copies of a firm live: a folder each, with a SQLite file in it or a PostgreSQL database of its name."""

    def __init__(self, server: str | None) -> None:
        self.server = server
        self.step = 1 if server is None else 3

    def url(self, folder: Path) -> str:
        if self.server is None:
            return f"sqlite:///{folder / 'store.sqlite'}"
        return self.server.replace("/postgres?", f"/{self._name(folder)}?").replace("//postgres:", "//firm:")

    def copy(self, start: Path, folder: Path) -> None:
        shutil.copytree(start, folder)
        if self.server is not None:
            copy = f"CREATE DATABASE {self._name(folder)} OWNER firm TEMPLATE {self._name(start)}"
            self._do(f"{copy} STRATEGY file_copy")

    def create(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        if self.server is not None:
            self._do(f"CREATE DATABASE {self._name(folder)} OWNER firm")
        engine = create_engine(self.url(folder))
        upgrade(engine)
        engine.dispose()

    def remove(self, folder: Path) -> None:
        shutil.rmtree(folder)
        if self.server is not None:
            self._do(f"DROP DATABASE {self._name(folder)} WITH (FORCE)")

    def _name(self, folder: Path) -> str:
        return f"kill_{folder.parent.name}_{folder.name}".lower()

    def _do(self, statement: str) -> None:
        import psycopg

        assert self.server is not None
        with psycopg.connect(self.server, autocommit=True) as connection:
            connection.execute(statement.encode())


def main(base: Path, server: str | None) -> None:
    places = Places(server)
    fresh, loaded = base / "fresh", base / "loaded"
    places.create(fresh)
    truth = model_source.ModelSource(fresh / "source.json")
    first_load(truth)
    truth.save()
    places.copy(fresh, loaded)
    assert sync_in_child(loaded, places.url(loaded), None)
    truth.path = loaded / "source.json"
    later_changes(truth)
    truth.save()
    results = {name: walk(places, base / name, start) for name, start in (("first", fresh), ("later", loaded))}
    sys.stdout.write(json.dumps({name: {"places": places, "bad": bad} for name, (places, bad) in results.items()}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else None)
