"""Single things of the API: one of a list, the account, the statement, the answer of home, and who is asking."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from portal_api.access.scope import Client
from portal_api.activity import record
from portal_api.answers import ANSWERS
from portal_api.api import makers
from portal_api.api import models as m
from portal_api.content import Wanted, key_of
from portal_api.home import facts_of, waiting_of
from portal_api.invoices import title_of
from portal_api.listing import Id
from portal_api.pages import NotFound, words_of
from portal_api.portal import portal_of
from portal_api.queries import account as account_queries
from portal_api.queries import contracts, documents, invoices, projects, requests, shipments
from portal_api.queries import statement as statement_queries
from portal_api.queries.home import lists_of
from portal_api.reading import reading
from portal_api.serving import serve
from portal_api.statement import ledger_of, period_of
from portal_api.wording import Words
from store.bundle import Bundle
from store.scope import Reader

router = APIRouter()
ANY = {"*/*": {"schema": {"type": "string", "format": "binary"}}}
FILE: dict[int | str, dict[str, Any]] = {200: {"description": "The file, of its own media type", "content": ANY}}
PARTS = 60


@router.get("/me")
async def me(request: Request, scope: Client) -> m.Me:
    """Who this token or session is."""
    who = request.state.visitor
    return m.Me(
        name=who.name,
        email=who.email,
        role=scope.role,
        client_id=scope.client_id,
        client=who.client_name,
        read_only=scope.read_only,
    )


@router.get("/home")
async def home(request: Request, _scope: Client) -> m.Home:
    """The answer of the first page, and what waits for the client."""
    words = words_of(request)
    profile = portal_of(request).profiles.of(request.state.visitor.profile)
    moment = {"today": words.today, "now": words.now}
    lists = await reading(request, lambda reader: reader.bundle(lists_of(profile.profile), **moment))
    record(request, "view", "home", via="api")
    answer = ANSWERS[profile.profile](facts_of(lists), words)
    waiting = [item._asdict() for item in waiting_of(lists, words)]
    return m.Home(answer=answer.sentence, tone=answer.tone, waiting=waiting)


@router.get("/account")
async def account(request: Request, _scope: Client) -> m.Account:
    """What the firm has on file."""
    words = words_of(request)
    lists = await reading(request, lambda reader: reader.bundle(account_queries.PAGE))
    record(request, "view", "account", via="api")
    fresh = portal_of(request).feeds.of("client", lists["streams"], words.now)
    return m.Account(
        **makers.picked(m.Account, lists["client"][0]),
        billing=[makers.billing(row) for row in lists["billing"]],
        people=[makers.person(row) for row in lists["people"]],
        freshness=makers.freshness(fresh),
    )


@router.get("/statement")
async def statement(
    request: Request,
    _scope: Client,
    first: Annotated[dt.date | None, Query(alias="from")] = None,
    last: Annotated[dt.date | None, Query(alias="to")] = None,
) -> m.Statement:
    """A statement of account; without a period, the last twelve months."""
    words = words_of(request)
    period = period_of(first, last, words.today)
    params = {"first": period.first, "last": period.last}
    lists = await reading(request, lambda reader: reader.bundle(statement_queries.PAGE, **params))
    record(request, "view", "statement", via="api")
    return m.Statement(
        first=period.first,
        last=period.last,
        accounts=[makers.currency_statement(one) for one in ledger_of(lists, words.today)],
        freshness=makers.freshness(portal_of(request).feeds.of("statement", lists["streams"], words.now)),
    )


@router.get("/invoices/{invoice_id}")
async def invoice(request: Request, _scope: Client, invoice_id: Id) -> m.InvoiceDetail:
    """One invoice."""
    row, parts, words = await _one(request, "invoice", invoices.ONE, invoice_id, invoices.DETAIL)
    return makers.invoice_detail(row, parts["payments"], words)


@router.get("/invoices/{invoice_id}/pdf", responses=FILE, response_class=Response)
async def invoice_pdf(request: Request, _scope: Client, invoice_id: Id) -> Response:
    """Its file."""
    row, _ = await _found(request, invoices.FILE, invoice_id)
    title = title_of(row.number)
    wanted = Wanted(row.source, row.stream, row.external_id, key_of(row), f"{title}.pdf", title, drawn=True)
    return await serve(request, wanted, "invoice", row.id)


@router.get("/projects/{project_id}")
async def project(request: Request, _scope: Client, project_id: Id) -> m.ProjectDetail:
    """One project."""
    row, parts, words = await _one(request, "project", projects.ONE, project_id, projects.DETAIL)
    return makers.project_detail(row, parts["milestones"], words)


@router.get("/shipments/{shipment_id}")
async def shipment(request: Request, _scope: Client, shipment_id: Id) -> m.ShipmentDetail:
    """One shipment."""
    row, parts, words = await _one(request, "shipment", shipments.ONE, shipment_id, shipments.DETAIL)
    return makers.shipment_detail(row, parts["events"], words)


@router.get("/documents/{document_id}")
async def document(request: Request, _scope: Client, document_id: Id) -> m.Document:
    """What is known of one file."""
    row, _, words = await _one(request, "document", documents.ONE, document_id)
    return makers.document(row, words)


@router.get("/documents/{document_id}/content", responses=FILE, response_class=Response)
async def document_content(request: Request, _scope: Client, document_id: Id) -> Response:
    """Its bytes."""
    row, _ = await _found(request, documents.ONE, document_id)
    wanted = Wanted(row.source, row.stream, row.external_id, key_of(row), row.name, row.name)
    return await serve(request, wanted, "document", row.id)


@router.get("/contracts/{contract_id}")
async def contract(request: Request, _scope: Client, contract_id: Id) -> m.Contract:
    """One contract."""
    row, _, words = await _one(request, "contract", contracts.ONE, contract_id)
    return makers.contract(row, words)


@router.get("/requests/{request_id}")
async def one_request(request: Request, _scope: Client, request_id: Id) -> m.Request:
    """One request."""
    row, _, words = await _one(request, "request", requests.ONE, request_id)
    return makers.request(row, words)


async def _one(
    request: Request, noun: str, statement: Any, id_: str, parts: Bundle | None = None
) -> tuple[Any, Mapping[str, list[Any]], Words]:
    row, found = await _found(request, statement, id_, parts)
    record(request, "view", noun, id_, via="api")
    return row, found, words_of(request)


async def _found(
    request: Request, statement: Any, id_: str, parts: Bundle | None = None
) -> tuple[Any, Mapping[str, list[Any]]]:
    def read(reader: Reader) -> tuple[Any, Mapping[str, list[Any]]]:
        row = reader.first(statement, id=id_)
        return row, reader.bundle(parts, id=id_, limit=PARTS) if row is not None and parts is not None else {}

    row, found = await reading(request, read)
    if row is None:
        raise NotFound
    return row, found
