"""The routes of Bulk API 1.0, which has addresses, sessions and errors of its own."""

from __future__ import annotations

import re

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from sandbox.salesforce import auth, bulk_one
from sandbox.salesforce.call import Call
from sandbox.salesforce.cursors import Cursors
from sandbox.salesforce.errors import Fault
from sandbox.state import State

PATH = re.compile(r"/services/async/(?P<version>\d+)\.0/(?P<rest>.*?)/?")
JOB, BATCH = r"job/(?P<id>\w+)", r"job/(?P<id>\w+)/batch/(?P<batch>\w+)"
TABLE = (
    (r"job", {"POST": bulk_one.create}),
    (JOB, {"GET": bulk_one.look, "POST": bulk_one.close}),
    (rf"{JOB}/batch", {"GET": bulk_one.batches, "POST": bulk_one.add}),
    (BATCH, {"GET": bulk_one.batch}),
    (rf"{BATCH}/request", {"GET": bulk_one.request}),
    (rf"{BATCH}/result", {"GET": bulk_one.result}),
    (rf"{BATCH}/result/(?P<result>\w+)", {"GET": bulk_one.rows}),
)
BAD_SHAPE = (AttributeError, TypeError, KeyError, ValueError)


def routes(state: State, sessions: auth.Sessions, cursors: Cursors) -> list[BaseRoute]:
    """Everything below /services/async."""
    bulk_one.prepare(state)

    async def serve(request: Request) -> Response:
        content = await request.body()
        return await run_in_threadpool(answered, request, content)

    def answered(request: Request, content: bytes) -> Response:
        json = "json" in request.headers.get("content-type", "")
        try:
            sessions.check(f"Bearer {session_of(request)}")
        except Fault:
            return bulk_one.refused(400, "InvalidSessionId", "Invalid session id", json=json)
        try:
            return found(request, content)
        except Fault as fault:
            return bulk_one.refused(fault.status, fault.code, fault.message, json=json)
        except BAD_SHAPE as error:
            return bulk_one.refused(400, "InvalidBatch", f"The request has not the expected shape: {error}", json=json)

    def found(request: Request, content: bytes) -> Response:
        path = PATH.fullmatch(request.url.path)
        for pattern, methods in TABLE:
            match = re.fullmatch(pattern, path["rest"]) if path else None
            if path and match and request.method in methods:
                base, parts = f"/services/data/v{path['version']}.0", match.groupdict()
                params, headers = request.query_params, request.headers
                call = Call(state, cursors, request.method, base, parts, params, headers, content, 0)
                return methods[request.method](call)
        raise Fault(404, "InvalidUrl", f"Destination URL not reset: {request.url.path}")

    return [Route("/services/async/{rest:path}", serve, methods=["GET", "POST"])]


def session_of(request: Request) -> str:
    """The session's token: in a header of its own here, or as a bearer."""
    bearer = request.headers.get("authorization", "").partition(" ")[2]
    return request.headers.get("x-sfdc-session", "") or bearer
