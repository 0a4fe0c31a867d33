"""Where our own time goes, per record: the initial load once more, with CPU clocks around its stages.

    profile_sync.py [--records 100000] [--postgres URL] [--functions]

`--functions` adds a profile by function; the profiler itself then doubles the figures. On PostgreSQL the server's own
time is not in them.
"""

from __future__ import annotations

import argparse
import cProfile
import pstats
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.world import SECRET, configuration, page_server, scratch
from connectors import http
from flows import pull, sync
from flows.hub import open_hub
from hub.settings import load
from mappings import mapping
from mappings.mapping import Mapping
from store import held, merge, rows
from store.engine import create_engine
from store.migrate import upgrade
from warehouse.landing import Landing

STAGES: dict[str, tuple[Any, str]] = {
    "request, bytes": (http.CountingAdapter, "send"),
    "decode": (http.FastResponse, "json"),
    "land": (Landing, "land"),
    "map": (Mapping, "apply"),
    "- of it hash": (mapping, "content_hashes"),
    "merge": (pull, "merge"),
    "- of it insert": (rows, "insert"),
    "- of it classify": (merge, "classify"),
    "- of it release held": (held, "release"),
}


def clocked(name: str, function: Callable[..., Any], spent: dict[str, float]) -> Callable[..., Any]:
    def call(*args: Any, **kwargs: Any) -> Any:
        started = time.process_time()
        try:
            return function(*args, **kwargs)
        finally:
            spent[name] += time.process_time() - started

    return call


def loaded(records: int, database: str | None, profile: cProfile.Profile | None) -> dict[str, float]:
    """CPU seconds by stage, and `all`."""
    spent: dict[str, float] = defaultdict(float)
    for name, (owner, attribute) in STAGES.items():
        setattr(owner, attribute, clocked(name, getattr(owner, attribute), spent))
    with scratch() as folder, page_server(records) as address:
        settings = load(configuration(folder, address, database), {"FRONTDESK_SECRET_KEY": SECRET})
        engine = create_engine(settings.database_url)
        upgrade(engine)
        engine.dispose()
        with open_hub(settings) as hub:
            assert hub.mappings
            if profile:
                profile.enable()
            clocked("all", sync.sync_source, spent)(hub, "salesforce", ["Account", "Project__c"])
            if profile:
                profile.disable()
    return spent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--postgres", help="an empty database; default: SQLite")
    parser.add_argument("--functions", action="store_true")
    options = parser.parse_args()
    profile = cProfile.Profile(time.process_time) if options.functions else None
    spent = loaded(options.records, options.postgres, profile)
    per = 1e6 / options.records
    for name in (*STAGES, "all"):
        print(f"{spent[name] * per:8.1f} µs  {name}")
    print(f"{(spent['all'] - sum(spent[n] for n in STAGES if not n.startswith('-'))) * per:8.1f} µs  everything else")
    if profile:
        stats: Any = pstats.Stats(profile)
        own = sorted(((t[2], t[0], key) for key, t in stats.stats.items()), reverse=True)[:25]
        for seconds, calls, (file, line, name) in own:
            print(f"{seconds * per:8.2f}  {calls:>9,}  {'/'.join(Path(file).parts[-2:])}:{line} {name}")


if __name__ == "__main__":
    main()
