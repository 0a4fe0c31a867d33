"""One REST call as the handlers see it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any

import orjson
from starlette.responses import Response

from sandbox.salesforce.cursors import Cursors
from sandbox.salesforce.errors import Fault
from sandbox.salesforce.org import Org
from sandbox.state import State

JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Call:
    """`base` is `/services/data/vNN.0`, `parts` the path below it that the route has captured, `instance` the
    address of the org; `short` has a page of a query hold half its rows.
    """

    state: State
    cursors: Cursors
    method: str
    base: str
    parts: Mapping[str, str]
    params: Mapping[str, str]
    headers: Mapping[str, str]
    content: bytes
    spent: int
    instance: str = ""
    short: bool = False
    org: Org = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "org", Org(self.state))

    @property
    def version(self) -> int:
        """The API's version that the path names."""
        return int(self.base.rpartition("/v")[2].removesuffix(".0"))

    @property
    def entity(self) -> str:
        """The object named in the path. An unknown one is 404 NOT_FOUND there, not INVALID_TYPE."""
        try:
            return self.org.object(self.parts["entity"])
        except Fault:
            raise Fault(404, "NOT_FOUND", "The requested resource does not exist") from None

    def json(self) -> Any:
        """The decoded body. Raises JSON_PARSER_ERROR, and UNSUPPORTED_MEDIA_TYPE for what is called something else."""
        kind = self.headers.get("content-type", JSON).partition(";")[0].strip().lower()
        if kind != JSON:
            raise Fault(415, "UNSUPPORTED_MEDIA_TYPE", f"The Content-Type {kind} is not supported here")
        try:
            return orjson.loads(self.content)
        except orjson.JSONDecodeError as error:
            raise Fault(
                400, "JSON_PARSER_ERROR", f"{error.msg} at [line:{error.lineno}, column:{error.colno}]"
            ) from None

    def object(self) -> dict[str, Any]:
        """The body where it has to be a JSON object."""
        body = self.json()
        if not isinstance(body, dict):
            raise Fault(400, "JSON_PARSER_ERROR", "The HTTP entity body is required to be a JSON object")
        return body

    def moment(self, name: str) -> dt.datetime | None:
        """An HTTP date header. A bad one is refused with 400."""
        text = self.headers.get(name)
        if text is None:
            return None
        try:
            moment = parsedate_to_datetime(text)
        except ValueError:
            raise Fault(400, "INVALID_HTTP_HEADER", f"{name} is not an HTTP date: {text}") from None
        return moment.replace(tzinfo=dt.UTC) if moment.tzinfo is None else moment


def answer(body: Any, status: int = 200) -> Response:
    """JSON, quickly."""
    return Response(orjson.dumps(body), status, media_type="application/json;charset=UTF-8")
