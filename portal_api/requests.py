"""Requests: what the client asked for, where it stands, by when an answer is promised."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from fastapi import APIRouter, Request
from starlette.responses import Response

from portal_api.access.scope import Client
from portal_api.activity import record
from portal_api.answers.answer import upper_first
from portal_api.feeds import Fresh
from portal_api.listing import ROWS, Id, Standing, clip, newest, older, place, standing
from portal_api.pages import NotFound, render, words_of
from portal_api.portal import portal_of
from portal_api.queries import requests as queries
from portal_api.queries.parts import LAST_ID, LAST_INSTANT
from portal_api.reading import reading
from portal_api.states import State, key, plain, request_state
from portal_api.wording import Words
from store.scope import Reader

router = APIRouter(include_in_schema=False)
CLOSED_ROWS = 15
START: Mapping[str, object] = {"after": LAST_INSTANT, "after_id": LAST_ID}


class RequestRow(NamedTuple):
    """One request of the list."""

    href: str
    subject: str
    about: str
    state: State


@dataclass(frozen=True, slots=True)
class RequestsContext:
    """What templates/requests/requests.html shows."""

    open: Sequence[RequestRow]
    closed: Sequence[RequestRow]
    open_count: int
    lead: str
    older: str | None
    newest: str | None
    standing: Standing


@dataclass(frozen=True, slots=True)
class RequestContext:
    """What templates/requests/request.html shows."""

    subject: str
    number: str
    state: State
    description: str
    opened_at: dt.datetime | None
    facts: Sequence[tuple[str, str]]
    fresh: Fresh | None


@router.get("/requests")
async def requests(request: Request, _scope: Client, after: str = "") -> Response:
    """The list: open ones by their promised answer, then answered ones, newest first."""
    words, at = words_of(request), place(after, START)
    lists = await reading(request, _list, at, words)
    record(request, "view", "requests")
    context = RequestsContext(
        open=[row_of(row, words) for row in lists["open"][:ROWS]],
        closed=[row_of(row, words) for row in lists["closed"][:CLOSED_ROWS]],
        open_count=lists["counts"][0].open,
        lead=_lead(lists["counts"][0], words),
        older=older(request, lists["closed"], CLOSED_ROWS, "moment", "id"),
        newest=newest(request),
        standing=standing(request, "request", lists, words),
    )
    return render(request, "requests/requests.html", {"page": context}, words=words)


@router.get("/requests/{request_id}")
async def one_request(request: Request, _scope: Client, request_id: Id) -> Response:
    """One request."""
    words = words_of(request)
    row, lists = await reading(request, _one, request_id)
    if row is None:
        raise NotFound
    record(request, "view", "request", request_id)
    fresh = portal_of(request).feeds.for_row(row, lists["streams"], words.now)
    return render(request, "requests/request.html", {"page": detail_of(row, fresh, words)}, words=words)


def _list(reader: Reader, at: Mapping[str, object], words: Words) -> Mapping[str, list[Any]]:
    return reader.bundle(queries.LIST, limit=CLOSED_ROWS + 1, now=words.now, **at)


def _one(reader: Reader, request_id: str) -> tuple[Any, Mapping[str, list[Any]]]:
    row = reader.first(queries.ONE, id=request_id)
    return row, reader.bundle(queries.STATE) if row is not None else {}


def _lead(counts: Any, words: Words) -> str:
    count = counts.open
    if not count:
        return "Nothing is open." if counts.closed else ""
    late, mine, promised = counts.late, counts.asked, counts.next
    said = [f"{count} {'is' if count == 1 else 'are'} open"]
    said += [f"{late} should have been answered by now"] if late else []
    said += [f"{mine} {'waits' if mine == 1 else 'wait'} for you"] if mine else []
    said += [f"the next answer comes by {words.moment(promised)}"] if promised and not late else []
    return f"{'; '.join(said)}."


def row_of(row: Any, words: Words) -> RequestRow:
    """A request as one row of a list."""
    asked = f"asked {words.day(row.opened_at)}" if row.opened_at else ""
    state = request_state(row, words)
    sentence = state.sentence if state.sentence != state.label else ""
    # Nobody knows its number by heart; the page of one has it.
    said = upper_first(" · ".join(filter(None, (sentence, asked))))
    return RequestRow(f"/requests/{row.id}", row.subject or f"Request {row.number or ''}".strip(), said, state)


def detail_of(row: Any, fresh: Fresh | None, words: Words) -> RequestContext:
    """One request in words."""
    found = (
        ("Number", row.number or ""),
        ("Asked", words.moment(row.opened_at)),
        ("By", row.person or ""),
        ("About", "" if key(row.kind) == "request" else plain(row.kind)),
        ("Priority", plain(row.priority)),
        ("Answer promised", words.moment(row.answer_by)),
        ("Answered", words.moment(row.closed_at)),
    )
    state = request_state(row, words)
    return RequestContext(
        subject=row.subject or "Without a subject",
        number=row.number or "",
        state=state,
        description=clip(row.description, 10_000),
        opened_at=row.opened_at,
        # What the state's sentence says is not said again below it.
        facts=[(name, value) for name, value in found if value and value not in state.sentence],
        fresh=fresh,
    )
