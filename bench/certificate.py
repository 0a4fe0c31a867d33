"""The nightly comparison of every record with its source, beside a first load of the same records. From the shell."""

from __future__ import annotations

from pathlib import Path

from bench.report import show
from bench.world import FRONTDESK, Run, configuration, median, page_server, run, scratch


def measure(records: int, rounds: int) -> None:
    """SQLite. Each round has a store of its own: loaded once, then compared."""
    with page_server(records) as address, scratch() as folder:
        runs = [one_round(folder / str(number), address) for number in range(rounds)]
    loads, comparisons = [load for load, _ in runs], [comparison for _, comparison in runs]
    ratio = median(comparisons) / median(loads)
    rows = [
        ("compare", f"{median(comparisons):6.2f} s", ratio, None),
        ("first load", f"{median(loads):6.2f} s", 1.0, None),
    ]
    show(f"Compare {records:,} records with their source, SQLite, as a share of their first load", rows)


def one_round(folder: Path, address: str) -> tuple[Run, Run]:
    folder.mkdir()
    config = str(configuration(folder, address))
    run([str(FRONTDESK), "migrate"], FRONTDESK_CONFIG=config)
    loaded = run([str(FRONTDESK), "sync"], FRONTDESK_CONFIG=config)
    return loaded, run([str(FRONTDESK), "reconcile"], FRONTDESK_CONFIG=config)
