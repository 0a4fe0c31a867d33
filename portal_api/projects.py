"""Projects: all of them, and one with its milestones, what waits, its documents."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from fastapi import APIRouter, Request
from starlette.responses import Response

from portal_api.access.scope import Client
from portal_api.activity import record
from portal_api.cards import Row, Station
from portal_api.documents import row_of as document_row
from portal_api.feeds import Fresh
from portal_api.listing import ROWS, Id, Standing, clip, standing
from portal_api.pages import NotFound, frame_of, render, words_of
from portal_api.portal import portal_of
from portal_api.project_states import OVER, WAITING_VERBS, coming, milestone_state, project_state, waits
from portal_api.queries import projects as queries
from portal_api.reading import reading
from portal_api.states import State, key, plain
from portal_api.wording import Words
from store.scope import Reader

router = APIRouter(include_in_schema=False)


class ProjectRow(NamedTuple):
    """One project of the list."""

    href: str
    name: str
    about: str
    state: State
    percent: int | None
    phase: str
    next: str
    waiting: int
    over: bool


@dataclass(frozen=True, slots=True)
class ProjectsContext:
    """What templates/projects/projects.html shows."""

    title: str
    lead: str
    running: Sequence[ProjectRow]
    over: Sequence[ProjectRow]
    left_out: int
    standing: Standing


class Step(NamedTuple):
    """A milestone that waits for the client."""

    id: str
    verb: str
    name: str
    about: str
    late: bool


@dataclass(frozen=True, slots=True)
class ProjectContext:
    """What templates/projects/project.html shows."""

    name: str
    about: str
    state: State
    summary: str
    percent: int | None
    phase: str
    next: str
    next_at: dt.datetime | None
    facts: Sequence[tuple[str, str]]
    waiting: Sequence[Step]
    stations: Sequence[Station]
    documents: Sequence[Row]
    fresh: Fresh | None
    all_label: str
    more: str


@router.get("/projects")
async def projects(request: Request, _scope: Client) -> Response:
    """The list: what runs first, then what is over."""
    words = words_of(request)
    lists = await reading(request, lambda reader: reader.bundle(queries.LIST, today=words.today))
    record(request, "view", "projects")
    waiting, counts = {row.project_id: row.n for row in lists["waiting"]}, lists["counts"][0]
    rows = [_row(row, waiting, words) for row in lists["rows"]]
    shown = rows[:ROWS]
    context = ProjectsContext(
        title=_noun(request),
        lead=_lead(rows, counts, sum(waiting.values())),
        running=[row for row in shown if not row.over],
        over=[row for row in shown if row.over],
        left_out=counts.n - len(shown),
        standing=standing(request, "project", lists, words),
    )
    return render(request, "projects/projects.html", {"page": context}, words=words)


@router.get("/projects/{project_id}")
async def project(request: Request, _scope: Client, project_id: Id) -> Response:
    """One project."""
    words = words_of(request)
    row, lists = await reading(request, _one, project_id)
    if row is None:
        raise NotFound
    record(request, "view", "project", project_id)
    fresh = portal_of(request).feeds.for_row(row, lists["streams"], words.now, "milestone")
    context = detail_of(row, lists, fresh, _noun(request), words)
    return render(request, "projects/project.html", {"page": context}, words=words)


def _one(reader: Reader, project_id: str) -> tuple[Any, Mapping[str, list[Any]]]:
    row = reader.first(queries.ONE, id=project_id)
    return row, reader.bundle(queries.DETAIL, id=project_id) if row is not None else {}


def _noun(request: Request) -> str:
    """What this client's profile calls its projects: Projects, Cases, ..."""
    noun = frame_of(request, portal_of(request)).profile.noun
    return (noun.heading or noun.label) if noun.path == "/projects" else "Projects"


def _lead(rows: Sequence[ProjectRow], counts: Any, waiting: int) -> str:
    if not counts.n:
        return ""
    worse = [row.name for row in rows if row.state.tone == "bad"]
    work = f"{counts.running} in work" if counts.running else "Nothing is in work"
    late = f"; late: {' and '.join(worse[:2])}" if worse else ""
    asks = f". {waiting} {'step waits' if waiting == 1 else 'steps wait'} for you." if waiting else "."
    return f"{work}{late}{asks}"


def _row(row: Any, waiting: Mapping[str, int], words: Words) -> ProjectRow:
    over = key(row.status) in OVER
    return ProjectRow(
        href=f"/projects/{row.id}",
        name=row.name,
        about=" · ".join(filter(None, (row.number, row.manager))),
        state=project_state(row, words),
        percent=row.percent_complete,
        phase=phase_of(row),
        next="" if over else next_of(row, words),
        waiting=waiting.get(row.id, 0),
        over=over,
    )


def phase_of(row: Any) -> str:
    """`Phase 3 of 5: Design`, as far as it is known."""
    if row.phase_number and row.phase_count:
        number = f"Phase {row.phase_number} of {row.phase_count}"
        return f"{number}: {row.phase}" if row.phase else number
    return row.phase or ""


def next_of(row: Any, words: Words) -> str:
    """What happens next, and when."""
    if coming(row, words):
        return f"Next: {row.next_event}" + (f", {words.moment(row.next_event_at)}" if row.next_event_at else "")
    return f"Due {words.until(row.due_on)}" if row.due_on else ""


def detail_of(
    row: Any, lists: Mapping[str, list[Any]], fresh: Fresh | None, all_label: str, words: Words
) -> ProjectContext:
    """One project in words."""
    states = [(step, milestone_state(step, words)) for step in lists["milestones"]]
    return ProjectContext(
        name=row.name,
        about=" · ".join(filter(None, (row.number, plain(row.kind)))),
        state=project_state(row, words),
        summary=clip(row.summary),
        percent=row.percent_complete,
        phase=phase_of(row),
        next=row.next_event if coming(row, words) else "",
        next_at=row.next_event_at,
        facts=_facts(row, words),
        waiting=[_step(step, words) for step in lists["milestones"] if waits(step) and key(row.status) not in OVER],
        stations=[Station(s.tone, m.name, s.sentence or s.label, m.completed_on or m.due_on) for m, s in states],
        documents=[document_row(document, words) for document in lists["documents"]],
        fresh=fresh,
        all_label=all_label,
        more=f"/documents?project={row.id}",
    )


def _step(step: Any, words: Words) -> Step:
    late = step.due_on is not None and step.due_on < words.today
    due = f"{'Was due' if late else 'Due'} {words.until(step.due_on)}" if step.due_on else ""
    return Step(step.id, WAITING_VERBS.get(key(step.client_action), "Look at"), step.name, due, late)


def _facts(row: Any, words: Words) -> list[tuple[str, str]]:
    last = f"{row.last_event}, {words.day(row.last_event_on)}" if row.last_event_on else row.last_event or ""
    found = (
        ("Your contact", row.manager or ""),
        ("Began", words.day(row.starts_on)),
        ("Due", words.day(row.due_on)),
        ("Budget", words.money(row.budget_minor, row.currency)),
        ("Spent", words.money(row.spent_minor, row.currency)),
        ("Last event", last),
    )
    return [(name, value) for name, value in found if value]
