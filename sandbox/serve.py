"""Serving the sandbox over HTTP: in this process for tests, or in the foreground for the command line."""

from __future__ import annotations

import atexit
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox.app import create_app
from sandbox.notices import telling
from sandbox.state import State

START_SECONDS, STOP_SECONDS = 20.0, 2.0
IDLE_SECONDS = 75
"""Clients poll every five seconds, uvicorn's own limit: a connection must not be closed just as it is used again."""


def server(state: State) -> uvicorn.Server:
    """A uvicorn server of the sandbox, not yet running."""
    return _server(create_app(state))


def _server(app: ASGIApp) -> uvicorn.Server:
    # `Date` is the sandbox's own clock, so uvicorn sends none.
    config = uvicorn.Config(
        app, log_level="critical", access_log=False, ws="none", lifespan="off", date_header=False,
        timeout_keep_alive=IDLE_SECONDS,
    )  # fmt: skip
    return uvicorn.Server(config)


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one. OSError when the port is taken."""
    listener = socket.create_server((host, port), backlog=256)
    listener.setblocking(False)
    return listener


@contextmanager
def serving(state: State) -> Iterator[str]:
    """Serve the sandbox from a thread of this process; gives its address, such as `http://127.0.0.1:40211`."""
    stage = _idle.pop() if _idle else _Stage()
    with telling(state):
        stage.app = create_app(state)
        try:
            yield stage.address
        finally:
            stage.app = _nobody
            _idle.append(stage)


class _Stage:
    """A server in a thread that serves one sandbox after the other.

    Tests have hundreds, and uvicorn takes a fifth of a second to stop. Each test's own application stays its own.
    """

    def __init__(self) -> None:
        self.app: ASGIApp = _nobody
        self._listener = listen("127.0.0.1", 0)
        self.address = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._running = _server(self)
        self._thread = threading.Thread(target=self._running.run, kwargs={"sockets": [self._listener]}, daemon=True)
        self._thread.start()
        self._wait()
        atexit.register(self.stop)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)

    def _wait(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not self._running.started:
            if not self._thread.is_alive() or time.monotonic() > deadline:
                raise RuntimeError("the sandbox did not start")
            time.sleep(0.005)

    def stop(self) -> None:
        self._running.should_exit = True
        self._thread.join(STOP_SECONDS)
        self._listener.close()


async def _nobody(scope: Scope, receive: Receive, send: Send) -> None:
    await PlainTextResponse("This sandbox is over.", 503)(scope, receive, send)


_idle: list[_Stage] = []
