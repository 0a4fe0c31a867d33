"""Initial load: our whole path beside dlt, its Arrow path, simple-salesforce with SQLAlchemy Core, and the limit."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from bench.report import Goal, show
from bench.world import (
    BENCH,
    FRONTDESK,
    OURS,
    PEERS,
    Run,
    by_turns,
    configuration,
    database,
    median,
    page_server,
    run,
    scratch,
)

MEMORY_MB = 150
GOALS = {
    "dlt, REST source": Goal(5),
    "dlt, Arrow tables": Goal(2.5),
    "simple-salesforce + SQLAlchemy Core": Goal(2),
    "limit": Goal(0.5),
}
Way = Callable[[Path, str, str], Run]
ROUTES = BENCH / "routes"


def ours(folder: Path, address: str, url: str) -> Run:
    config = configuration(folder, address, url)
    # Installing the schema is no part of a load.
    run([str(FRONTDESK), "migrate"], FRONTDESK_CONFIG=str(config))
    return run([str(OURS), str(ROUTES / "ours.py")], FRONTDESK_CONFIG=str(config))


def peer(*script: str) -> Way:
    def way(folder: Path, address: str, url: str) -> Run:
        command = [str(PEERS), str(ROUTES / script[0]), *script[1:], address, url]
        return run(command, BENCH_DLT_FOLDER=str(folder / "dlt"))

    return way


WAYS: dict[str, Way] = {
    "ours": ours,
    "limit": peer("limit.py"),
    "simple-salesforce + SQLAlchemy Core": peer("simple.py"),
    "dlt, Arrow tables": peer("dlt_load.py", "arrow"),
    "dlt, REST source": peer("dlt_load.py", "rest"),
}


def measure(records: int, rounds: int, server: str | None, only: tuple[str, ...] = ()) -> None:
    """Both databases; `server` None leaves PostgreSQL out, `only` names the ways to run beside ours."""
    for store in ("SQLite", "PostgreSQL")[: 2 if server else 1]:
        with page_server(records) as address:
            ways = {name: fresh(way, address, server if store == "PostgreSQL" else None) for name, way in WAYS.items()}
            chosen = {name: way for name, way in ways.items() if not only or name in (*only, "ours")}
            runs = by_turns(chosen, rounds)
        wrong = {name: found for name, (first, *_) in runs.items() if (found := first.facts["records"]) != records}
        if wrong:
            print(f"not all records arrived: {wrong}")
        tell(f"Initial load of {records:,} records into {store}", records, runs)


def fresh(way: Way, address: str, server: str | None) -> Callable[[], Run]:
    """The way, each time into an empty database."""

    def into_sqlite() -> Run:
        with scratch() as folder:
            return way(folder, address, f"sqlite:///{folder}/store.sqlite")

    def into_postgres() -> Run:
        with scratch() as folder, database(server or "") as url:
            return way(folder, address, url)

    return into_postgres if server else into_sqlite


def tell(title: str, records: int, runs: dict[str, list[Run]]) -> None:
    mine = median(runs["ours"])
    rows = [
        (name, f"{seconds:8.2f} s  {records / seconds:9,.0f} rec/s", seconds / mine, GOALS.get(name))
        for name, seconds in ((name, median(found)) for name, found in runs.items())
    ]
    show(title, rows)
    for name, found in runs.items():
        extra = median(found, lambda one: one.extra_mb)
        verdict = "" if name != "ours" else f"   goal {MEMORY_MB} MB: {'met' if extra <= MEMORY_MB else 'MISSED'}"
        print(f"    peak memory over imports  {name:38}{extra:7.0f} MB{verdict}")
