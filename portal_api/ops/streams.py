"""One stream as ops see it: its state in words first, what to do about it, and what its last runs changed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from mappings.standing import UNCONFIGURED, UNMAPPED, Known, changed, unread
from portal_api.states import State
from portal_api.wording import Words
from store import lag

BAR_TALL = 20
SEVERITY = ("bad", "attention", "info", "good")

ERRORS: Mapping[str, State] = {
    "NeedsPerson": State("bad", "Needs a person"),
    "RetryLater": State("attention", "Tries again"),
    "HeldRun": State("attention", "Braked"),
}


CURRENT = State("good", "Current")
NOT_READ = State("info", "Not read yet")
LAGS: Mapping[str, State] = {
    lag.LATE: State("attention", "Late"),
    lag.BEHIND: State("attention", "Behind"),
    lag.DIFFERS: State("bad", "Differs"),
}
CHANGED = State("info", "Mapping changed, next sync reads all again")
REMAPPING = State("info", "Reading all again")
STANDINGS: Mapping[str, State] = {
    UNMAPPED: State("attention", "No mapping"),
    UNCONFIGURED: State("attention", "Not configured"),
}


class Bar(NamedTuple):
    """One of the last runs: a bar as tall as what it changed, never only a colour."""

    x: int
    y: int
    height: int
    tone: str


class StreamView(NamedTuple):
    """One stream."""

    name: str
    state: State
    sentence: str
    step: str
    high_water: dt.datetime | None
    checked_at: dt.datetime | None
    added: str
    updated: str
    unchanged: str
    removed: str
    left_out: int
    held: int
    bars: Sequence[Bar]
    said: str
    braked: bool


def view_of(
    row: Any, runs: Sequence[Any], held: int, left_out: int, late_after: dt.timedelta, words: Words, known: Known | None
) -> StreamView:
    """A row of stream_state with its last runs. `known`: what is configured and mapped now, where that is known."""
    last = runs[-1] if runs else None
    counts = ("added", "updated", "unchanged", "removed")
    added, updated, unchanged, removed = (words.number(getattr(last, name)) if last else "" for name in counts)
    failed = sum(run.state not in {"done", "partly"} for run in runs)
    state, sentence, step = _said(row, late_after, words.now, known)
    return StreamView(
        name=row.stream,
        state=state,
        sentence=sentence,
        step=step,
        high_water=row.high_water,
        checked_at=row.checked_at,
        added=added,
        updated=updated,
        unchanged=unchanged,
        removed=removed,
        left_out=left_out,
        held=held,
        bars=bars_of(runs),
        said=f"Last {len(runs)} runs, {failed} failed" if runs else "No runs yet",
        braked=state is ERRORS["HeldRun"],
    )


def _said(row: Any, late_after: dt.timedelta, now: dt.datetime, known: Known | None) -> tuple[State, str, str]:
    """A stream's state, what to say of it, and the next step."""
    if known is not None and (left := unread(known, row.source, row.stream)) is not None:
        return STANDINGS[left.word], left.sentence, left.step
    state = state_of(row)
    if state is CURRENT and (held_back := lag.lag_of(row, late_after, now)) is not None:
        return LAGS[held_back.word], held_back.sentence, held_back.step
    if known is not None and state in {CURRENT, REMAPPING} and changed(known, row):
        state = CHANGED
    return state, row.error or "", row.error_step or ""


def state_of(row: Any) -> State:
    """How a stream's last readings went."""
    if row.error_kind is not None:
        return ERRORS.get(row.error_kind, State("bad", "Failed"))
    if row.checked_at is None:
        return NOT_READ
    if row.loaded_at is not None and row.mapped != row.mapping:
        return REMAPPING
    return CURRENT


def bars_of(runs: Sequence[Any]) -> list[Bar]:
    """The last runs as bars, by what they changed; from zero, the tallest fills the height."""
    changed = [run.added + run.updated + run.removed for run in runs]
    most = max(changed, default=0)
    bars = []
    for i, (run, count) in enumerate(zip(runs, changed, strict=True)):
        failed = run.state not in {"done", "partly"}
        height = BAR_TALL if failed else max(2, round(BAR_TALL * count / most)) if most else 2
        bars.append(Bar(i * 6, BAR_TALL - height, height, "bad" if failed else "good" if count else "quiet"))
    return bars
