"""Salesforce's REST API: which path and method is served by whom."""

from __future__ import annotations

import itertools
import logging
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, unquote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox.salesforce import (
    aggregates,
    async_api,
    auth,
    bulk,
    collections,
    composite,
    control,
    identity,
    ingest,
    records,
    search,
    subrequests,
    trees,
)
from sandbox.salesforce.call import Call, answer
from sandbox.salesforce.cursors import Cursors, page_size
from sandbox.salesforce.errors import Fault, malformed, not_found
from sandbox.salesforce.faults import fault_response
from sandbox.salesforce.parser import parse
from sandbox.salesforce.query import compile_query
from sandbox.salesforce.soql import Query
from sandbox.salesforce.tokens import located
from sandbox.state import State

Handler = Callable[[Call], Response]
Json = dict[str, Any]
log = logging.getLogger(__name__)

BAD_SHAPE = (AttributeError, TypeError, KeyError, ValueError)
"""What text where an object is expected, and the like, comes to."""

OLDEST, NEWEST = 31, 68
SEASONS = ("Spring", "Summer", "Winter")
DAILY_REQUESTS = 100_000
UNUSED_LIMITS = {
    "DailyAsyncApexExecutions": 250_000,
    "DailyBulkApiBatches": 15_000,
    "DailyBulkV2QueryFileStorageMB": 976_562,
    "DailyStreamingApiEvents": 10_000,
    "DataStorageMB": 1024,
    "FileStorageMB": 1024,
    "SingleEmail": 5000,
}
"""Limits that nothing here uses up."""
LONGEST_HEAD = 16_384
"""Bytes of the address with its query, and of address and headers together."""
METHODS = ["GET", "HEAD", "POST", "PATCH", "PUT", "DELETE"]


def versions(_: Request) -> Response:
    """GET /services/data: needs no token."""
    numbers = range(OLDEST, NEWEST + 1)
    return JSONResponse([{"label": season(n), "url": f"/services/data/v{n}.0", "version": f"{n}.0"} for n in numbers])


def season(number: int) -> str:
    """A version's release: 66.0 is Spring '26, 67.0 Summer '26, 68.0 Winter '27."""
    return f"{SEASONS[number % 3]} '{4 + number // 3 + (number % 3 == 2)}"


def resources(call: Call) -> Response:
    """GET /services/data/vNN.0."""
    names = ("composite", "jobs", "limits", "parameterizedSearch", "query", "queryAll", "search", "sobjects")
    return answer({name: f"{call.base}/{name}" for name in names} | {"identity": identity.address(call.instance)})


def query(call: Call) -> Response:
    return _query(call, with_deleted=False)


def query_all(call: Call) -> Response:
    return _query(call, with_deleted=True)


def _query(call: Call, *, with_deleted: bool) -> Response:
    if "q" not in call.params:
        raise malformed("A query string has to be specified")
    try:
        return answer(_found(call, parse(call.params["q"]), with_deleted=with_deleted))
    except Fault as fault:
        raise located(call.params["q"], fault) from None


def _found(call: Call, tree: Query, *, with_deleted: bool) -> Json:
    """The first page of a statement."""
    if aggregates.wanted(tree):
        found = aggregates.compile_aggregation(call.org, tree, call.state.now(), with_deleted=with_deleted)
        return aggregates.answered(call.org, found)
    statement = compile_query(call.org, tree, call.state.now(), with_deleted=with_deleted)
    size = page_size(call.headers.get("sforce-query-options", ""))
    return call.cursors.first(statement, size, call.base, short=call.short)


def more(call: Call) -> Response:
    return answer(call.cursors.more(call.parts["locator"], call.base, short=call.short))


def limits(call: Call) -> Response:
    """GET /limits."""
    jobs = {"Max": bulk.JOBS_A_DAY, "Remaining": bulk.left_today(call.state)}
    requests = {"Max": DAILY_REQUESTS, "Remaining": DAILY_REQUESTS - call.spent}
    unused = {name: {"Max": most, "Remaining": most} for name, most in UNUSED_LIMITS.items()}
    return answer({"DailyApiRequests": requests, "DailyBulkV2QueryJobs": jobs} | unused)


def route(method: str, path: str) -> tuple[Handler, dict[str, str], str]:
    """Handler, captured parts and base of a REST path. Raises NOT_FOUND or METHOD_NOT_ALLOWED."""
    found = PATH.fullmatch(path)
    if found is None or not OLDEST <= int(found["version"]) <= NEWEST:
        raise not_found()
    rest = (found["rest"] or "").rstrip("/")
    for pattern, methods in PATTERNS:
        match = pattern.fullmatch(rest)
        if match is None:
            continue
        handler = methods.get("GET" if method == "HEAD" else method)
        if handler is None:
            message = f"HTTP Method '{method}' not allowed. Allowed are {', '.join(methods)}"
            raise Fault(405, "METHOD_NOT_ALLOWED", message)
        parts = {name: unquote(value) for name, value in match.groupdict().items()}
        return handler, parts, f"/services/data/v{found['version']}.0"
    raise not_found()


def raw_path(request: Request) -> str:
    """The path as it was sent, so that an escaped slash stays within an external id."""
    sent: bytes = request.scope.get("raw_path", request.url.path.encode())
    return sent.decode("latin-1").split("?")[0]


ENTITY, ID = r"sobjects/(?P<entity>\w+)", r"(?P<id>[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?)"
EXTERNAL = rf"{ENTITY}/(?P<field>\w+)/(?P<value>[^/]+)"

