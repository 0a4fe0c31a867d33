"""The control page: for a person who wants to change something in the "CRM" and watch it arrive in the portal."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox.faults import FaultBook
from sandbox.state import State


def routes(state: State, book: FaultBook) -> list[BaseRoute]:
    """The page at `/`."""

    def home(_: Request) -> Response:
        armed = ", ".join(fault["fault"] for fault in book.armed()) or "none"
        return PlainTextResponse(f"Sandbox. Clients: {state.count('salesforce', 'Account')}. Faults: {armed}.")

    return [Route("/", home)]
