"""One stream as ops see it: its state in words first, what to do about it, and what its last runs changed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from mappings.standing import UNCONFIGURED, UNMAPPED, Known, changed, unread
from portal_api.feeds import LATE_AFTER_INTERVALS
from portal_api.states import State
from portal_api.wording import Words

BAR_TALL = 20
SEVERITY = ("bad", "attention", "info", "good")

ERRORS: Mapping[str, State] = {
    "NeedsPerson": State("bad", "Needs a person"),
    "RetryLater": State("attention", "Tries again"),
    "HeldRun": State("attention", "Braked"),
}


CURRENT, LATE, BEHIND = State("good", "Current"), State("attention", "Late"), State("attention", "Behind")
DIFFERS = State("bad", "Differs")
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
    row: Any, runs: Sequence[Any], held: int, left_out: int, every: int, words: Words, known: Known | None
) -> StreamView:
    """A row of stream_state with its last runs. `known`: what is configured and mapped now, where that is known."""
    last = runs[-1] if runs else None
    counts = ("added", "updated", "unchanged", "removed")
    added, updated, unchanged, removed = (words.number(getattr(last, name)) if last else "" for name in counts)
    failed = sum(run.state not in {"done", "partly"} for run in runs)
    state, sentence, step = _said(row, every, words.now, known)
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


def _said(row: Any, every: int, now: dt.datetime, known: Known | None) -> tuple[State, str, str]:
    """A stream's state, what to say of it, and the next step."""
    if known is not None and (left := unread(known, row.source, row.stream)) is not None:
        return STANDINGS[left.word], left.sentence, left.step
    state = state_of(row, every, now)
    if known is not None and state in {CURRENT, REMAPPING} and changed(known, row):
        state = CHANGED
    if state is CURRENT and differs(row):
        return DIFFERS, *differs_by(row)
    if state is LATE:
        return state, *late_of(now - row.checked_at)
    if state is BEHIND:
        return state, *behind_of(now - row.high_water)
    return state, row.error or "", row.error_step or ""


def differs(row: Any) -> bool:
    """Whether the last certificate found something, and nobody has read all of the stream again since."""
    return bool(row.apart) and (row.swept_at is None or row.swept_at < row.compared_at)


def differs_by(row: Any) -> tuple[str, str]:
    """What to say of a stream whose copy was found to differ from its source, and what to do."""
    one, more = "1 record is not as the source has it.", f"{row.apart:,} records are not as the source has them."
    step = f"`/ops/compared` names what differs; `frontdesk sync {row.source} --full` mends it."
    return one if row.apart == 1 else more, step


UNITS = ((24 * 60, "days"), (60, "hours"), (1, "minutes"))
"""In minutes."""


def state_of(row: Any, every_seconds: int, now: dt.datetime) -> State:
    """A stream's state in words."""
    if row.error_kind is not None:
        return ERRORS.get(row.error_kind, State("bad", "Failed"))
    if row.checked_at is None:
        return State("info", "Not read yet")
    if row.loaded_at is not None and row.mapped != row.mapping:
        return REMAPPING
    limit = dt.timedelta(seconds=LATE_AFTER_INTERVALS * every_seconds)
    if now - row.checked_at > limit:
        return LATE
    # Clients are told by this one that a source is silent; ops must not read meanwhile that all is well.
    return BEHIND if row.high_water is not None and now - row.high_water > limit else CURRENT


def late_of(unread_for: dt.timedelta) -> tuple[str, str]:
    """What to say of a stream that nobody has read for long, though nothing failed, and what to do."""
    span = _span(unread_for)
    sentence = f"It was not read for {span}." if span else "It was not read in time."
    return sentence, "See that `frontdesk worker` and its Prefect server run."


def behind_of(age: dt.timedelta) -> tuple[str, str]:
    """What to say of a stream that is read in time, but whose source vouches only for what is long past."""
    span = _span(age)
    sentence = f"It is read in time, but by its source's clock it ends {f'{span} ago' if span else 'too early'}."
    return sentence, "See that this machine's clock is right, and ask the source's status page whether it lags."


def _span(time: dt.timedelta) -> str:
    """`2 hours`; from two of a unit on, so that its plural is right. Empty below two minutes."""
    minutes = int(time.total_seconds() // 60)
    return next((f"{minutes // of} {unit}" for of, unit in UNITS if minutes >= 2 * of), "")


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
