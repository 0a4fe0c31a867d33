"""Benchmarks: ours beside others in one run, by turns, median. Nothing is asserted; each figure says its goal.

make bench                                    all, 100,000 records, five rounds: about half an hour
.venv/bin/python bench/run.py --quick         20,000 records, one round: a look, no figures to quote
.venv/bin/python bench/run.py --only load --records 1000000
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path

HOUSE = Path(__file__).parents[1]
sys.path.insert(0, str(HOUSE))
PARTS = ("load", "nochange", "certificate", "prefect", "home", "warehouse")
QUICK_RECORDS, QUICK_ROUNDS, QUICK_SECONDS = 20_000, 1, 2.0


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="small and once")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS, help="some parts")
    parser.add_argument("--records", type=int, nargs="+", default=[100_000], help="sizes of the initial load")
    parser.add_argument("--rounds", type=int, default=5, help="how often each way runs; the median counts")
    parser.add_argument("--seconds", type=float, default=8.0, help="how long each page load lasts")
    parser.add_argument("--activity", type=int, default=1_000_000, help="rows of the warehouse's store")
    parser.add_argument("--postgres", metavar="URL", help="a server to use instead of one of our own")
    parser.add_argument("--without-postgres", action="store_true", help="SQLite alone")
    chosen = parser.parse_args()
    if chosen.quick:
        chosen.records, chosen.rounds, chosen.seconds = [QUICK_RECORDS], QUICK_ROUNDS, QUICK_SECONDS
        chosen.activity = 100_000
    return chosen


def have_peers() -> None:
    """The peers live in an environment of their own, `.venv-bench`: their wishes must not bend ours."""
    python = HOUSE / ".venv-bench/bin/python"
    locked = str(HOUSE / "requirements/bench.txt")
    if not python.exists():
        print("Installing the peers into .venv-bench ...", flush=True)
        subprocess.run([sys.executable, "-m", "venv", str(HOUSE / ".venv-bench")], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "-q", "--require-hashes", "-r", locked], check=True)


def main() -> None:
    chosen = options()
    have_peers()
    from bench import certificate, home, loads, measure_build, nochange, prefect_cost, world

    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; {chosen.rounds} rounds by turns, medians")
    needs_server = not chosen.without_postgres and {"load", "home"} & set(chosen.only)
    with world.postgres(chosen.postgres) if needs_server else nullcontext() as server:
        if "load" in chosen.only:
            for records in chosen.records:
                loads.measure(records, chosen.rounds, server)
        if "nochange" in chosen.only:
            nochange.measure(chosen.rounds)
        if "certificate" in chosen.only:
            for records in chosen.records:
                certificate.measure(records, chosen.rounds)
        if "prefect" in chosen.only:
            prefect_cost.measure(chosen.rounds)
        if "home" in chosen.only:
            home.measure(chosen.rounds, chosen.seconds, server)
        if "warehouse" in chosen.only:
            measure_build.measure(chosen.activity)


if __name__ == "__main__":
    main()
