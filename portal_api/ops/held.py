"""Held records by what is wrong with them: why each could not be taken, what it says, and one press to try again."""

from __future__ import annotations

import datetime as dt
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from typing import Annotated, Any, NamedTuple
from urllib.parse import urlencode

import anyio
import anyio.to_thread
import orjson
from fastapi import APIRouter, Form, Query, Request
from sqlalchemy import Connection
from starlette.responses import Response

from hub.errors import NeedsPerson
from portal_api.access.scope import Ops
from portal_api.activity import record
from portal_api.listing import Id
from portal_api.pages import NotFound, problem, redirect, render, words_of
from portal_api.portal import Replay, portal_of
from portal_api.queries import ops as queries
from portal_api.reading import overseeing
from portal_api.states import plain
from store.held import ACCESS_SENTENCE

router = APIRouter()
GROUPS = 20
EACH = 5
PAYLOAD_SHOWN = 400
REPLAY_SECONDS = 20
"""How long one press may take; what is not reached by then is one more press away."""

Word = Annotated[str, Form(max_length=120)]
Number = Annotated[int, Query(ge=0, le=10**9)]


class HeldView(NamedTuple):
    """One held record."""

    id: str
    external_id: str
    client: str
    field: str
    sentence: str
    access: str
    payload: str
    since: dt.datetime


class GroupView(NamedTuple):
    """What is wrong with some records of a stream, and the latest of them."""

    source: str
    title: str
    stream: str
    reason: str
    label: str
    suggestion: str
    many: int
    records: Sequence[HeldView]


@router.get("/ops/held")
async def held(
    request: Request, _staff: Ops, taken: Number = 0, held: Number = 0, gone: Number = 0, busy: Number = 0,
    left: Number = 0, left_out: Number = 0,
) -> Response:  # fmt: skip
    """What is held, the most frequent trouble first; after a press, what came of it."""
    words = words_of(request)
    groups, rows = await overseeing(request, _lists)
    record(request, "view", "held")
    context = {
        "groups": [_group(request, group, rows) for group in groups],
        "result": result_of(taken, held, gone, busy, left, left_out),
        "tone": "attention" if held or busy or left else "good",
        "may_replay": portal_of(request).replay is not None,
    }
    return render(request, "ops/held.html", context, words=words)


@router.post("/ops/held/replay")
async def replay_all(request: Request, _staff: Ops, source: Word, stream: Word, reason: Word) -> Response:
    """Try all records of one stream again that are held for one reason."""
    wanted = {"source": source, "stream": stream, "reason": reason}
    ids = await overseeing(request, lambda c: c.scalars(queries.HELD_IDS, wanted).all())
    record(request, "replay", "held", f"{source}.{stream} {reason}"[:120])
    return await _replayed(request, ids)


@router.post("/ops/held/{held_id}/replay")
async def replay_one(request: Request, _staff: Ops, held_id: Id) -> Response:
    """Try one record again."""
    record(request, "replay", "held", held_id)
    return await _replayed(request, [held_id])


async def _replayed(request: Request, ids: Sequence[str]) -> Response:
    portal = portal_of(request)
    if portal.replay is None:
        raise NotFound
    try:
        counts = await anyio.to_thread.run_sync(_try, portal.replay, ids)
    except NeedsPerson as error:
        return problem(request, 409, "400", error.sentence, error.step)
    return redirect(f"/ops/held?{urlencode(counts)}")


def _try(replay: Replay, ids: Sequence[str]) -> Counter[str]:
    """How many came to which end, within the time of one press."""
    until, counts = time.monotonic() + REPLAY_SECONDS, Counter[str]()
    with closing(replay(ids)) as outcomes:
        for tried in outcomes:
            counts[tried.state] += 1
            if time.monotonic() > until:
                break
    counts["left"] = len(ids) - counts.total()
    return counts


def result_of(taken: int, held: int, gone: int, busy: int, left: int, left_out: int = 0) -> str:
    """What a press did, in one sentence; empty before any."""
    said = (
        (taken, "was taken", "were taken"),
        (left_out, "is left out by its mapping", "are left out by their mapping"),
        (held, "still cannot be taken, for the reason below", "still cannot be taken, for the reasons below"),
        (gone, "was not held any more", "were not held any more"),
        (
            busy,
            "waits for a worker that has its stream",
            "wait for a worker that has their stream",
        ),
        (left, "was not reached yet: try again", "were not reached yet: try again"),
    )
    parts = [f"{n:,} {one if n == 1 else many}" for n, one, many in said if n]
    total = taken + held + gone + busy + left + left_out
    return f"{'Record tried again' if total == 1 else 'Records tried again'}: {'; '.join(parts)}." if parts else ""


def _lists(connection: Connection) -> tuple[Sequence[Any], Sequence[Any]]:
    groups = connection.execute(queries.HELD_GROUPS, {"limit": GROUPS + 1}).all()
    return groups, connection.execute(queries.HELD, {"each": EACH}).all()


def _group(request: Request, group: Any, rows: Sequence[Any]) -> GroupView:
    kind = (group.source, group.stream, group.reason)
    mine = [row for row in rows if (row.source, row.stream, row.reason) == kind]
    return GroupView(
        source=group.source,
        title=portal_of(request).feeds.title(group.source),
        stream=group.stream,
        reason=group.reason,
        label=plain(group.reason),
        suggestion=next((row.suggestion for row in mine if row.suggestion), ""),
        many=group.n,
        records=[_view(row) for row in mine],
    )


def _view(row: Any) -> HeldView:
    return HeldView(
        id=row.id,
        external_id=row.external_id,
        client=row.client or "",
        field=row.field or "",
        sentence=row.sentence,
        access=ACCESS_SENTENCE if row.access_revoked else "",
        payload=pretty(row.payload),
        since=row.first_seen_at,
    )


def pretty(payload: str) -> str:
    """The payload, indented where it is JSON, and its beginning where it is long."""
    try:
        text = orjson.dumps(orjson.loads(payload), option=orjson.OPT_INDENT_2).decode()
    except ValueError:
        text = payload
    return text if len(text) <= PAYLOAD_SHOWN else f"{text[:PAYLOAD_SHOWN]}\n... {len(text)} characters in all"
