"""Identity: records that nobody's are yet, what they can be recognised by, and one press that says whose they are."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, NamedTuple

from fastapi import APIRouter, Form, Request
from sqlalchemy import Connection
from starlette.responses import Response

from portal_api.access.scope import Ops
from portal_api.activity import record
from portal_api.listing import ID, Id, clean
from portal_api.pages import NotFound, redirect, render, words_of
from portal_api.portal import portal_of
from portal_api.queries import ops as queries
from portal_api.queries.parts import sought
from portal_api.reading import overseeing, writing
from store import crosswalk, left_out, ownerless

router = APIRouter()
SHOWN = 40
CHOICES = 20
EXAMPLES = 40
"""Records without an owner that are listed; the counts tell of all."""


class Candidate(NamedTuple):
    """A client that a record may belong to, and why. Two may share a name, never a number."""

    client_id: str
    name: str
    number: str | None
    evidence: str


class Unmatched(NamedTuple):
    """A record without a client."""

    id: str
    label: str
    source: str
    stream: str
    external_id: str
    keys: Sequence[str]
    candidates: Sequence[Candidate]


class Linked(NamedTuple):
    """A record of which ops have said whose it is."""

    id: str
    label: str
    source: str
    stream: str
    external_id: str
    client: str
    evidence: str
    at: dt.datetime


class Adrift(NamedTuple):
    """A stream's records that name no owner that is here, and some of them as (external id, what people call it)."""

    source: str
    stream: str
    said: str
    records: Sequence[tuple[str, str]]


@router.get("/ops/unmatched")
async def unmatched(request: Request, _staff: Ops, linked: str = "", unlinked: str = "") -> Response:
    """The list with candidates, and what was linked by hand. `linked` or `unlinked`: what the last press did."""
    words = words_of(request)
    (rows, keys, candidates, by_hand), counts, records, below = await overseeing(request, _all)
    record(request, "view", "unmatched")
    views = [_view(request, row, keys, candidates) for row in rows[:SHOWN]]
    links = [_linked(request, row) for row in by_hand]
    context = {
        "rows": views,
        "more": len(rows) > SHOWN,
        "links": links,
        "linked": next((link for link in links if link.id == linked), None),
        "unlinked": bool(unlinked),
        "adrift": [_adrift(request, count, records) for count in counts if count.n],
        "below": [_below(request, count) for count in counts if count.below],
        "of_left_out": [_view(request, row, [], []) for row in below[0]],
        "of_left_out_said": left_out.sentence(below[1]) if below[1] else "",
        "step": ownerless.STEP,
    }
    return render(request, "ops/unmatched.html", context, words=words)


@router.get("/ops/unmatched/{crosswalk_id}")
async def choose(request: Request, _staff: Ops, crosswalk_id: Id, q: str = "") -> Response:
    """Any client for one record."""
    query = clean(q, 100)
    row, clients = await overseeing(request, _choice, crosswalk_id, query)
    if row is None:
        raise NotFound
    context = {"row": _view(request, row, [], []), "clients": clients, "query": query}
    return render(request, "ops/choose.html", context, words=words_of(request))


@router.post("/ops/unmatched/{crosswalk_id}/link")
async def link(request: Request, staff: Ops, crosswalk_id: Id, client_id: Annotated[str, Form(pattern=ID)]) -> Response:
    """Say whose it is; its rows appear at that client at once."""
    done = await writing(request, crosswalk.link, crosswalk_id, client_id, staff.staff_email or "")
    if not done:
        raise NotFound
    record(request, "link", "crosswalk", crosswalk_id)
    return redirect(f"/ops/unmatched?linked={crosswalk_id}")


@router.post("/ops/unmatched/{crosswalk_id}/unlink")
async def unlink(request: Request, _staff: Ops, crosswalk_id: Id) -> Response:
    """Take it back; its rows leave that client at once."""
    if not await writing(request, crosswalk.unlink, crosswalk_id):
        raise NotFound
    record(request, "unlink", "crosswalk", crosswalk_id)
    return redirect("/ops/unmatched?unlinked=1")


def _all(connection: Connection) -> tuple[Any, Sequence[ownerless.Ownerless], Sequence[ownerless.OwnerlessRow], Any]:
    below = connection.execute(queries.OF_LEFT_OUT, {"limit": EXAMPLES}).all()
    count = connection.scalar(queries.OF_LEFT_OUT_COUNT) or 0
    return _lists(connection), ownerless.count(connection), ownerless.some(connection, EXAMPLES), (below, count)


def _below(request: Request, count: ownerless.Ownerless) -> Adrift:
    return Adrift(portal_of(request).feeds.title(count.source), count.stream, left_out.sentence(count.below), ())


def _adrift(request: Request, count: ownerless.Ownerless, records: Sequence[ownerless.OwnerlessRow]) -> Adrift:
    kind, source = (count.source, count.stream), portal_of(request).feeds.title(count.source)
    mine = [(row.external_id, row.label or "") for row in records if (row.source, row.stream) == kind]
    return Adrift(source, count.stream, ownerless.sentence(count.n), mine)


def _lists(connection: Connection) -> tuple[Sequence[Any], ...]:
    at_most = {"limit": SHOWN + 1}
    return (
        connection.execute(queries.UNMATCHED, at_most).all(),
        connection.execute(queries.KEYS, at_most).all(),
        connection.execute(queries.CANDIDATES, at_most).all(),
        connection.execute(queries.LINKED, at_most).all(),
    )


def _choice(connection: Connection, crosswalk_id: str, query: str) -> tuple[Any, Sequence[Any]]:
    row = connection.execute(queries.ONE_UNMATCHED, {"id": crosswalk_id}).first()
    found = connection.execute(queries.CLIENTS, {**sought(query), "limit": CHOICES}).all()
    return row, found


def _view(request: Request, row: Any, keys: Sequence[Any], candidates: Sequence[Any]) -> Unmatched:
    mine: Mapping[str, Candidate] = {
        one.id: Candidate(one.id, one.name, one.number, _why(one.kind, one.value))
        for one in reversed(candidates)
        if one.crosswalk_id == row.id
    }
    return Unmatched(
        id=row.id,
        label=row.label or row.external_id,
        source=portal_of(request).feeds.title(row.source),
        stream=row.stream,
        external_id=row.external_id,
        keys=[f"{one.kind} {one.value}" for one in keys if one.crosswalk_id == row.id and _tells(one.kind)],
        candidates=list(mine.values())[::-1],
    )


def _linked(request: Request, row: Any) -> Linked:
    return Linked(
        id=row.id,
        label=row.label or row.external_id,
        source=portal_of(request).feeds.title(row.source),
        stream=row.stream,
        external_id=row.external_id,
        client=row.client,
        evidence=row.evidence or "",
        at=row.matched_at,
    )


def _why(kind: str, value: str) -> str:
    """What speaks for a candidate: the key that both have."""
    return f"same {kind}: {value}" if "." not in kind else f"named by the client: {kind} {value}"


def _tells(kind: str) -> bool:
    """Whether such a key says more than the record's name and its id in the source, which stand beside it."""
    return kind != "name" and "." not in kind
