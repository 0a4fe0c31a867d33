"""For machines that watch: alive, ready, counts."""

from __future__ import annotations

from typing import Any

import anyio.to_thread
from fastapi import APIRouter, Request
from sqlalchemy import Connection, select
from sqlalchemy.exc import SQLAlchemyError
from starlette.responses import JSONResponse, PlainTextResponse, Response

from hub.clock import iso
from portal_api.portal import portal_of
from store.hub_tables import StreamState
from store.migrate import is_current

router = APIRouter(include_in_schema=False)
FRESH = {"cache-control": "no-store"}

_STREAMS = select(StreamState.source, StreamState.stream, StreamState.high_water, StreamState.error)


@router.get("/healthz")
async def alive() -> Response:
    """The process answers. Says nothing of the store."""
    return PlainTextResponse("ok\n", headers=FRESH)


@router.get("/readyz")
async def ready(request: Request) -> Response:
    """The store can be read and has the schema of this code; how fresh each source is. 503 when it cannot be read."""
    portal = portal_of(request)
    try:
        current = await anyio.to_thread.run_sync(is_current, portal.store.engine)
        streams = await portal.store.read(_streams) if current else []
    except SQLAlchemyError as error:
        return JSONResponse({"ready": False, "store": type(error).__name__}, 503, headers=FRESH)
    if not current:
        return JSONResponse({"ready": False, "store": "migrations are not current"}, 503, headers=FRESH)
    fresh = {title: portal.feeds.oldest(rows, portal.clock()) for title, rows in _by_source(streams).items()}
    sources = {
        name: {"as_of": iso(state.as_of) if state.as_of else None, "late": state.late}
        for name, state in fresh.items()
        if state is not None
    }
    return JSONResponse({"ready": True, "store": "ok", "sources": sources}, headers=FRESH)


@router.get("/metrics")
async def metrics(request: Request) -> Response:
    """Prometheus."""
    return Response(portal_of(request).metrics.text(), media_type="text/plain; version=0.0.4", headers=FRESH)


def _streams(connection: Connection) -> list[Any]:
    return list(connection.execute(_STREAMS))


def _by_source(streams: list[Any]) -> dict[str, list[Any]]:
    grouped: dict[str, list[Any]] = {}
    for row in streams:
        grouped.setdefault(row.source, []).append(row)
    return grouped
