"""Held records: why each could not be taken, and what it says."""

from __future__ import annotations

import datetime as dt
from typing import Any, NamedTuple

import orjson
from fastapi import APIRouter, Request
from starlette.responses import Response

from portal_api.access.scope import Ops
from portal_api.activity import record
from portal_api.pages import render, words_of
from portal_api.portal import portal_of
from portal_api.queries import ops as queries
from portal_api.reading import overseeing
from portal_api.states import plain

router = APIRouter()
SHOWN = 30
PAYLOAD_SHOWN = 400


class HeldView(NamedTuple):
    """One held record."""

    id: str
    source: str
    stream: str
    external_id: str
    client: str
    reason: str
    field: str
    sentence: str
    suggestion: str
    payload: str
    since: dt.datetime


@router.get("/ops/held")
async def held(request: Request, _staff: Ops) -> Response:
    """The latest first."""
    words = words_of(request)
    rows = await overseeing(request, lambda c: c.execute(queries.HELD, {"limit": SHOWN + 1}).all())
    record(request, "view", "held")
    context = {"records": [_view(request, row) for row in rows[:SHOWN]], "more": len(rows) > SHOWN}
    return render(request, "ops/held.html", context, words=words)


def _view(request: Request, row: Any) -> HeldView:
    return HeldView(
        id=row.id,
        source=portal_of(request).feeds.title(row.source),
        stream=row.stream,
        external_id=row.external_id,
        client=row.client or "",
        reason=plain(row.reason),
        field=row.field or "",
        sentence=row.sentence,
        suggestion=row.suggestion or "",
        payload=pretty(row.payload),
        since=row.first_seen_at,
    )


def pretty(payload: str) -> str:
    """The payload, indented where it is JSON, and its beginning where it is long."""
    try:
        text = orjson.dumps(orjson.loads(payload), option=orjson.OPT_INDENT_2).decode()
    except ValueError:
        text = payload
    return text if len(text) <= PAYLOAD_SHOWN else f"{text[:PAYLOAD_SHOWN]}\n... {len(text)} characters in all"
