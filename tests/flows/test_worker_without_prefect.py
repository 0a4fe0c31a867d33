"""A worker whose Prefect server is away: it says so in plain words, and stops when it is told to."""

from __future__ import annotations

import asyncio
import http.server
import logging
import threading
import time

import pytest
from prefect.runner import Runner
from prefect.settings import PREFECT_API_URL, temporary_settings

from flows import worker
from hub.errors import NeedsPerson
from hub.settings import Settings

NOBODY = "http://127.0.0.1:9/api"


def test_a_server_that_is_away_while_it_registers_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREFECT_API_URL", NOBODY)
    with (
        temporary_settings({PREFECT_API_URL: NOBODY}),
        pytest.raises(NeedsPerson, match=f"The Prefect server at {NOBODY} cannot be reached") as away,
    ):
        asyncio.run(worker._serve(Settings(secret_key="x" * 32)))
    assert "prefect server start" in away.value.step


def test_stopping_does_not_wait_for_a_server_that_is_away(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def for_ever(_runner: Runner) -> None:
        await asyncio.sleep(60)

    async def stop() -> None:
        await (await worker.stoppable())._pause_schedules()

    monkeypatch.setattr(Runner, "_pause_schedules", for_ever)
    monkeypatch.setattr(worker, "PAUSE_SECONDS", 0.1)
    began = time.monotonic()
    asyncio.run(stop())
    assert time.monotonic() - began < 10
    assert "Prefect did not answer" in caplog.text


def test_a_worker_outlives_its_server_and_says_so_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    statuses, served = [503, 503, 503, 200], []

    class Health(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(statuses.pop(0))
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    async def once(_settings: Settings, registered: asyncio.Event) -> None:
        registered.set()
        served.append(1)
        if len(served) == 1:
            raise ExceptionGroup("tasks", [RuntimeError("Service exceeded error threshold.")])

    monkeypatch.setattr(worker, "_serve_once", once)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Health) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_address[1]}/api"
        monkeypatch.setenv("PREFECT_API_URL", address)
        monkeypatch.setattr(worker, "WATCH_SECONDS", 1)
        asyncio.run(worker._serve(Settings(secret_key="x" * 32)))
        server.shutdown()
    told = [record.message for record in caplog.records if record.name == "frontdesk.worker"]
    assert (len(served), statuses) == (2, [])
    assert told == [
        f"The Prefect server at {address} does not answer; no scheduled run starts until it does.",
        "The Prefect server answers again.",
    ]
