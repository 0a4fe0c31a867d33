"""The sandbox as one web application: every vendor, the control page and API, the mail catcher."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.middleware import Middleware

from sandbox import control, vendors
from sandbox.faults import FaultBook, FaultMiddleware
from sandbox.meter import MeterMiddleware, RequestLog
from sandbox.state import State


def create_app(state: State) -> Starlette:
    """One application over one state. Each call has its own faults and its own request log."""
    book, log = FaultBook(), RequestLog()
    return Starlette(
        routes=[*control.routes(state, book, log), *vendors.routes(state)],
        middleware=[
            Middleware(MeterMiddleware, state=state, log=log),
            Middleware(FaultMiddleware, state=state, book=book),
        ],
    )