TABLE: tuple[tuple[str, dict[str, Handler]], ...] = (
    (r"", {"GET": resources}),
    (r"query", {"GET": query}),
    (r"queryAll", {"GET": query_all}),
    (r"query(?:All)?/(?P<locator>[\w-]+)", {"GET": more}),
    (r"limits", {"GET": limits}),
    (r"search", {"GET": search.search}),
    (r"parameterizedSearch", {"GET": search.parameterized, "POST": search.parameterized}),
    (r"sobjects", {"GET": records.list_objects}),
    (ENTITY, {"GET": records.basic, "POST": records.create}),
    (rf"{ENTITY}/describe", {"GET": records.described}),
    (rf"{ENTITY}/updated", {"GET": records.updated}),
    (rf"{ENTITY}/deleted", {"GET": records.deleted}),
    (rf"{ENTITY}/{ID}", {"GET": records.read, "PATCH": records.update, "DELETE": records.remove}),
    (rf"{ENTITY}/(?P<id>\w+)", {"GET": records.read, "PATCH": records.update, "DELETE": records.remove}),
    (EXTERNAL, {"GET": records.read_external, "PATCH": records.upsert, "DELETE": records.remove_external}),
    (r"jobs/query", {"GET": bulk.listing, "POST": bulk.create}),
    (r"jobs/query/(?P<id>\w+)", {"GET": bulk.look, "PATCH": bulk.abort, "DELETE": bulk.delete}),
    (r"jobs/query/(?P<id>\w+)/results", {"GET": bulk.results}),
    (r"jobs/ingest", {"GET": ingest.listing, "POST": ingest.create}),
    (r"jobs/ingest/(?P<id>\w+)", {"GET": ingest.look, "PATCH": ingest.close, "DELETE": ingest.delete}),
    (r"jobs/ingest/(?P<id>\w+)/batches", {"PUT": ingest.upload}),
    (r"jobs/ingest/(?P<id>\w+)/(?P<results>\w+)", {"GET": ingest.results}),
    (r"composite", {"POST": composite.handler(route)}),
    (r"composite/batch", {"POST": subrequests.batch(route)}),
    (r"composite/graph", {"POST": subrequests.graphs(route)}),
    (r"composite/tree/(?P<entity>\w+)", {"POST": trees.create}),
    (r"composite/sobjects/(?P<entity>\w+)", {"GET": collections.retrieve, "POST": collections.retrieve}),
    (
        r"composite/sobjects",
        {"POST": collections.create, "PATCH": collections.update, "DELETE": collections.delete},
    ),
    (r"composite/sobjects/(?P<entity>\w+)/(?P<field>\w+)", {"PATCH": collections.upsert}),
)
PATTERNS = [(re.compile(pattern), methods) for pattern, methods in TABLE]
PATH = re.compile(r"/services/data/v(?P<version>\d+)\.0(?:/(?P<rest>.*))?")


class Service:
    """What one running sandbox remembers of this vendor between requests."""

    def __init__(self, state: State) -> None:
        self.state = state
        bulk.prepare(state)
        ingest.prepare(state)
        self.sessions, self.cursors = auth.Sessions(state), Cursors(state)
        self._used = itertools.count(1)

    async def token(self, request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode()))
        instance = str(request.base_url).rstrip("/")
        authorization = request.headers.get("authorization", "")
        return await run_in_threadpool(auth.token, self.sessions, form, authorization, instance)

    async def rest(self, request: Request) -> Response:
        content, spent = await request.body(), next(self._used)
        response = await run_in_threadpool(self.serve, request, content, spent)
        response.headers["Sforce-Limit-Info"] = f"api-usage={spent}/{DAILY_REQUESTS}"
        return response

    def serve(self, request: Request, content: bytes, spent: int) -> Response:
        try:
            check_length(request)
            self.sessions.check(request.headers.get("authorization", ""))
            handler, parts, base = route(request.method, raw_path(request))
            method, params, headers = request.method, request.query_params, request.headers
            instance = str(request.base_url).rstrip("/")
            short = request.scope.get("fault") == "short_pages"
            call = Call(self.state, self.cursors, method, base, parts, params, headers, content, spent, instance, short)
            return handler(call)
        except Fault as fault:
            return fault.response()
        except BAD_SHAPE as error:
            if not content:
                raise
            log.info("a body of the wrong shape", exc_info=error)
            return Fault(400, "JSON_PARSER_ERROR", f"The request body has not the expected shape: {error}").response()


def check_length(request: Request) -> None:
    """Refuses an address that with its query passes the vendor's 16 KB, and one that does so with the headers."""
    address = len(raw_path(request)) + len(request.url.query)
    if address > LONGEST_HEAD:
        raise Fault(414, "URI_TOO_LONG", "The URI is too long")
    # Each header is a line: name, colon, space, value, line end.
    if address + sum(len(name) + len(value) + 4 for name, value in request.headers.raw) > LONGEST_HEAD:
        raise Fault(431, "REQUEST_HEADER_FIELDS_TOO_LARGE", "The URI and the headers are too long together")


def routes(state: State) -> list[BaseRoute]:
    """Token endpoint, REST API and the sandbox's own switches for this vendor."""
    service = Service(state)
    return [
        Route("/services/oauth2/token", service.token, methods=["POST"]),
        *identity.routes(service.sessions),
        Route("/services/data", versions),
        Route("/services/data/", versions),
        Route("/services/data/{rest:path}", service.rest, methods=METHODS),
        *async_api.routes(state, service.sessions, service.cursors),
        *control.routes(state, service.sessions, service.cursors),
    ]


__all__ = ["fault_response", "routes"]
