"""The control API and page: read and edit every vendor's records, arm faults, see the requests, move the clock."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs, urlencode

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox import changes, edits
from sandbox.arming import CATALOGUE
from sandbox.faults import FaultBook
from sandbox.meter import RequestLog
from sandbox.quickbooks.faults import Fault as QuickBooksFault
from sandbox.state import Record, State
from sandbox.vendors import VENDORS, lacking, own_faults

Handler = Callable[[Request], Awaitable[Response]]
LISTED = 50
TOLD = {"own": own_faults, "lacking": lacking}
"""What the list of faults says of each vendor."""


def shown(record: Record, vendor: str) -> dict[str, Any]:
    """A record as the control API shows it; times in ms since 1970 UTC."""
    return {
        "vendor": vendor,
        "kind": record.kind,
        "id": record.id,
        "body": record.body,
        "created": record.created,
        "modified": record.modified,
        "deleted": record.deleted,
        "seq": record.seq,
    }


def routes(state: State, book: FaultBook, log: RequestLog) -> list[BaseRoute]:
    """Everything under `/control`, and the page at `/`."""
    from sandbox.page import routes as page_routes

    return [*page_routes(state, book, log), *_record_routes(state), *_fault_routes(book), *_other_routes(state, log)]


def _record_routes(state: State) -> list[BaseRoute]:
    async def listing(request: Request) -> Response:
        vendor, kind = request.path_params["vendor"], request.path_params["kind"]
        text, limit = request.query_params.get("q", ""), int(request.query_params.get("limit", LISTED))
        rows = await run_in_threadpool(lambda: search(state, vendor, kind, text, limit))
        return JSONResponse({"records": [shown(row, vendor) for row in rows]})

    async def create(request: Request) -> Response:
        vendor, kind = request.path_params["vendor"], request.path_params["kind"]
        wish = await payload(request)
        id_ = wish.pop("id", None) or edits.fresh_id(state, vendor, kind)
        return JSONResponse(shown(edits.create(state, vendor, kind, str(id_), wish), vendor), 201)

    async def single(request: Request) -> Response:
        vendor, kind, id_ = (request.path_params[name] for name in ("vendor", "kind", "id"))
        match request.method:
            case "PATCH":
                record = edits.merge(state, vendor, kind, id_, await payload(request))
            case "DELETE":
                record = edits.delete(state, vendor, kind, id_, purge="purge" in request.query_params)
            case _:
                record = edits.found(state, vendor, kind, id_)
        return JSONResponse(shown(record, vendor))

    async def restore(request: Request) -> Response:
        vendor, kind, id_ = (request.path_params[name] for name in ("vendor", "kind", "id"))
        return JSONResponse(shown(edits.restore(state, vendor, kind, id_), vendor))

    async def edit(request: Request) -> Response:
        wish, name = await payload(request), request.path_params["name"]
        action, back = edits.EDITS[name], str(wish.pop("back", ""))
        try:
            record = await run_in_threadpool(lambda: action(state, wish))
        except (edits.Refused, QuickBooksFault) as refusal:
            if not back:
                raise
            return returned(back, str(refusal))
        vendor = edits.vendor_of(name, wish)
        at_once = changes.heard(state, vendor)
        return (
            returned(back, edits.told(name, record, at_once=at_once)) if back else JSONResponse(shown(record, vendor))
        )

    base = "/control/records/{vendor}/{kind}"
    return [
        Route(base, guarded(listing)),
        Route(base, guarded(create), methods=["POST"]),
        # A revision's id holds a slash, hence the path convertor; restore stands first, or `single` would swallow it.
        Route(base + "/{id:path}/restore", guarded(restore), methods=["POST"]),
        Route(base + "/{id:path}", guarded(single), methods=["GET", "PATCH", "DELETE"]),
        Route("/control/edits/{name}", guarded(edit), methods=["POST"]),
    ]


def _fault_routes(book: FaultBook) -> list[BaseRoute]:
    async def faults(request: Request) -> Response:
        match request.method:
            case "POST":
                wish = await payload(request)
                back = str(wish.pop("back", ""))
                if wish.pop("clear", None):
                    book.clear(wish.get("id"))
                    return returned(back, "Switched off.")
                return armed(book, wish, back)
            case "DELETE":
                book.clear(int(request.query_params["id"]) if "id" in request.query_params else None)
        by_vendor = {word: {vendor: told(vendor) for vendor in VENDORS} for word, told in TOLD.items()}
        return JSONResponse({"armed": book.armed(), "catalogue": CATALOGUE, **by_vendor})

    return [Route("/control/faults", guarded(faults), methods=["GET", "POST", "DELETE"])]


def armed(book: FaultBook, wish: dict[str, Any], back: str) -> Response:
    """Arm a fault; a person is told on the page, also what was wrong. Forms send the fields left empty too."""
    try:
        fault = book.arm({name: value for name, value in wish.items() if value != ""})
    except ValueError as error:
        if not back:
            raise
        return returned(back, f"Not switched on: {error}")
    return returned(back, "Switched on.") if back else JSONResponse({"id": fault.id}, 201)


def _other_routes(state: State, log: RequestLog) -> list[BaseRoute]:
    async def requests(request: Request) -> Response:
        if request.method == "DELETE":
            log.reset()
        return JSONResponse(log.report(request.query_params.get("vendor", "")))

    async def clock(request: Request) -> Response:
        if request.method == "POST":
            state.set_fact("clock_offset_ms", str(int(float((await payload(request))["seconds"]) * 1000)))
        return JSONResponse({"now": state.now(), "offset_ms": int(state.fact("clock_offset_ms", "0"))})

    return [
        Route("/control/requests", guarded(requests), methods=["GET", "DELETE"]),
        Route("/control/clock", guarded(clock), methods=["GET", "POST"]),
    ]


def returned(back: str, note: str) -> Response:
    """Back to the page that a button was pressed on, with a sentence on what happened. Never to another site."""
    path = back if back.startswith("/") and not back.startswith("//") else "/"
    return RedirectResponse(f"{path}?{urlencode({'note': note})}", 303)


def search(state: State, vendor: str, kind: str, text: str, limit: int) -> list[Record]:
    """Records whose JSON holds the text, newest first."""
    where, args = ("instr(lower(body), lower(?)) OR id = ?", (text, text)) if text else ("1", ())
    return list(state.select(vendor, kind, where, args, f"ORDER BY modified DESC, id DESC LIMIT {limit:d}"))


async def payload(request: Request) -> dict[str, Any]:
    """The body of a request, JSON or a posted form, as a dictionary. `curl -d` calls JSON a form too."""
    content = await request.body()
    called_form = request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded")
    if called_form and not content.lstrip().startswith(b"{"):
        return {name: _number(values[-1]) for name, values in parse_qs(content.decode()).items()}
    body = json.loads(content or b"{}")
    if not isinstance(body, dict):
        raise TypeError("expected a JSON object")
    return body


def _number(text: str) -> str | int:
    """Forms send text; only short counts are numbers here, ids stay text."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 3 else text


def guarded(handler: Handler) -> Handler:
    """Turns what a caller did wrong into a JSON answer with a sentence."""

    async def answer(request: Request) -> Response:
        vendor = request.path_params.get("vendor")
        if vendor is not None and vendor not in VENDORS:
            return JSONResponse({"error": f"no vendor {vendor!r}; there are {', '.join(VENDORS)}"}, 404)
        try:
            return await handler(request)
        except KeyError as error:
            return JSONResponse({"error": f"not found or missing: {error.args[0]}"}, 404)
        except (edits.Refused, QuickBooksFault) as error:
            return JSONResponse({"error": str(error)}, 409)
        except (ValueError, TypeError) as error:
            return JSONResponse({"error": str(error)}, 400)

    return answer
