"""Serving the sandbox over HTTP: in this process for tests, or in the foreground for the command line."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from sandbox.app import create_app
from sandbox.notices import telling
from sandbox.state import State

START_SECONDS = 20.0
IDLE_SECONDS = 75
"""Clients poll every five seconds, uvicorn's own limit: a connection must not be closed just as it is used again."""


def server(state: State) -> uvicorn.Server:
    """A uvicorn server of the sandbox, not yet running. `Date` is the sandbox's own clock, so uvicorn sends none."""
    config = uvicorn.Config(
        create_app(state), log_level="critical", access_log=False, ws="none", lifespan="off", date_header=False,
        timeout_keep_alive=IDLE_SECONDS,
    )  # fmt: skip
    return uvicorn.Server(config)


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one. OSError when the port is taken."""
    listener = socket.create_server((host, port), backlog=256)
    listener.setblocking(False)
    return listener


@contextmanager
def serving(state: State, host: str = "127.0.0.1", port: int = 0) -> Iterator[str]:
    """Serve the sandbox from a thread of this process; gives its address, such as `http://127.0.0.1:40211`."""
    with telling(state), listen(host, port) as listener:
        running = server(state)
        thread = threading.Thread(target=running.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        try:
            _wait(running, thread)
            yield f"http://{host}:{listener.getsockname()[1]}"
        finally:
            running.should_exit = True
            thread.join(START_SECONDS)


def _wait(running: uvicorn.Server, thread: threading.Thread) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not running.started:
        if not thread.is_alive() or time.monotonic() > deadline:
            raise RuntimeError("the sandbox did not start")
        time.sleep(0.005)
