"""What a portal that runs writes down: the reference that a reader was given, with what was the matter."""

from __future__ import annotations

import logging
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from sqlalchemy.exc import DatabaseError

from cli.log import WithoutValues

Run = Callable[..., "subprocess.CompletedProcess[str]"]
KEY = "a test secret of 32 characters or more"
STORE = "sqlite:///var/frontdesk.sqlite"


@pytest.fixture
def portal(migrated: Run, tmp_path: Path, free_port: int, request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a portal that runs over a store in `tmp_path`; its output goes to `portal.log`."""
    words = ["-m", "cli.main", "serve", "--port", str(free_port), *request.param]
    with (tmp_path / "portal.log").open("w") as log:
        running = subprocess.Popen(
            [sys.executable, *words],
            cwd=tmp_path,
            env=os.environ | {"FRONTDESK_SECRET_KEY": KEY, "FRONTDESK_DATABASE_URL": STORE},
            stderr=log,
            stdout=log,
        )
        address = f"http://127.0.0.1:{free_port}"
        try:
            wait_for(address)
            yield address
        finally:
            running.terminate()
            running.wait(20)


def wait_for(address: str) -> None:
    for _ in range(300):
        try:
            httpx.get(f"{address}/healthz").raise_for_status()
        except httpx.HTTPError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("the portal did not come up")


@pytest.mark.parametrize("portal", [(), ("--workers", "2")], indirect=True, ids=["one process", "two processes"])
def test_the_reference_on_the_page_is_in_the_log_with_the_cause_and_no_secret(portal: str, tmp_path: Path) -> None:
    store = tmp_path / "var/frontdesk.sqlite"
    store.write_bytes(b"\xee" * store.stat().st_size)
    page = httpx.get(f"{portal}/sign-in/a-link-that-opens-a-door")
    assert page.status_code == 503
    [reference] = re.findall(r"\b[0-9A-F]{8}\b", page.text)
    log = (tmp_path / "portal.log").read_text()
    assert f"GET /sign-in/{{token}} failed, reference {reference}" in log
    assert "Traceback" in log
    assert "database disk image is malformed" in log or "file is not a database" in log
    assert "a-link-that-opens-a-door" not in log


@pytest.mark.parametrize("portal", [()], indirect=True)
def test_a_portal_that_can_send_no_mail_says_so_as_it_starts(portal: str, tmp_path: Path) -> None:
    told = (tmp_path / "portal.log").read_text()
    assert "No mail server is set" in told
    assert "Set FRONTDESK_SMTP_URL" in told


def test_the_log_leaves_out_what_a_statement_was_given() -> None:
    error = DatabaseError("SELECT 1 WHERE token = ?", ("t0ken",), Exception("broken"))
    record = logging.LogRecord("portal_api", logging.ERROR, "", 0, "failed", (), (type(error), error, None))
    told = WithoutValues().format(record)
    assert "broken" in told
    assert "t0ken" not in told
