"""A portal of several processes, whose first one is killed outright, leaves nothing that holds its port."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx

from tests.cli.test_log import KEY, STORE, wait_for

Run = Callable[..., "subprocess.CompletedProcess[str]"]


def test_server_processes_end_with_the_one_that_started_them(migrated: Run, tmp_path: Path, free_port: int) -> None:
    words = [sys.executable, "-m", "cli.main", "serve", "--port", str(free_port), "--workers", "2"]
    environment = os.environ | {"FRONTDESK_SECRET_KEY": KEY, "FRONTDESK_DATABASE_URL": STORE}
    address = f"http://127.0.0.1:{free_port}"
    portal = subprocess.Popen(words, cwd=tmp_path, env=environment, start_new_session=True)
    try:
        wait_for(address)
        portal.kill()
        portal.wait(20)
        wait_until_gone(address)
    finally:
        end_group(portal.pid)


def wait_until_gone(address: str) -> None:
    for _ in range(100):
        try:
            httpx.get(f"{address}/healthz", timeout=1)
        except httpx.TransportError:
            return
        time.sleep(0.1)
    raise AssertionError("the portal's processes outlive the one that started them")


def end_group(group: int) -> None:
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        return
