"""Contracts: the plan and its use where there is one, the terms in force, and those before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from fastapi import APIRouter, Request
from starlette.responses import Response

from portal_api.access.scope import Client
from portal_api.activity import record
from portal_api.cards import Plan, plan_of
from portal_api.feeds import Fresh
from portal_api.listing import Id, Standing, clip, standing
from portal_api.pages import frame_of, redirect, render, words_of
from portal_api.portal import portal_of
from portal_api.queries import contracts as queries
from portal_api.reading import reading
from portal_api.states import State, contract_state
from portal_api.wording import Words

router = APIRouter(include_in_schema=False)


class ContractView(NamedTuple):
    """One contract in words."""

    id: str
    title: str
    number: str
    state: State
    facts: Sequence[tuple[str, str]]
    description: str
    special_terms: str


@dataclass(frozen=True, slots=True)
class ContractsContext:
    """What templates/contracts/contracts.html shows."""

    title: str
    plans: Sequence[Plan]
    plan_fresh: Fresh | None
    contracts: Sequence[ContractView]
    standing: Standing


@router.get("/contracts")
async def contracts(request: Request, _scope: Client) -> Response:
    """All contracts, those in force first."""
    words, portal = words_of(request), portal_of(request)
    lists = await reading(request, lambda reader: reader.bundle(queries.LIST))
    record(request, "view", "contracts")
    context = ContractsContext(
        title="Plan and terms" if _is_noun(request) else "Contracts",
        plans=[plan_of(row, words) for row in lists["plans"]],
        plan_fresh=portal.feeds.of("subscription", lists["streams"], words.now),
        contracts=[view_of(row, words) for row in lists["rows"]],
        standing=standing(request, "contract", lists, words),
    )
    return render(request, "contracts/contracts.html", {"page": context}, words=words)


def _is_noun(request: Request) -> bool:
    """Whether this is what the reader's profile is about, and its place in the menu."""
    return frame_of(request, portal_of(request)).profile.noun.path == "/contracts"


@router.get("/contracts/{contract_id}")
async def contract(_request: Request, _scope: Client, contract_id: Id) -> Response:
    """A contract's place on the page of all: there are few, and people compare them."""
    return redirect(f"/contracts#{contract_id}")


def view_of(row: Any, words: Words) -> ContractView:
    """One contract in words."""
    found = (
        ("From", words.day(row.starts_on)),
        ("Until", words.day(row.ends_on) or ("No end date" if row.starts_on else "")),
        ("Term", f"{row.term_months} months" if row.term_months else ""),
        ("Notice", f"{row.notice_days} days" if row.notice_days else ""),
    )
    return ContractView(
        id=row.id,
        title=row.name or f"Contract {row.number or ''}".strip(),
        number=row.number or "",
        state=contract_state(row, words),
        facts=[(name, value) for name, value in found if value],
        description=clip(row.description),
        special_terms=clip(row.special_terms),
    )
