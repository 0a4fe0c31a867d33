"""What Prefect adds to a sync of 20 streams without changes, with a server that is running."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from bench.report import Goal, show
from bench.world import (
    BENCH,
    FRONTDESK,
    HOUSE,
    OURS,
    by_turns,
    configuration,
    environment,
    median,
    page_server,
    run,
    scratch,
)

STREAMS = 20
STARTS_WITHIN_SECONDS = 120


def measure(rounds: int) -> None:
    """Each side in a warm process of its own, several syncs a process; the seconds are of one sync."""
    with scratch() as folder, page_server(2000) as address, prefect_server(folder) as api:
        config = str(configuration(folder, address, mappings=twenty_streams(folder / "mappings")))
        run([str(FRONTDESK), "migrate"], FRONTDESK_CONFIG=config)
        own = {"FRONTDESK_CONFIG": config, "PREFECT_API_URL": api, "PREFECT_HOME": str(folder / "prefect")}
        script = [str(OURS), str(BENCH / "routes" / "twenty.py")]
        ways = {way: (lambda way=way: run([*script, way], **own)) for way in ("bare", "prefect")}
        ways["bare"]()
        runs = by_turns(ways, rounds)
    bare, coated = (median(runs[way], lambda one: one.facts["seconds"]) for way in ("bare", "prefect"))
    rows = [
        ("bare engine", f"{bare:8.3f} s", None, None),
        ("with Prefect", f"{coated:8.3f} s", None, None),
        ("Prefect's cost in seconds", f"{coated - bare:8.3f} s", coated - bare, Goal(0.5, most=True)),
    ]
    show(f"Prefect: {STREAMS} streams without changes, running server", rows)


def twenty_streams(folder: Path) -> Path:
    """Twenty copies of the product's mapping of Project__c, under names of their own."""
    model = (HOUSE / "mappings" / "salesforce" / "Project__c.yaml").read_text(encoding="utf-8")
    target = folder / "salesforce"
    target.mkdir(parents=True)
    (target / "Account.yaml").write_text(
        (HOUSE / "mappings" / "salesforce" / "Account.yaml").read_text(encoding="utf-8"), encoding="utf-8"
    )
    for number in range(1, STREAMS):
        name = f"Project{number:02}__c"
        text = model.replace("stream: Project__c", f"stream: {name}")
        (target / f"{name}.yaml").write_text(text, encoding="utf-8")
    return folder


@contextmanager
def prefect_server(folder: Path) -> Iterator[str]:
    """A Prefect server of the benchmark's own, stopped with all its children."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    own = environment(PREFECT_HOME=str(folder / "prefect"), PREFECT_SERVER_ANALYTICS_ENABLED="false")
    command = [str(OURS), "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", port]
    with (folder / "prefect.log").open("wb") as log:
        server = subprocess.Popen(command, env=own, stdout=log, stderr=log, start_new_session=True)
    try:
        wait_for(f"http://127.0.0.1:{port}/api/health", server)
        yield f"http://127.0.0.1:{port}/api"
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(30)


def wait_for(address: str, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + STARTS_WITHIN_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        try:
            with urlopen(address, timeout=5):
                return
        except (URLError, OSError):
            time.sleep(0.2)
    sys.exit("the Prefect server did not start")
