"""Child processes of one terminal: started in groups of their own, watched, and all stopped together."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType, TracebackType
from typing import Self

from hub.errors import NeedsPerson

LEASH = Path(__file__).with_name("leash.py")
STOP_SECONDS = 8.0
POLL_SECONDS = 0.1
LINES_SHOWN = 5
TITLES = {"prefect": "Prefect"}
"""What children are called that have names of their own; others are `the` portal and so on."""


class Stopped(Exception):
    """Somebody asked us to stop: Ctrl-C or SIGTERM."""


@dataclass
class Children:
    """A context: what was started in it is gone after it, whatever happens; after our own `kill -9` too."""

    logs: Path
    environment: Mapping[str, str]
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    stopping: bool = False
    leash: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.logs.mkdir(parents=True, exist_ok=True)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._asked_to_stop)
        # It reads until our end of the pipe is closed, which a killed process does too; no child inherits that end.
        self.leash = subprocess.Popen(  # noqa: S603 -- our own file
            [sys.executable, "-I", "-S", LEASH],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        return self

    def __exit__(self, kind: type[BaseException] | None, _e: BaseException | None, _t: TracebackType | None) -> None:
        self.stopping = True
        self.stop()
        self._tell("done")
        if self.leash is not None:
            self.leash.wait()

    def _tell(self, word: object) -> None:
        if self.leash is not None and self.leash.stdin is not None:
            with contextlib.suppress(BrokenPipeError):  # somebody ended the leash itself
                self.leash.stdin.write(f"{word}\n".encode())
                self.leash.stdin.flush()

    def _asked_to_stop(self, _number: int, _frame: FrameType | None) -> None:
        # Raised once: a second Ctrl-C while stopping must not leave half of them running.
        if not self.stopping:
            self.stopping = True
            raise Stopped

    def start(self, name: str, command: Sequence[str]) -> None:
        """Start a command; its output goes to `{name}.log`."""
        with self.log(name).open("wb") as log:
            self.running[name] = subprocess.Popen(  # noqa: S603 -- our own commands, no shell
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=dict(self.environment),
                # A group of its own: the terminal's Ctrl-C reaches only us, and we reach its children too.
                start_new_session=True,
            )
        self._tell(self.running[name].pid)

    def log(self, name: str) -> Path:
        return self.logs / f"{name}.log"

    def check(self) -> None:
        """NeedsPerson naming the child that has died, with the end of its log."""
        for name, process in self.running.items():
            if process.poll() is not None:
                last = self.log(name).read_text(encoding="utf-8", errors="replace").strip().splitlines()[-LINES_SHOWN:]
                raise NeedsPerson(
                    f"{TITLES.get(name, f'The {name}')} stopped by itself (exit code {process.returncode}).",
                    step=f"Its log is {self.log(name)}"
                    + (", which ends:\n    " + "\n    ".join(last) if last else "."),
                )

    def wait_for(self, ready: Callable[[], bool], what: str, seconds: float) -> None:
        """Wait until something is so, watching the children meanwhile."""
        deadline = time.monotonic() + seconds
        while not ready():
            self.check()
            if time.monotonic() > deadline:
                raise NeedsPerson(f"{what} took longer than {seconds:.0f} s.", step=f"The logs are in {self.logs}/.")
            time.sleep(POLL_SECONDS)

    def watch(self) -> None:
        """Stay until a child dies (NeedsPerson) or somebody asks to stop (Stopped)."""
        while True:
            self.check()
            time.sleep(POLL_SECONDS * 2)

    def stop(self) -> None:
        """Ask each group to end, the last started first since it may need the others; end what does not listen."""
        while self.running:
            _, process = self.running.popitem()
            _signal(process, signal.SIGTERM)
            deadline = time.monotonic() + STOP_SECONDS
            while time.monotonic() < deadline and _alive(process):
                time.sleep(POLL_SECONDS)
            _signal(process, signal.SIGKILL)
            process.wait()


def _alive(process: subprocess.Popen[bytes]) -> bool:
    """Whether anything of the process's group still runs; its leader may have gone before its children."""
    process.poll()
    try:
        os.killpg(process.pid, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def _signal(process: subprocess.Popen[bytes], number: int) -> None:
    try:
        os.killpg(process.pid, number)
    except (ProcessLookupError, PermissionError):
        # The group is empty already.
        return
