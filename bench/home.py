"""Home, all its lists: on SQLite beside the same page with the database stubbed, on PostgreSQL beside a query a list.

One worker, closed loop, 16 connections and one. `wrk` is used when it is there, else a generator of our own, which
takes more of the machine from the server: both sides alike.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from urllib.request import Request, urlopen

from bench.report import Goal, show
from bench.world import BENCH, OURS, Run, by_turns, database, environment, median, run, scratch

CONNECTIONS = 16
P99_MS = 40
SCRIPT = BENCH / "routes" / "portal.py"


def measure(rounds: int, seconds: float, server: str | None) -> None:
    with scratch() as folder:
        compare("SQLite", f"sqlite:///{folder}/portal.sqlite", ("ours", "stub"), rounds, seconds)
    if server:
        with database(server) as url:
            compare("PostgreSQL", url, ("ours", "plain"), rounds, seconds)


def compare(store: str, url: str, ways: tuple[str, ...], rounds: int, seconds: float) -> None:
    token = filled(url)
    with ExitStack() as stack:
        ports = {way: stack.enter_context(portal(way, url, token)) for way in ways}
        full = by_turns({way: partial(load, port, token, CONNECTIONS, seconds) for way, port in ports.items()}, rounds)
        alone = by_turns({way: partial(load, port, token, 1, seconds) for way, port in ports.items()}, rounds)
    tell(store, ways, full, alone)


def tell(store: str, ways: tuple[str, ...], full: dict[str, list[Run]], alone: dict[str, list[Run]]) -> None:
    names = {"ours": "ours", "stub": "ours, database stubbed", "plain": "a query for each list"}
    goal = Goal(0.3) if "stub" in ways else Goal(2)
    base = median(full[ways[1]], lambda one: one.facts["rate"])
    rows = []
    for way in ways:
        rate, p50, p99 = (median(full[way], partial(fact, key)) for key in ("rate", "p50", "p99"))
        figure = f"{rate:8,.0f} req/s  p50 {p50:6.1f} ms  p99 {p99:6.1f} ms"
        rows.append((names[way], figure, rate / base, goal if way == "ours" else None))
    show(f"Home page on {store}, 1 worker, {CONNECTIONS} connections, as a multiple of the other", rows)
    p99 = median(full["ours"], lambda one: one.facts["p99"])
    single = median(alone["ours"], lambda one: one.facts["p99"])
    verdict = f"   goal at most {P99_MS} ms: {'met' if p99 <= P99_MS else 'MISSED'}" if store == "SQLite" else ""
    print(f"    p99 of ours at {CONNECTIONS} connections {p99:20.1f} ms{verdict}")
    print(f"    p99 of ours at one connection {single:22.1f} ms")


def filled(url: str) -> str:
    """The token of a session in a new store of 2,000 clients."""
    done = subprocess.run(
        [str(OURS), str(SCRIPT), "fill", url], capture_output=True, text=True, env=environment(), check=True
    )
    return done.stdout.strip()


@contextmanager
def portal(way: str, url: str, token: str) -> Iterator[int]:
    """The port of a portal that answers."""
    with subprocess.Popen(
        [str(OURS), str(SCRIPT), way, url], stdout=subprocess.PIPE, text=True, env=environment()
    ) as p:
        assert p.stdout is not None
        try:
            port = int(p.stdout.readline())
            wait_for(port, token)
            yield port
        finally:
            p.kill()


def wait_for(port: int, token: str) -> None:
    for _ in range(100):
        try:
            with urlopen(Request(f"http://127.0.0.1:{port}/", headers={"Cookie": f"frontdesk={token}"})) as page:
                assert b"data-answer" in page.read()
                return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("the portal does not answer")


def load(port: int, token: str, connections: int, seconds: float) -> Run:
    if shutil.which("wrk"):
        return wrk(port, token, connections, seconds)
    script = str(BENCH / "routes" / "closed_loop.py")
    return run([str(OURS), script, str(port), token, str(connections), str(seconds)])


def wrk(port: int, token: str, connections: int, seconds: float) -> Run:
    # A browser's name: programs that walk pages are not counted as use, and this measures a client's page.
    headers = ["-H", f"Cookie: frontdesk={token}", "-H", "User-Agent: Mozilla/5.0"]
    command = ["wrk", "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", "--latency", *headers]
    text = subprocess.run([*command, f"http://127.0.0.1:{port}/"], capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in text:
        raise RuntimeError(text)
    found = dict(re.findall(r"(50%|99%|Requests/sec:)\s+([\d.]+(?:us|ms|s)?)", text))
    facts = {
        "rate": float(found["Requests/sec:"]),
        "p50": milliseconds(found["50%"]),
        "p99": milliseconds(found["99%"]),
    }
    return Run(seconds, facts)


def fact(name: str, one: Run) -> float:
    return one.facts[name]


def milliseconds(text: str) -> float:
    found = re.fullmatch(r"([\d.]+)(us|ms|s)", text)
    assert found is not None, text
    number, unit = found.groups()
    return float(number) * {"us": 0.001, "ms": 1, "s": 1000}[unit]
