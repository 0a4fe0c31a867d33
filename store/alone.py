"""What only one process may do at a time, and whose turn ends with the process, however it dies.

A turn that lapses by the clock is either too short for a slow process or too long after a dead one. So it hangs on what
the system takes back by itself: on PostgreSQL a lock of a connection, which falls with it, wherever the other processes
run; on SQLite, which serves one machine, a lock on a file beside the store's.
"""

from __future__ import annotations

import fcntl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from sqlalchemy import Engine, func, select
from sqlalchemy.exc import DBAPIError

from hub.errors import NeedsPerson, RetryLater
from store.trouble import trouble

ASKS_EVERY_SECONDS = 0.1


class Busy(RetryLater):
    """It is another process's turn."""


@contextmanager
def alone(engine: Engine, about: str, patience: float) -> Iterator[None]:
    """Wait for our turn and keep it until the end of the block. Busy when it does not come in `patience` seconds.

    Call outside of any transaction: one that writes would keep the holder from storing what it does.
    """
    among = _connections if engine.dialect.name == "postgresql" else _files
    with among(engine, about) as take:
        deadline = time.monotonic() + patience
        while not take():
            if time.monotonic() > deadline:
                raise Busy(f"Another process keeps the {about} busy.")
            time.sleep(ASKS_EVERY_SECONDS)
        yield


@contextmanager
def _connections(engine: Engine, about: str) -> Iterator[Callable[[], bool]]:
    lock = select(func.pg_try_advisory_lock(func.hashtextextended(f"frontdesk {about}", 0)))
    try:
        connection = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
    except DBAPIError as error:
        raise trouble(error) or error from error
    with connection:
        # Out of the pool, so that closing it gives the lock back. No transaction stays open, for a turn may be long.
        connection.detach()
        yield lambda: bool(connection.scalar(lock))


@contextmanager
def _files(engine: Engine, about: str) -> Iterator[Callable[[], bool]]:
    # It stays when the turn is over: who removed it could take it from under another who has just opened it.
    store = Path(str(engine.url.database)).resolve()
    with _opened(store.with_name(f"{store.name}-{about.replace(' ', '-')}.lock")) as file:
        yield lambda: _took(file)


def _opened(path: Path) -> IO[str]:
    try:
        return path.open("w")
    except OSError as error:
        raise NeedsPerson(
            f"{path} cannot be written: {error.strerror}.",
            step="Give the store's folder to the user that Frontdesk runs as, and see that the disk has room.",
        ) from None


def _took(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
