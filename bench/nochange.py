"""Nothing has changed: every stream once, from the shell, process start included, ours beside dlt."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

from bench.report import Goal, show
from bench.world import (
    BENCH,
    FRONTDESK,
    PEERS,
    Run,
    by_turns,
    configuration,
    median,
    page_server,
    requests_served,
    run,
    scratch,
)

STREAMS = (
    "Account",
    "Contact",
    "Project__c",
    "Milestone__c",
    "Shipment__c",
    "Shipment_Event__c",
    "Subscription__c",
    "Contract",
    "Case",
)
RECORDS = 2000
ASKED = {"ours": len(STREAMS) + 1, "dlt, REST source": len(STREAMS)}
"""Requests that a way may make at least: one a stream, and ours asks for its token itself."""


def measure(rounds: int) -> None:
    """SQLite. Both have loaded everything once before."""
    with page_server(RECORDS) as address, scratch() as folder:
        ways = {"ours": ours(folder, address), "dlt, REST source": dlt(folder, address)}
        for way in ways.values():
            way()
        before = rows_and_runs(folder)
        counts: dict[str, list[int]] = {name: [] for name in ways}
        runs = by_turns({name: counted(way, address, counts[name]) for name, way in ways.items()}, rounds)
        after = rows_and_runs(folder)
    tell(runs, counts)
    written, recorded = (new - old for new, old in zip(after, before, strict=True))
    print(f"    ours wrote {written} rows of data and {recorded} run records in {rounds} runs")


def ours(folder: Path, address: str) -> Callable[[], Run]:
    config = str(configuration(folder, address))
    run([str(FRONTDESK), "migrate"], FRONTDESK_CONFIG=config)
    return lambda: run([str(FRONTDESK), "sync"], FRONTDESK_CONFIG=config)


def dlt(folder: Path, address: str) -> Callable[[], Run]:
    command = [str(PEERS), str(BENCH / "routes" / "dlt_load.py"), "rest", address, f"sqlite:///{folder}/dlt.sqlite"]
    return lambda: run([*command, *STREAMS], BENCH_DLT_FOLDER=str(folder / "dlt"))


def counted(way: Callable[[], Run], address: str, counts: list[int]) -> Callable[[], Run]:
    def call() -> Run:
        before = requests_served(address)
        done = way()
        counts.append(requests_served(address) - before)
        return done

    return call


def rows_and_runs(folder: Path) -> tuple[int, int]:
    """Rows changed so far, by the store's own stamp, and run records."""
    with sqlite3.connect(folder / "ours.sqlite") as store:
        latest = "SELECT count(*) FROM (SELECT synced_at FROM {0} GROUP BY synced_at)"
        batches = sum(store.execute(latest.format(table)).fetchone()[0] for table in ("client", "project"))
        changes = store.execute("SELECT count(*) FROM change").fetchone()[0]
        runs = store.execute("SELECT count(*) FROM run").fetchone()[0]
    return batches + changes, runs


def tell(runs: dict[str, list[Run]], counts: dict[str, list[int]]) -> None:
    theirs = median(runs["dlt, REST source"])
    rows = [
        (
            name,
            f"{median(found):8.2f} s  {max(counts[name]):3} requests (least {ASKED[name]})",
            median(found) / theirs,
            Goal(0.5, most=True) if name == "ours" else None,
        )
        for name, found in runs.items()
    ]
    show(f"No change: {len(STREAMS)} streams from the shell, SQLite, as a share of dlt's time", rows)
