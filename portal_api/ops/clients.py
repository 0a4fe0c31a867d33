"""Clients and staff; seeing the portal as one client does, read-only and logged."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, Request
from sqlalchemy import Connection
from starlette.responses import Response

from portal_api.access.scope import Ops
from portal_api.access.sessions import view_as
from portal_api.activity import record
from portal_api.listing import Id, clean
from portal_api.pages import NotFound, redirect, render, words_of
from portal_api.queries import ops as queries
from portal_api.queries.parts import sought
from portal_api.reading import overseeing, writing

router = APIRouter()
SHOWN = 60


@router.get("/ops/clients")
async def clients(request: Request, _staff: Ops, q: str = "") -> Response:
    """All clients by name, or those that a search names."""
    query = clean(q, 100)
    rows, count = await overseeing(request, _clients, query)
    context = {"clients": rows[:SHOWN], "more": len(rows) > SHOWN, "count": count, "query": query}
    return render(request, "ops/clients.html", context, words=words_of(request))


@router.post("/ops/clients/{client_id}/view")
async def view(request: Request, staff: Ops, client_id: Id) -> Response:
    """See the portal as this client's people do."""
    found = await overseeing(request, lambda c: c.execute(queries.CLIENT, {"id": client_id}).first())
    if found is None or not await writing(request, view_as, staff, client_id):
        raise NotFound
    record(request, "view_as", "client", client_id)
    return redirect("/")


@router.post("/ops/view-as/end")
async def end_view(request: Request, staff: Ops) -> Response:
    """Back to being staff only."""
    await writing(request, view_as, staff, None)
    record(request, "view_as_end", "client", staff.client_id)
    return redirect("/ops/clients")


@router.get("/ops/staff")
async def staff(request: Request, _staff: Ops) -> Response:
    """Who of the firm may come in here, and when they last did."""
    rows = await overseeing(request, lambda c: c.execute(queries.STAFF).all())
    return render(request, "ops/staff.html", {"staff": rows}, words=words_of(request))


def _clients(connection: Connection, query: str) -> tuple[Sequence[Any], int]:
    rows = connection.execute(queries.CLIENTS, {**sought(query), "limit": SHOWN + 1}).all()
    return rows, connection.scalar(queries.CLIENT_COUNT) or 0
