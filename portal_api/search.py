"""Search over names and numbers of the reader's own things."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from fastapi import APIRouter, Request
from starlette.responses import Response

from portal_api.access.scope import Client
from portal_api.activity import record
from portal_api.invoices import title_of
from portal_api.listing import clean
from portal_api.pages import render, words_of
from portal_api.project_states import project_state
from portal_api.queries.search import HITS, PER_NOUN, looked_for
from portal_api.reading import reading
from portal_api.states import State, contract_state, document_state, invoice_state, request_state, shipment_state
from portal_api.wording import Words
from store.scope import Reader

router = APIRouter(include_in_schema=False)
SHORTEST = 2


class Hit(NamedTuple):
    """One thing found."""

    title: str
    about: str
    href: str
    state: State | None


class Group(NamedTuple):
    """The hits of one noun."""

    title: str
    hits: Sequence[Hit]
    more: bool


@dataclass(frozen=True, slots=True)
class SearchContext:
    """What templates/search/search.html shows."""

    query: str
    said: str
    sentence: str
    missed: bool
    groups: Sequence[Group]


@router.get("/search")
async def search(request: Request, _scope: Client, q: str = "") -> Response:
    """The form, and what was found."""
    words, query = words_of(request), clean(q, 100)
    enough = len(query) >= SHORTEST
    lists = await reading(request, hits, query) if enough else {}
    if enough:
        # Looking again at what was found is no new search.
        record(request, *(("view", "search") if "if-none-match" in request.headers else ("search",)))
    groups = groups_of(lists, words)
    said, sentence = said_of(query, groups)
    context = SearchContext(query, said, sentence, enough and not groups, groups)
    return render(request, "search/search.html", {"page": context}, words=words)


def said_of(query: str, groups: Sequence[Group]) -> tuple[str, str]:
    """What came of it: in two words or three for the page's title, and in a sentence."""
    if len(query) < SHORTEST:
        return "too short", "Two letters or more find something."
    found = sum(len(group.hits) for group in groups)
    if not found:
        sentence = f"Nothing of yours is called “{query}”. A part of a name or number is enough."
        return "nothing found", sentence
    said = f"{'more than ' if any(group.more for group in groups) else ''}{found} found"
    return said, f"{said[0].upper()}{said[1:]}."


def hits(reader: Reader, query: str) -> Mapping[str, list[Any]]:
    """Rows of every noun whose names and numbers contain each of the words."""
    return reader.bundle(HITS, **looked_for(query))


def groups_of(lists: Mapping[str, list[Any]], words: Words) -> list[Group]:
    """What was found, noun by noun; nouns without a hit are left out."""
    return [
        Group(title, [make(row, words) for row in lists[noun][:PER_NOUN]], len(lists[noun]) > PER_NOUN)
        for noun, title, make in _NOUNS
        if lists.get(noun)
    ]


def _about(*words: str | None) -> str:
    return " · ".join(filter(None, words))


def _invoice(row: Any, words: Words) -> Hit:
    about = _about(words.day(row.issued_on), words.money(row.total_minor, row.currency))
    return Hit(title_of(row.number), about, f"/invoices/{row.id}", invoice_state(row, None, words))


def _project(row: Any, words: Words) -> Hit:
    return Hit(row.name, row.number or "", f"/projects/{row.id}", project_state(row, words))


def _shipment(row: Any, words: Words) -> Hit:
    route = " to ".join(filter(None, (row.origin, row.destination)))
    return Hit(row.number, _about(row.reference, route), f"/shipments/{row.id}", shipment_state(row, words))


def _document(row: Any, words: Words) -> Hit:
    about = _about(row.category, words.day(row.modified_at))
    return Hit(row.name, about, f"/documents/{row.id}", document_state(row.status))


def _request(row: Any, words: Words) -> Hit:
    about = f"Request {row.number}" if row.number else ""
    return Hit(row.subject or "Without a subject", about, f"/requests/{row.id}", request_state(row, words))


def _contract(row: Any, words: Words) -> Hit:
    return Hit(row.name or "Contract", row.number or "", f"/contracts#{row.id}", contract_state(row, words))


_NOUNS: Sequence[tuple[str, str, Callable[[Any, Words], Hit]]] = (
    ("shipments", "Shipments", _shipment),
    ("projects", "Projects", _project),
    ("invoices", "Invoices", _invoice),
    ("documents", "Documents", _document),
    ("requests", "Requests", _request),
    ("contracts", "Contracts", _contract),
)
