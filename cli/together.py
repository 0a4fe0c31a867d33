"""A server process of several ends with the one that started it, also where that one was killed outright."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from multiprocessing.process import BaseProcess


def end_with_starter() -> None:
    """In a process that another one started: end in order, as on SIGTERM, once the starter is gone.

    Else `kill -9` of `serve --workers 2` leaves two processes that hold the port and answer with yesterday's code.
    """
    starter = multiprocessing.parent_process()
    if starter is not None:
        threading.Thread(target=_end_after, args=(starter,), name="starter", daemon=True).start()


def _end_after(starter: BaseProcess) -> None:
    starter.join()
    os.kill(os.getpid(), signal.SIGTERM)
