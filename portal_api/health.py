"""For machines that watch: alive, ready, counts.

Anybody may ask whether the portal is alive and ready, and learns nothing else. What tells of the firm (its sources,
their state, how much the portal is used) is for whoever shows the firm's `monitor_token`.
"""

from __future__ import annotations

import hmac
from typing import Any

import anyio.to_thread
from fastapi import APIRouter, Request
from sqlalchemy import Connection, select
from sqlalchemy.exc import SQLAlchemyError
from starlette.responses import JSONResponse, PlainTextResponse, Response

from hub.clock import iso
from portal_api.pages import NotFound
from portal_api.portal import Portal, portal_of
from store.hub_tables import StreamState
from store.migrate import is_current

router = APIRouter(include_in_schema=False)
FRESH = {"cache-control": "no-store"}

_STREAMS = select(
    StreamState.c.source, StreamState.c.stream, StreamState.c.high_water, StreamState.c.error, StreamState.c.matched_at
)


@router.get("/healthz")
async def alive() -> Response:
    """The process answers. Says nothing of the store."""
    return PlainTextResponse("ok\n", headers=FRESH)


@router.get("/readyz")
async def ready(request: Request) -> Response:
    """The store can be read and has the schema of this code, 503 if not; for monitors how fresh each source is."""
    portal = portal_of(request)
    try:
        current = await anyio.to_thread.run_sync(is_current, portal.store.engine)
        streams = await portal.store.read(_streams) if current else []
    except SQLAlchemyError:
        return JSONResponse({"ready": False, "store": "cannot be read"}, 503, headers=FRESH)
    if not current:
        return JSONResponse({"ready": False, "store": "migrations are not current"}, 503, headers=FRESH)
    told = {"sources": _sources(portal, streams)} if _is_monitor(request) else {}
    return JSONResponse({"ready": True, "store": "ok", **told}, headers=FRESH)


@router.get("/metrics")
async def metrics(request: Request) -> Response:
    """Prometheus. To anybody else there is nothing here."""
    if not _is_monitor(request):
        raise NotFound
    return Response(portal_of(request).metrics.text(), media_type="text/plain; version=0.0.4", headers=FRESH)


def _is_monitor(request: Request) -> bool:
    token = portal_of(request).settings.monitor_token.get_secret_value()
    shown = request.headers.get("authorization", "")
    return bool(token) and hmac.compare_digest(shown.encode(), f"Bearer {token}".encode())


def _sources(portal: Portal, streams: list[Any]) -> dict[str, dict[str, Any]]:
    fresh = {title: portal.feeds.oldest(rows, portal.clock()) for title, rows in _by_source(streams).items()}
    return {
        name: {"as_of": iso(state.as_of) if state.as_of else None, "late": state.late}
        for name, state in fresh.items()
        if state is not None
    }


def _streams(connection: Connection) -> list[Any]:
    return list(connection.execute(_STREAMS))


def _by_source(streams: list[Any]) -> dict[str, list[Any]]:
    grouped: dict[str, list[Any]] = {}
    for row in streams:
        grouped.setdefault(row.source, []).append(row)
    return grouped
