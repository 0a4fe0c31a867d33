"""POST /composite: up to 25 calls in one, a later one using what an earlier one answered as `@{referenceId.field}`.

Source: REST API guide, "Composite". The answer is 200 whatever becomes of the calls.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import orjson
from starlette.responses import Response

from sandbox.salesforce.call import Call, answer
from sandbox.salesforce.errors import Fault

MOST_CALLS = 25
REFERENCE = re.compile(r"@\{(?P<name>\w+)(?P<path>(?:\.\w+|\[\d+\])*)\}")
STEP = re.compile(r"\.(?P<name>\w+)|\[(?P<index>\d+)\]")
NAME = re.compile(r"[A-Za-z0-9_]+")
ROLLED_BACK = "The transaction was rolled back since another operation in the same transaction failed."
Handler = Callable[[Call], Response]
Route = Callable[[str, str], tuple[Handler, dict[str, str], str]]
Json = dict[str, Any]


class _Failed(Exception):
    """One of the calls has failed, so that all are to be taken back."""


def handler(route: Route) -> Handler:
    """The resource; `route(method, path)` finds who answers a call."""

    def composite(call: Call) -> Response:
        body = call.object()
        wishes = checked(body.get("compositeRequest"))
        together = body.get("allOrNone") is True
        return answer({"compositeResponse": tried(call, route, wishes, together=together)})

    return composite


def tried(call: Call, route: Route, wishes: list[Json], *, together: bool) -> list[Json]:
    """The answers of all calls. `together` takes all back when one of them fails."""
    answers: list[Json] = []
    try:
        if together:
            with call.state.transaction():
                _together(call, route, wishes, answers)
        else:
            _singly(call, route, wishes, answers)
    except _Failed:
        return [_halted(wish, answers) for wish in wishes]
    return answers


def checked(wishes: Any, most: int = MOST_CALLS) -> list[Json]:
    """The calls, each with a reference id of its own."""
    if not isinstance(wishes, list) or not wishes or not all(isinstance(wish, dict) for wish in wishes):
        raise Fault(400, "JSON_PARSER_ERROR", "compositeRequest: expected an array of objects")
    if len(wishes) > most:
        raise Fault(400, "LIMIT_EXCEEDED", f"The limit of {most} subrequests in a composite request was exceeded")
    names = [str(wish.get("referenceId", "")) for wish in wishes]
    if len(set(names)) < len(names) or not all(NAME.fullmatch(name) for name in names):
        raise Fault(400, "INVALID_INPUT", "Each referenceId has to be unique, of letters, digits and underscores")
    return wishes


def _singly(call: Call, route: Route, wishes: list[Json], answers: list[Json]) -> None:
    """Each call stands by itself. Adds to `answers`."""
    for wish in wishes:
        answers.append(_answered(call, route, wish, answers))


def _together(call: Call, route: Route, wishes: list[Json], answers: list[Json]) -> None:
    for wish in wishes:
        answers.append(_answered(call, route, wish, answers))
        if _bad(answers[-1]):
            raise _Failed


def _bad(found: Json) -> bool:
    """Whether a call has failed, or a row of a collection."""
    rows = found["body"] if isinstance(found["body"], list) else []
    return found["httpStatusCode"] >= 400 or any(isinstance(row, dict) and row.get("success") is False for row in rows)


def _halted(wish: Json, answers: list[Json]) -> Json:
    """What a call says when all were taken back: the one that failed its own error, the others that they were."""
    if answers and answers[-1]["referenceId"] == wish["referenceId"]:
        return answers[-1]
    return _shown(wish, Fault(400, "PROCESSING_HALTED", ROLLED_BACK).response())


def _answered(call: Call, route: Route, wish: Json, answers: list[Json]) -> Json:
    try:
        response = asked(call, route, _filled(wish, {one["referenceId"]: one for one in answers}))
    except Fault as fault:
        response = fault.response()
    return _shown(wish, response)


def asked(call: Call, route: Route, wish: Json) -> Response:
    """Who serves the call's address answers it. Raises what that raises, and for what cannot be asked for in here."""
    parts, method = urlsplit(str(wish.get("url", ""))), str(wish.get("method", "")).upper()
    found, captured, base = route(method, parts.path)
    if re.fullmatch(re.escape(base) + r"/(composite/?|composite/(batch|graph)/?|jobs/.*)", parts.path):
        raise Fault(400, "INVALID_INPUT", f"{parts.path} is not supported in a composite request")
    headers = {name.lower(): str(value) for name, value in (wish.get("httpHeaders") or {}).items()}
    content = orjson.dumps(wish["body"]) if wish.get("body") is not None else b""
    params = dict(parse_qsl(parts.query, keep_blank_values=True))
    return found(
        replace(call, method=method, base=base, parts=captured, params=params, headers=headers, content=content)
    )


def _shown(wish: Json, response: Response) -> Json:
    headers = {"Location": response.headers["location"]} if "location" in response.headers else {}
    return {
        "body": orjson.loads(response.body) if response.body else None,
        "httpHeaders": headers,
        "httpStatusCode": response.status_code,
        "referenceId": wish["referenceId"],
    }


def _filled(value: Any, answers: dict[str, Json]) -> Any:
    """The value with every reference replaced by what it names. Raises PROCESSING_HALTED."""
    if isinstance(value, dict):
        return {name: _filled(item, answers) for name, item in value.items()}
    if isinstance(value, list):
        return [_filled(item, answers) for item in value]
    if not isinstance(value, str):
        return value
    return REFERENCE.sub(lambda match: _referred(match, answers), value)


def _referred(match: re.Match[str], answers: dict[str, Json]) -> str:
    named = answers.get(match["name"])
    found = named["body"] if named and named["httpStatusCode"] < 400 else None
    for step in STEP.finditer(match["path"]):
        found = _step(found, step)
    if found is None or isinstance(found, dict | list):
        message = f"Invalid reference specified. No value for {match[0][2:-1]} found in {match['name']}"
        raise Fault(400, "PROCESSING_HALTED", message)
    return str(found)


def _step(value: Any, step: re.Match[str]) -> Any:
    if step["name"]:
        return value.get(step["name"]) if isinstance(value, dict) else None
    index = int(step["index"])
    return value[index] if isinstance(value, list) and index < len(value) else None
