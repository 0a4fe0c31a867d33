"""Child processes: all gone after Ctrl-C, SIGTERM, `kill -9` or the death of one, their own children too."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

SCRIPT = """
import sys
from pathlib import Path
from cli.children import Children, Stopped
from hub.errors import NeedsPerson

try:
    with Children(Path("log"), dict(PATH="/usr/bin:/bin")) as children:
        for name, command in {commands!r}.items():
            children.start(name, ["sh", "-c", command])
        print("started", flush=True)
        children.watch()
except Stopped:
    sys.exit(0)
except NeedsPerson as error:
    sys.exit(f"{{error.sentence}} {{error.step}}")
"""
MOTHER = "sleep 600 & echo $! > child.pid; sleep 600"
DEAF = "trap '' TERM; sleep 600 & echo $! > deaf.pid; while true; do sleep 1; done"


def supervise(folder: Path, **commands: str) -> subprocess.Popen[str]:
    started = subprocess.Popen(
        [sys.executable, "-c", SCRIPT.format(commands=commands)],
        cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert started.stdout is not None
    assert started.stdout.readline() == "started\n"
    return started


def pid_in(file: Path) -> int:
    deadline = time.monotonic() + 10
    while not (file.exists() and file.read_text().strip()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return int(file.read_text())


def is_gone(pid: int) -> bool:
    """One look: whatever is asked first may be true no more when a second thing is asked."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return True
    # Without an init that reaps, an orphan that has ended stays as a zombie.
    return state in "ZX"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_every_child_and_grandchild(tmp_path: Path, number: signal.Signals) -> None:
    supervisor = supervise(tmp_path, mother=MOTHER)
    grandchild = pid_in(tmp_path / "child.pid")
    supervisor.send_signal(number)
    _, errors = supervisor.communicate(timeout=20)
    assert (supervisor.returncode, errors) == (0, "")
    assert is_gone(grandchild)


def test_when_one_dies_it_is_named_with_its_log_and_the_others_stop(tmp_path: Path) -> None:
    supervisor = supervise(tmp_path, mother=MOTHER, worker="while [ ! -s child.pid ]; do :; done; echo no disk; exit 3")
    _, errors = supervisor.communicate(timeout=20)
    assert supervisor.returncode == 1
    assert "The worker stopped by itself (exit code 3)." in errors
    assert "log/worker.log" in errors
    assert "no disk" in errors
    assert is_gone(pid_in(tmp_path / "child.pid"))


def test_prefect_is_called_by_its_name(tmp_path: Path) -> None:
    _, errors = supervise(tmp_path, prefect="exit 3").communicate(timeout=20)
    assert "Prefect stopped by itself (exit code 3). Its log is log/prefect.log" in errors
    assert "The prefect" not in errors


def test_nothing_outlives_a_supervisor_that_is_killed(tmp_path: Path) -> None:
    supervisor = supervise(tmp_path, mother=MOTHER)
    grandchild = pid_in(tmp_path / "child.pid")
    supervisor.kill()
    supervisor.communicate(timeout=20)
    deadline = time.monotonic() + 10
    while not is_gone(grandchild) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert is_gone(grandchild)


@pytest.mark.slow
def test_a_child_that_will_not_listen_is_ended(tmp_path: Path) -> None:
    supervisor = supervise(tmp_path, deaf=DEAF)
    grandchild = pid_in(tmp_path / "deaf.pid")
    supervisor.send_signal(signal.SIGTERM)
    supervisor.send_signal(signal.SIGINT)
    supervisor.communicate(timeout=30)
    assert supervisor.returncode == 0
    assert is_gone(grandchild)
