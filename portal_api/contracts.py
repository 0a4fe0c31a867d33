"""Contracts: the plan and its use where there is one, the terms in force, and those before."""

from __future__ import annotations

import datetime as dt
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
    lead: str
    plans: Sequence[Plan]
    plan_fresh: Fresh | None
    contracts: Sequence[ContractView]
    standing: Standing


@router.get("/contracts")
async def contracts(request: Request, _scope: Client) -> Response:
    """All contracts, those in force first."""
    words, portal = words_of(request), portal_of(request)
    lists = await reading(request, lambda reader: reader.bundle(queries.LIST, today=words.today))
    record(request, "view", "contracts")
    context = ContractsContext(
        title="Plan and terms" if _is_noun(request) else "Contracts",
        lead=lead_of(lists["rows"], words),
        plans=[plan_of(row, words) for row in lists["plans"]],
        plan_fresh=portal.feeds.of("subscription", lists["streams"], words.now),
        contracts=[view_of(row, words) for row in lists["rows"]],
        standing=standing(request, "contract", lists, words),
    )
    return render(request, "contracts/contracts.html", {"page": context}, words=words)


def _is_noun(request: Request) -> bool:
    """Whether this is what the reader's profile is about, and its place in the menu."""
    return frame_of(request, portal_of(request)).profile.noun.path == "/contracts"


def lead_of(rows: Sequence[Any], words: Words) -> str:
    """The page's answer: what is in force, and until when; the one that ends first is named."""
    running = [row for row in rows if contract_state(row, words).sentence.startswith("In force")]
    if not running:
        return _none_in_force(rows, words)
    first = min(running, key=lambda row: row.ends_on or dt.date.max)
    until = f" until {words.day(first.ends_on)}" if first.ends_on else ", with no end date"
    if len(running) == 1:
        return f"{title_of(first)} is in force{until}."
    ends = f"; {title_of(first)} is the first to end, {words.day(first.ends_on)}" if first.ends_on else until
    return f"{len(running)} contracts are in force{ends}."


def _none_in_force(rows: Sequence[Any], words: Words) -> str:
    states = [contract_state(row, words) for row in rows]
    ahead = [row for row, state in zip(rows, states, strict=True) if state.label.startswith("Begins")]
    if ahead:
        first = min(ahead, key=lambda row: row.starts_on)
        return f"No contract is in force yet; {title_of(first)} begins {words.day(first.starts_on)}."
    over = all(state.label == "Ended" for state in states)
    return f"No contract is in force {'any more' if over else 'yet'}." if rows else ""


def title_of(row: Any) -> str:
    """A contract's name, else its number."""
    return row.name or f"Contract {row.number or ''}".strip()


@router.get("/contracts/{contract_id}")
async def contract(_request: Request, _scope: Client, contract_id: Id) -> Response:
    """A contract's place on the page of all: there are few, and people compare them."""
    return redirect(f"/contracts#{contract_id}")


def view_of(row: Any, words: Words) -> ContractView:
    """One contract in words."""
    found = (
        # With their years: terms are read years later, and on paper.
        ("From", words.dated(row.starts_on)),
        ("Until", words.dated(row.ends_on) or ("No end date" if row.starts_on and not row.term_months else "")),
        ("Term", f"{row.term_months} months" if row.term_months else ""),
        ("Notice", f"{row.notice_days} days" if row.notice_days else ""),
    )
    return ContractView(
        id=row.id,
        title=title_of(row),
        number=row.number or "",
        state=_said_once(contract_state(row, words), row, words),
        facts=[(name, value) for name, value in found if value],
        description=clip(row.description),
        special_terms=clip(row.special_terms),
    )


def _said_once(state: State, row: Any, words: Words) -> State:
    """Without the sentence where the facts right below say its day."""
    return state._replace(sentence="") if row.ends_on and words.day(row.ends_on) in state.sentence else state
