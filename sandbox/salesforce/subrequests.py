"""POST /composite/batch and /composite/graph: many calls in one, either each for itself or each graph as a whole.

Source: REST API guide, "Batch Request Body", "Batch Response Body", "Composite Graph".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson
from starlette.responses import Response

from sandbox.salesforce.call import Call, answer
from sandbox.salesforce.composite import Handler, Json, Route, asked, checked, tried
from sandbox.salesforce.errors import Fault

MOST_CALLS = 25
MOST_GRAPHS, MOST_NODES = 75, 500
HALTED = Fault(412, "BATCH_PROCESSING_HALTED", "Batch processing halted per request after a previous request failed")


def batch(route: Route) -> Handler:
    """The resource; `route(method, path)` finds who answers a call."""

    def handler(call: Call) -> Response:
        body = call.object()
        wishes = objects(body.get("batchRequests"), "batchRequests")
        if len(wishes) > MOST_CALLS:
            raise Fault(400, "LIMIT_EXCEEDED", f"The limit of {MOST_CALLS} subrequests in a batch was exceeded")
        results = list(one_by_one(call, route, wishes, halt=body.get("haltOnError") is True))
        return answer({"hasErrors": any(one["statusCode"] >= 400 for one in results), "results": results})

    return handler


def objects(found: Any, name: str) -> list[Json]:
    """A list of objects that is not empty."""
    if not isinstance(found, list) or not found or not all(isinstance(one, dict) for one in found):
        raise Fault(400, "JSON_PARSER_ERROR", f"{name}: expected an array of objects")
    return found


def one_by_one(call: Call, route: Route, wishes: list[Json], *, halt: bool) -> Iterator[Json]:
    """Each call's status and body."""
    failed = False
    for wish in wishes:
        response = HALTED.response() if failed and halt else single(call, route, wish)
        failed = failed or response.status_code >= 400
        yield {"statusCode": response.status_code, "result": orjson.loads(response.body) if response.body else None}


def single(call: Call, route: Route, wish: Json) -> Response:
    """One call of a batch. Its address begins with the version, or is the whole path."""
    path = str(wish.get("url", "")).removeprefix("/services/data").lstrip("/")
    try:
        return asked(
            call, route, {"method": wish.get("method"), "url": f"/services/data/{path}", "body": wish.get("richInput")}
        )
    except Fault as fault:
        return fault.response()


def graphs(route: Route) -> Handler:
    """The resource: each graph is taken back as a whole when one of its calls fails."""

    def handler(call: Call) -> Response:
        wishes = objects(call.object().get("graphs"), "graphs")
        names = [str(wish.get("graphId", "")) for wish in wishes]
        if len(wishes) > MOST_GRAPHS or len(set(names)) < len(names) or not all(names):
            raise Fault(400, "INVALID_INPUT", f"Each graphId has to be unique, and there may be {MOST_GRAPHS} graphs")
        return answer({"graphs": [graph(call, route, wish) for wish in wishes]})

    return handler


def graph(call: Call, route: Route, wish: Json) -> Json:
    """One graph's answers."""
    answers = tried(call, route, checked(wish.get("compositeRequest"), MOST_NODES), together=True)
    good = all(one["httpStatusCode"] < 400 for one in answers)
    return {"graphId": wish["graphId"], "graphResponse": {"compositeResponse": answers}, "isSuccessful": good}
