"""Runs: the latest, and one with what it did to each stream."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from fastapi import APIRouter, Request
from sqlalchemy import Connection
from starlette.responses import Response

from portal_api.access.scope import Analyst
from portal_api.listing import Id
from portal_api.pages import NotFound, render, words_of
from portal_api.portal import portal_of
from portal_api.queries import ops as queries
from portal_api.reading import overseeing
from portal_api.states import State, plain

router = APIRouter()
SHOWN = 50

STATES = {
    "running": State("info", "Running"),
    "done": State("good", "Done"),
    "failed": State("bad", "Failed"),
    "partly": State("attention", "Partly failed"),
    "held": State("attention", "Braked"),
    "busy": State("quiet", "Another worker had it"),
}


class RunView(NamedTuple):
    """One run."""

    id: str
    state: State
    source: str
    kind: str
    started_at: dt.datetime
    took: str
    requests: int | None


@dataclass(frozen=True, slots=True)
class RunContext:
    """What templates/ops/run.html shows."""

    run: RunView
    streams: Sequence[Any]


@router.get("/ops/runs")
async def runs(request: Request, _staff: Analyst, show: Literal["whole", "all"] = "whole") -> Response:
    """The latest runs; those that read a single record only when asked for, since they come in crowds."""
    rows = await overseeing(request, lambda c: c.execute(queries.RUNS[show], {"limit": SHOWN}).all())
    context = {"runs": [_view(request, row) for row in rows], "show": show}
    return render(request, "ops/runs.html", context, words=words_of(request))


@router.get("/ops/runs/{run_id}")
async def run(request: Request, _staff: Analyst, run_id: Id) -> Response:
    """One run."""
    row, streams = await overseeing(request, _one, run_id)
    if row is None:
        raise NotFound
    shown = [(state_of(stream.state), stream) for stream in streams]
    return render(request, "ops/run.html", {"page": RunContext(_view(request, row), shown)})


def _one(connection: Connection, run_id: str) -> tuple[Any, Sequence[Any]]:
    found = connection.execute(queries.RUN, {"id": run_id}).first()
    return found, connection.execute(queries.RUN_STREAMS, {"id": run_id}).all()


def state_of(word: str) -> State:
    """A run's state in words."""
    return STATES.get(word, State("info", plain(word)))


def _view(request: Request, row: Any) -> RunView:
    took = f"{(row.ended_at - row.started_at).total_seconds():.1f} s" if row.ended_at else ""
    title = portal_of(request).feeds.title(row.source)
    return RunView(row.id, state_of(row.state), title, plain(row.kind), row.started_at, took, row.requests)
