"""The account: billing and contact data as the firm has it, and whom to tell when it is wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import quote

from fastapi import APIRouter, Request
from starlette.responses import Response

from portal_api.access.people import role_of
from portal_api.access.scope import Client
from portal_api.activity import record
from portal_api.answers.saas import renewal
from portal_api.cards import price_of, usage_of
from portal_api.feeds import Fresh
from portal_api.listing import Standing, standing
from portal_api.pages import render, words_of
from portal_api.portal import portal_of
from portal_api.queries import account as queries
from portal_api.reading import reading
from portal_api.statement import address_of
from portal_api.states import plain
from portal_api.wording import Words

router = APIRouter(include_in_schema=False)

NO_BREAK = "\u00a0"
"""Between the groups of a telephone number: it stays on one line."""


class Billing(NamedTuple):
    """Where invoices go."""

    address: Sequence[str]
    facts: Sequence[tuple[str, str]]


class Somebody(NamedTuple):
    """A person at the client."""

    name: str
    about: str
    role: str


class PlanFacts(NamedTuple):
    """A plan."""

    name: str
    facts: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class AccountContext:
    """What templates/account/account.html shows."""

    name: str
    address: Sequence[str]
    facts: Sequence[tuple[str, str]]
    billing: Sequence[Billing]
    people: Sequence[Somebody]
    plans: Sequence[PlanFacts]
    tell: str
    standing: Standing
    people_fresh: Fresh | None
    billing_fresh: Fresh | None
    plan_fresh: Fresh | None


@router.get("/account")
async def account(request: Request, _scope: Client) -> Response:
    """What the firm has on file."""
    words, portal = words_of(request), portal_of(request)
    lists = await reading(request, lambda reader: reader.bundle(queries.PAGE))
    record(request, "view", "account")
    client = lists["client"][0]
    context = AccountContext(
        name=client.name,
        address=address_of(client)[1:],
        facts=_client_facts(client),
        billing=[Billing(address_of(row), _billing_facts(row, words)) for row in lists["billing"]],
        people=[_somebody(row) for row in lists["people"]],
        plans=[PlanFacts(row.name, _plan_facts(row, words)) for row in lists["plans"]],
        tell=tell(portal.settings.firm.support_email, client.name),
        standing=standing(request, "client", lists, words),
        people_fresh=_fresh(request, "person", lists, words),
        billing_fresh=_fresh(request, "billing_account", lists, words),
        plan_fresh=_fresh(request, "subscription", lists, words),
    )
    return render(request, "account/account.html", {"page": context}, words=words)


def tell(address: str, client: str) -> str:
    """A prepared mail to the firm; empty where the firm names no address."""
    return f"mailto:{address}?subject={quote(f'Please correct our data: {client}')}" if address else ""


def _fresh(request: Request, noun: str, lists: Mapping[str, list[Any]], words: Words) -> Fresh | None:
    return portal_of(request).feeds.of(noun, lists["streams"], words.now)


def _client_facts(row: Any) -> list[tuple[str, str]]:
    found = (("Client number", row.number), ("Phone", _phone(row.phone)), ("Website", _site(row.website)))
    return [(name, value) for name, value in found if value]


def _billing_facts(row: Any, words: Words) -> list[tuple[str, str]]:
    found = (
        ("Invoices go to", row.email or ""),
        ("Phone", _phone(row.phone)),
        ("Currency", row.currency or ""),
        ("Balance", words.money(row.balance_minor, row.currency)),
    )
    return [(name, value) for name, value in found if value]


def _site(address: str | None) -> str:
    """A website as people say it: without https:// and the last slash."""
    return (address or "").removeprefix("https://").removeprefix("http://").rstrip("/")


def _somebody(row: Any) -> Somebody:
    role = role_of(row.role)
    access = f"Portal {role}" if role else "No portal access"
    return Somebody(row.name, " · ".join(filter(None, (row.title, row.email, _phone(row.phone)))), access)


def _phone(number: str | None) -> str:
    return (number or "").replace(" ", NO_BREAK)


def _plan_facts(row: Any, words: Words) -> list[tuple[str, str]]:
    found = (
        ("Plan", row.plan or ""),
        ("State", plain(row.status)),
        ("Used", usage_of(row, words)),
        ("Seats", f"{row.seats_used} of {row.seats}" if row.seats and row.seats_used is not None else ""),
        ("Renews", words.day(renewal(row, words))),
        ("Price", price_of(row, words)),
    )
    return [(name, value) for name, value in found if value]
