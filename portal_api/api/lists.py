"""Lists of the API: keyset pages, newest first. Follow `next` until it is null."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal, NamedTuple

from fastapi import APIRouter, Query, Request

from portal_api.access.scope import Client
from portal_api.activity import record
from portal_api.api import makers
from portal_api.api import models as m
from portal_api.listing import ID, clean, cursor_of, place
from portal_api.pages import words_of
from portal_api.portal import portal_of
from portal_api.queries.api import LISTS
from portal_api.queries.parts import LAST_DAY, LAST_ID, LAST_INSTANT
from portal_api.reading import reading
from portal_api.wording import Words
from store.scope import Reader

router = APIRouter()

Cursor = Annotated[str, Query(max_length=300, description="`next` of the page before")]
Limit = Annotated[int, Query(ge=1, le=200)]

BY_DAY: Mapping[str, object] = {"after": LAST_DAY, "after_id": LAST_ID}
BY_INSTANT: Mapping[str, object] = {"after": LAST_INSTANT, "after_id": LAST_ID}


class Noun(NamedTuple):
    """How a list is paged and worded."""

    name: str
    noun: str
    start: Mapping[str, object]
    key: str
    make: Callable[[Any, Words], Any]


INVOICES = Noun("invoices", "invoice", BY_DAY, "issued_on", makers.invoice)
PROJECTS = Noun("projects", "project", BY_INSTANT, "source_at", makers.project)
SHIPMENTS = Noun("shipments", "shipment", BY_INSTANT, "source_at", makers.shipment)
DOCUMENTS = Noun("documents", "document", BY_INSTANT, "modified", makers.document)
CONTRACTS = Noun("contracts", "contract", BY_INSTANT, "source_at", makers.contract)
REQUESTS = Noun("requests", "request", BY_INSTANT, "source_at", makers.request)


@router.get("/invoices")
async def invoices(
    request: Request, _scope: Client, state: Literal["all", "open"] = "all", cursor: Cursor = "", limit: Limit = 50
) -> m.Page[m.Invoice]:
    """Invoices, the newest first; `state=open` leaves out what is paid or voided."""
    return await _page(request, INVOICES, cursor, limit, "open_invoices" if state == "open" else "invoices")


@router.get("/projects")
async def projects(request: Request, _scope: Client, cursor: Cursor = "", limit: Limit = 50) -> m.Page[m.Project]:
    """Projects, the latest changed first."""
    return await _page(request, PROJECTS, cursor, limit)


@router.get("/shipments")
async def shipments(request: Request, _scope: Client, cursor: Cursor = "", limit: Limit = 50) -> m.Page[m.Shipment]:
    """Shipments, the latest changed first."""
    return await _page(request, SHIPMENTS, cursor, limit)


@router.get("/documents")
async def documents(
    request: Request,
    _scope: Client,
    project_id: Annotated[str, Query(pattern=f"{ID}|^$")] = "",
    category: Annotated[str, Query(max_length=40)] = "",
    cursor: Cursor = "",
    limit: Limit = 50,
) -> m.Page[m.Document]:
    """Documents, the latest changed first; of one project or category where asked."""
    chosen = {"project_id": project_id, "category": clean(category, 40)}
    return await _page(request, DOCUMENTS, cursor, limit, **chosen)


@router.get("/contracts")
async def contracts(request: Request, _scope: Client, cursor: Cursor = "", limit: Limit = 50) -> m.Page[m.Contract]:
    """Contracts, the latest changed first."""
    return await _page(request, CONTRACTS, cursor, limit)


@router.get("/requests")
async def requests(request: Request, _scope: Client, cursor: Cursor = "", limit: Limit = 50) -> m.Page[m.Request]:
    """Requests, the latest changed first."""
    return await _page(request, REQUESTS, cursor, limit)


async def _page(
    request: Request, noun: Noun, cursor: str, limit: int, bundle: str = "", **chosen: object
) -> m.Page[Any]:
    words, at = words_of(request), place(cursor, noun.start)

    def read(reader: Reader) -> Mapping[str, list[Any]]:
        return reader.bundle(LISTS[bundle or noun.name], limit=limit + 1, **at, **chosen)

    lists = await reading(request, read)
    record(request, "view", noun.name, via="api")
    rows = lists["rows"]
    after = cursor_of(getattr(rows[limit - 1], noun.key), rows[limit - 1].id) if len(rows) > limit else None
    fresh = portal_of(request).feeds.of(noun.noun, lists["streams"], words.now)
    items = [noun.make(row, words) for row in rows[:limit]]
    return m.Page(items=items, next=after, freshness=makers.freshness(fresh))
