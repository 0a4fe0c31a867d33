"""The command as a person runs it: a process of its own, in a folder of its own."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., "subprocess.CompletedProcess[str]"]
KEY = "a test secret of 32 characters or more"
STORE = "sqlite:///var/frontdesk.sqlite"


def command(folder: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """`frontdesk` with these words in a folder, with no terminal."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("FRONTDESK_")}
    return subprocess.run(
        [sys.executable, "-m", "cli.main", *words],
        cwd=folder,
        # The store is named, so that not every test needs a frontdesk.toml.
        env={**inherited, "FRONTDESK_SECRET_KEY": KEY, "FRONTDESK_DATABASE_URL": STORE, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def frontdesk(tmp_path: Path) -> Run:
    """`frontdesk("sync", "--full", FRONTDESK_X="y")` in an empty folder (or `cwd`)."""

    def run(*words: str, cwd: Path = tmp_path, **environment: str) -> subprocess.CompletedProcess[str]:
        return command(cwd, *words, **environment)

    return run


@pytest.fixture
def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@pytest.fixture(scope="session")
def migrated_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `frontdesk migrate` makes of an empty folder, to be copied."""
    folder = tmp_path_factory.mktemp("migrated")
    done = command(folder, "migrate")
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def migrated(frontdesk: Run, migrated_folder: Path, tmp_path: Path) -> Run:
    """The same, with a store that has its tables."""
    shutil.copytree(migrated_folder, tmp_path, dirs_exist_ok=True)
    return frontdesk
