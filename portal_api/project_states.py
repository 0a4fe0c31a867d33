"""Projects and their steps in words: one order says how a project stands, for headline, badge, list and API alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from portal_api.states import Speech, State, days, key, on_day, plain

ENDED: Mapping[str, State] = {
    "completed": State("good", "Completed"),
    "done": State("good", "Completed"),
    "closed": State("quiet", "Closed"),
    "cancelled": State("quiet", "Cancelled"),
}
OVER = frozenset(ENDED)
"""Statuses of projects that have ended."""
STANDS: Mapping[str, State] = {
    "on_hold": State("attention", "On hold"),
    "step_late": State("bad", "A step is late"),
    "past_due": State("bad", "Late"),
    "late": State("bad", "Late"),
    "at_risk": State("attention", "At risk"),
    "planned": State("info", "Planned"),
    "on_track": State("good", "On track"),
    "in_work": State("info", "In work"),
}
"""How a project that has not ended may stand, in the order in which it is asked."""
USUAL = frozenset({"", "active", "in_work", "in_progress", "open", "working"})
"""Statuses that say no more than that work goes on; another is a firm's own word, and told as it is."""


def stands(row: Any, speak: Speech) -> str:
    """How a project that has not ended stands, a word of STANDS (`step_due` is the first day of our open steps).

    Trouble comes first; `on_track` is said where the source says so, or where a day is still ahead of a step of ours.
    `queries.projects.rank` sorts by the same.
    """
    status, health, today = key(row.status), key(row.health), speak.today
    if status == "on_hold":
        return status
    if row.step_due is not None and row.step_due < today:
        return "step_late"
    if row.due_on is not None and row.due_on < today:
        return "past_due"
    if health in {"late", "at_risk"}:
        return health
    if status == "planned":
        return status
    return "on_track" if health == "on_track" or (row.step_due is not None and status in USUAL) else "in_work"


def project_state(row: Any, speak: Speech) -> State:
    """A project's state: how it ended, else how it stands."""
    status = key(row.status)
    if status in ENDED:
        return ENDED[status]
    how = stands(row, speak)
    if how == "past_due":
        return STANDS[how]._replace(label=f"{days((speak.today - row.due_on).days)} late")
    if how == "step_late" and key(row.health) == "late":
        return STANDS["late"]
    if how == "in_work" and status not in USUAL:
        return STANDS[how]._replace(label=plain(row.status))
    return STANDS[how]


def is_troubled(row: Any, speak: Speech) -> bool:
    """Whether somebody should know of a project that has not ended."""
    return STANDS[stands(row, speak)].tone in {"bad", "attention"}


def coming(row: Any, speak: Speech) -> bool:
    """Whether a project's next event is still ahead; one without a date may be. The past is no next event."""
    return bool(row.next_event) and (row.next_event_at is None or row.next_event_at >= speak.now)


WAITING_VERBS: Mapping[str, str] = {"approve": "Approve", "upload": "Upload", "answer": "Answer"}


def is_done(step: Any) -> bool:
    """Whether a step of a project is done: its source says so, or when."""
    return step.completed_on is not None or key(step.status) == "done"


def is_ours(step: Any) -> bool:
    """Whether a step is open, and waits for nobody but us; `queries.projects.step_due` is their first day."""
    return not step.client_action and not is_done(step)


def waits(step: Any) -> bool:
    """Whether a step waits for the client; `queries.projects.waits` is the same in SQL."""
    return bool(step.client_action) and not is_done(step)


def milestone_state(row: Any, speak: Speech) -> State:
    """A step's state, and the dot on its line: done, now, late, next."""
    if is_done(row):
        return State("done", "Done", f"Done {on_day(row.completed_on, speak)}" if row.completed_on else "Done")
    late = row.due_on is not None and row.due_on < speak.today
    when = f", {'was ' if late else ''}due {speak.day(row.due_on)}" if row.due_on else ""
    if row.client_action:
        verb = WAITING_VERBS.get(key(row.client_action), plain(row.client_action))
        return State("late" if late else "now", f"{verb}: waits for you", f"Waits for you{when}")
    if late:
        behind = days((speak.today - row.due_on).days)
        return State("late", f"{behind} late", f"{behind} late{when}")
    if key(row.status) == "in_progress":
        return State("now", "In work", f"In work{when}")
    return State("next", "Planned", f"Planned{when}")
