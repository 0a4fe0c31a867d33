"""The first page of ops: every source and stream, its state in words first, and one press to read it again now."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, NamedTuple

import anyio.to_thread
from fastapi import APIRouter, Form, Request
from sqlalchemy import Connection, insert, select
from starlette.responses import Response

from hub.errors import NeedsPerson
from hub.ids import random_id
from mappings.standing import Known
from portal_api.access.scope import Analyst, Ops
from portal_api.activity import record
from portal_api.colour import accent
from portal_api.ops.streams import NOT_READ, SEVERITY, StreamView, view_of
from portal_api.pages import NotFound, redirect, render, words_of
from portal_api.portal import Portal, portal_of
from portal_api.queries import ops as queries
from portal_api.reading import overseeing, writing
from portal_api.states import State
from portal_api.wording import Words
from store import left_out, ownerless
from store.hub_tables import INBOX_TRIES, LET_THROUGH, Inbox
from store.lag import differs

router = APIRouter()

LOOK_BACK = dt.timedelta(days=3)


class SourceView(NamedTuple):
    """One source."""

    name: str
    title: str
    state: State
    last_run: str
    waiting: int
    configured: bool
    streams: Sequence[StreamView]
    sentence: str
    step: str


@dataclass(frozen=True, slots=True)
class OverviewContext:
    """What templates/ops/overview.html shows."""

    lead: str
    tone: str
    sources: Sequence[SourceView]
    compared: str
    differing: bool
    held: int
    unmatched: int
    ownerless: int
    left_out: int
    below: int
    adrift: str
    asked: str
    unreadable: str
    may_act: bool
    accent_changed: bool


@router.get("/ops")
async def overview(request: Request, staff: Analyst, asked: str = "") -> Response:
    """How everything stands."""
    portal, words = portal_of(request), words_of(request)
    known, unreadable = await anyio.to_thread.run_sync(known_now, portal)
    facts = {"known": known, **await overseeing(request, _facts, words.now - LOOK_BACK)}
    record(request, "view", "ops")
    sources = sources_of(facts, portal, words)
    adrift = sum(row.n for row in facts["ownerless"])
    lead, tone = lead_of(sources)
    context = OverviewContext(
        lead=lead,
        tone=tone,
        sources=sources,
        compared=compared_of(facts["streams"]),
        differing=any(differs(row) for row in facts["streams"]),
        held=sum(row.n for row in facts["held"]),
        unmatched=facts["unmatched"],
        ownerless=adrift,
        left_out=sum(facts["left_out"].values()),
        below=facts["of_left_out"] + sum(row.below for row in facts["ownerless"]),
        adrift=f"{ownerless.sentence(adrift)} {ownerless.STEP}",
        asked=portal.feeds.title(asked) if asked in portal.settings.sources else "",
        unreadable=unreadable,
        may_act=staff.may_act,
        accent_changed=accent(portal.settings.firm.accent).changed,
    )
    return render(request, "ops/overview.html", {"page": context}, words=words)


@router.post("/ops/sources/{source}/sync")
async def sync_now(request: Request, _staff: Ops, source: str) -> Response:
    """Ask the worker to read a source now; asking twice is asking once."""
    portal = portal_of(request)
    if source not in portal.settings.sources:
        raise NotFound
    await writing(request, ask_for_sync, source, portal.clock())
    record(request, "sync_now", "source", source)
    return redirect(f"/ops?asked={source}")


@router.post("/ops/sources/{source}/let-through")
async def let_through(
    request: Request, _staff: Ops, source: str, stream: Annotated[str, Form(max_length=80)]
) -> Response:
    """Let a braked stream through once: what its source no longer has leaves the store. The worker does it."""
    known = await overseeing(request, lambda c: c.execute(queries.STREAMS).all())
    if (source, stream, "HeldRun") not in {(row.source, row.stream, row.error_kind) for row in known}:
        raise NotFound
    await writing(request, ask_for_sync, source, portal_of(request).clock(), stream)
    record(request, "let_through", "stream", f"{source}.{stream}"[:120])
    return redirect(f"/ops?asked={source}")


def ask_for_sync(connection: Connection, source: str, now: dt.datetime, through: str | None = None) -> bool:
    """Put a hint for the source into the inbox, or for one braked stream `through` the brake, unless it is waiting.

    False when it was.
    """
    waiting = select(Inbox.c.id).where(
        Inbox.c.source == source,
        Inbox.c.stream == through,
        Inbox.c.event_id.startswith(LET_THROUGH if through else ""),
        Inbox.c.external_id.is_(None),
        Inbox.c.done_at.is_(None),
        # One that was given up is asked by nobody any more.
        Inbox.c.attempts < INBOX_TRIES,
    )
    if connection.execute(waiting.limit(1)).first() is not None:
        return False
    event = f"{LET_THROUGH if through else 'ops:'}{random_id()}"
    hint = {
        "id": random_id(),
        "source": source,
        "stream": through,
        "event_id": event,
        "received_at": now,
        "attempts": 0,
    }
    connection.execute(insert(Inbox), hint)
    return True


def known_now(portal: Portal) -> tuple[Known | None, str]:
    """What is configured and mapped now, or why that cannot be said."""
    try:
        return portal.know() if portal.know is not None else None, ""
    except NeedsPerson as error:
        return None, f"{error.sentence} {error.step}".strip()


def _facts(connection: Connection, since: dt.datetime) -> dict[str, Any]:
    return {
        "streams": connection.execute(queries.STREAMS).all(),
        "recent": connection.execute(queries.RECENT, {"since": since}).all(),
        "held": connection.execute(queries.HELD_COUNTS).all(),
        "waiting": connection.execute(queries.WAITING).all(),
        "unmatched": connection.scalar(queries.UNMATCHED_COUNT) or 0,
        "ownerless": ownerless.count(connection),
        "left_out": left_out.counts(connection),
        "of_left_out": connection.scalar(queries.OF_LEFT_OUT_COUNT) or 0,
    }


def sources_of(facts: Mapping[str, Any], portal: Portal, words: Words) -> list[SourceView]:
    """Every configured source and every one that has a stream, the worst first."""
    names = {*portal.settings.sources, *(row.source for row in facts["streams"])}
    waiting = {row.source: row.n for row in facts["waiting"]}
    found = [_source(name, facts, waiting.get(name, 0), portal, words) for name in sorted(names)]
    return sorted(found, key=lambda source: SEVERITY.index(source.state.tone))


def _source(name: str, facts: Mapping[str, Any], waiting: int, portal: Portal, words: Words) -> SourceView:
    held = {row.stream: row.n for row in facts["held"] if row.source == name}
    recent = [row for row in facts["recent"] if row.source == name]
    streams = [
        view_of(
            row,
            [r for r in recent if r.stream == row.stream],
            held.get(row.stream, 0),
            facts["left_out"].get((name, row.stream), 0),
            portal.settings.late_after,
            words,
            facts["known"],
        )
        for row in facts["streams"]
        if row.source == name
    ]
    streams.sort(key=lambda stream: SEVERITY.index(stream.state.tone))
    worst = min((s.state for s in streams), key=lambda s: SEVERITY.index(s.tone), default=NOT_READ)
    sentence, step, streams = said_once(streams)
    last_run = recent[-1].run_id if recent else ""
    configured = name in portal.settings.sources
    return SourceView(name, portal.feeds.title(name), worst, last_run, waiting, configured, streams, sentence, step)


def said_once(streams: list[StreamView]) -> tuple[str, str, list[StreamView]]:
    """What is wrong with all streams alike is wrong with the source: its sentence and step, taken off the streams."""
    told = {(stream.sentence, stream.step) for stream in streams}
    if len(streams) < 2 or len(told) > 1:  # noqa: PLR2004 -- one stream says it itself
        return "", "", streams
    [(sentence, step)] = told
    return sentence, step, [stream._replace(sentence="", step="") for stream in streams]


def compared_of(streams: Sequence[Any]) -> str:
    """How many streams were set beside their source and found to be as that has them; empty before any was."""
    matching = sum(row.apart == 0 for row in streams)
    return f"{matching} of {len(streams)} streams match" if any(row.compared_at for row in streams) else ""


def _never_read(sources: Sequence[SourceView]) -> str:
    """A new stream of a source that is read is no news; a source of which nothing was read is."""
    count = sum(all(stream.state == NOT_READ for stream in source.streams) for source in sources)
    if len(sources) == 1:
        return "The source has not been read yet." if count else ""
    return f"{count} of {len(sources)} sources {'has' if count == 1 else 'have'} not been read yet." if count else ""


def lead_of(sources: Sequence[SourceView]) -> tuple[str, str]:
    """The page's answer and its tone: what is wrong, or that nothing is."""
    if not sources:
        return "No source is configured. Run `frontdesk init`.", "attention"
    wrong = [source for source in sources if source.state.tone in {"bad", "attention"}]
    if not wrong and (unread := _never_read(sources)):
        return f"{unread} See that `frontdesk worker` runs.", "attention"
    if not wrong:
        return f"All {len(sources)} sources are current." if len(sources) > 1 else "The source is current.", "good"
    first = wrong[0]
    stream = next(s for s in first.streams if s.state == first.state)
    detail = first.sentence or stream.sentence or f"{stream.name} is {stream.state.label.lower()}."
    named = detail if detail.startswith(first.title) else f"{first.title}: {detail}"
    more = len(wrong) - 1
    rest = f" {more} more {'source needs' if more == 1 else 'sources need'} a look." if more else ""
    return f"{named}{rest}", first.state.tone
