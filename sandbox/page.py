"""The control page: a person changes something in the "CRM", the books or the files and watches it arrive."""

from __future__ import annotations

import datetime as dt
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox import clients
from sandbox.arming import CATALOGUE
from sandbox.credentials import KEY_FILE, configuration
from sandbox.faults import FaultBook
from sandbox.meter import RequestLog
from sandbox.state import State
from sandbox.vendors import TITLES, VENDORS, own_faults

PAGES = Path(__file__).parent / "pages"
POLICY = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
SAFE = {"content-security-policy": POLICY, "x-content-type-options": "nosniff", "cache-control": "no-store"}


@cache
def pages() -> Environment:
    """The page's templates. Records leave out empty fields, so a missing one is an empty place."""
    environment = Environment(loader=FileSystemLoader(PAGES), autoescape=True)
    environment.filters |= {"day": day, "amount": amount}
    return environment


def day(value: str | None) -> str:
    """An ISO date or instant as `3 Dec 2026`, or `3 Dec 2026, 14:00 UTC`; a dash for none."""
    if not value:
        return "–"
    moment = dt.datetime.fromisoformat(value)
    text = f"{moment.day} {moment:%b %Y}"
    return text if "T" not in value else f"{text}, {moment.astimezone(dt.UTC):%H:%M} UTC"


def amount(body: dict[str, Any], name: str) -> str:
    """`1,234.50 EUR`; yen have no decimals."""
    currency = (body.get("CurrencyRef") or {}).get("value", "")
    decimals = 0 if currency == "JPY" else 2
    return f"{body.get(name) or 0:,.{decimals}f} {currency}".strip()


def routes(state: State, book: FaultBook, log: RequestLog) -> list[BaseRoute]:
    """`/` with the clients, `/clients/{id}`, `/faults`, `/pay/{id}`, `/connect`, and their style sheet."""

    def home(request: Request) -> Response:
        text = request.query_params.get("q", "").strip()
        return shown("control.html", request, clients=clients.find(state, text), text=text)

    def single(request: Request) -> Response:
        found = clients.client(state, request.path_params["id"])
        if found is None:
            return shown("control.html", request, clients=clients.find(state, ""), text="", status=404)
        return shown("client.html", request, client=found, back=request.url.path)

    def faults(request: Request) -> Response:
        counts = {vendor: log.report(vendor)["count"] for vendor in VENDORS}
        own = {vendor: own_faults(vendor) for vendor in VENDORS}
        facts: dict[str, Any] = {"catalogue": CATALOGUE, "own": own, "vendors": TITLES, "counts": counts}
        return shown("faults.html", request, armed=book.armed(), **facts)

    def pay(request: Request) -> Response:
        invoice = state.get("quickbooks", "Invoice", request.path_params["id"])
        if invoice is None or invoice.deleted:
            return shown("control.html", request, clients=clients.find(state, ""), text="", status=404)
        return shown("pay.html", request, invoice=invoice, back=request.url.path)

    def connect(request: Request) -> Response:
        base = base_of(request)
        return shown("connect.html", request, base=base, toml=configuration(state, base), key_file=KEY_FILE)

    def toml(request: Request) -> Response:
        return PlainTextResponse(configuration(state, base_of(request)), headers={"cache-control": "no-store"})

    def style(_: Request) -> Response:
        return FileResponse(PAGES / "control.css", media_type="text/css", headers={"cache-control": "no-cache"})

    return [
        Route("/", home),
        Route("/clients/{id}", single),
        Route("/faults", faults),
        Route("/pay/{id}", pay),
        Route("/connect", connect),
        Route("/control/frontdesk.toml", toml),
        Route("/control/style.css", style),
    ]


def base_of(request: Request) -> str:
    """Where the sandbox is reached, by the request that asks."""
    return str(request.base_url).rstrip("/")


def shown(template: str, request: Request, *, status: int = 200, **facts: Any) -> Response:
    """A page. `note` says what the last button did."""
    note = request.query_params.get("note", "")
    return HTMLResponse(pages().get_template(template).render(note=note, **facts), status, headers=SAFE)
