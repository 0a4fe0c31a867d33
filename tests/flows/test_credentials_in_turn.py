"""One refresher at a time, whatever becomes of the others: killed, slow, or many at once."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time

import pytest
from sqlalchemy import Engine

from hub.errors import RetryLater
from store import tokens
from store.tokens import SealedTokens

KEY = "x" * 32
HOLDER = """
import sys, time
from store.engine import create_engine
from store.tokens import SealedTokens

with SealedTokens(create_engine(sys.argv[1]), "quickbooks", "x" * 32).lock():
    print("mine", flush=True)
    time.sleep(600)
"""


def holder(url: str) -> subprocess.Popen[str]:
    """Another process in the middle of a refresh."""
    process = subprocess.Popen([sys.executable, "-c", HOLDER, url], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "mine\n"
    return process


def test_a_killed_refresher_keeps_nobody_waiting(engine: Engine, database_url: str) -> None:
    with holder(database_url) as other:
        other.send_signal(signal.SIGKILL)
    began = time.monotonic()
    with SealedTokens(engine, "quickbooks", KEY).lock():
        assert time.monotonic() - began < 10


def test_a_slow_refresher_keeps_its_turn_and_the_others_hear_so(
    engine: Engine, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokens, "WAIT_SECONDS", 0.5)
    with holder(database_url) as other:
        with (
            pytest.raises(RetryLater, match="keeps the credentials of quickbooks busy"),
            SealedTokens(engine, "quickbooks", KEY).lock(),
        ):
            pass
        with SealedTokens(engine, "salesforce", KEY).lock():
            pass
        other.kill()


def test_the_holder_stores_what_it_was_given_and_the_next_reads_it(engine: Engine) -> None:
    """As many at once as a worker runs: each finds what the one before it has stored."""
    within, found, most = [0], [], [0]

    def refresh() -> None:
        store = SealedTokens(engine, "quickbooks", KEY)
        with store.lock():
            within[0] += 1
            most[0] = max(most[0], within[0])
            count = int((store.get() or {"n": "0"})["n"])
            time.sleep(0.05)
            store.put({"n": str(count + 1)})
            found.append(count)
            within[0] -= 1

    crowd = [threading.Thread(target=refresh) for _ in range(4)]
    for one in crowd:
        one.start()
    for one in crowd:
        one.join(30)
    assert (sorted(found), most) == ([0, 1, 2, 3], [1])
