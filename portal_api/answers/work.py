"""What the answers about projects share: the project that counts, its next step, what waits, what is late."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from portal_api.answers.answer import ATTENTION, BAD, GOOD, INFO, QUIET, Fact, Facts, Part, bare, counted, lower_first
from portal_api.states import SOON_DAYS, WAITING_VERBS, days, key
from portal_api.wording import Words

OVER = frozenset({"completed", "done", "closed", "cancelled"})
FAR = dt.date.max


def lead(facts: Facts) -> Any | None:
    """The project the answer speaks of: the first that is still running."""
    return next((row for row in facts.projects if key(row.status) not in OVER), None)


def steps(project: Any, facts: Facts) -> list[Any]:
    """A project's milestones that are not done, in their order."""
    mine = [row for row in facts.milestones if row.project_id == project.id]
    return [row for row in mine if row.completed_on is None and key(row.status) != "done"]


def done_steps(project: Any, facts: Facts) -> list[Any]:
    """A project's milestones that are done, the last one last."""
    mine = [row for row in facts.milestones if row.project_id == project.id and row.completed_on is not None]
    return sorted(mine, key=lambda row: row.completed_on)


def late_step(open_steps: Sequence[Any], speak: Words) -> Any | None:
    """The step of ours that is furthest behind its day; what waits for the client is not ours."""
    late = [row for row in open_steps if not row.client_action and row.due_on and row.due_on < speak.today]
    return min(late, key=lambda row: row.due_on) if late else None


def nothing_runs(facts: Facts, first: str) -> Part:
    """Nothing to report: `first` says when that changes; a finished project is named."""
    if not facts.projects:
        return Part(first, QUIET)
    last = facts.projects[0]
    state = "is cancelled" if key(last.status) == "cancelled" else "is completed"
    return Part(f"{last.name} {state}. Nothing else is in work just now.", QUIET)


def trouble(project: Any, open_steps: Sequence[Any], speak: Words, name: str) -> Part | None:
    """What is wrong with the project, with its next date; None when nothing is."""
    step = late_step(open_steps, speak)
    if step is not None:
        return Part(f"{name} is behind: {step.name} is {days((speak.today - step.due_on).days)} late.", BAD)
    if key(project.status) == "on_hold":
        return Part(f"{name} is on hold.", ATTENTION)
    health = key(project.health)
    if health == "late" or (project.due_on is not None and project.due_on < speak.today):
        due = f"; it was due {speak.day(project.due_on)}" if project.due_on and project.due_on < speak.today else ""
        return Part(f"{name} is late{due}.", BAD)
    return Part(f"{name} is at risk.", ATTENTION) if health == "at_risk" else None


def progress(project: Any) -> str:
    """`Phase 3 of 5, 62 % done`, as much of it as is known; empty when nothing is."""
    said = []
    if project.phase_number and project.phase_count:
        said.append(f"phase {project.phase_number} of {project.phase_count}")
    elif project.phase:
        said.append(project.phase)
    if project.percent_complete is not None:
        said.append(f"{project.percent_complete} % done")
    return ", ".join(said)


def next_step(project: Any, open_steps: Sequence[Any], speak: Words) -> str:
    """`Next: data migration sign-off, in 6 days.`; empty when nothing is planned. The past is no next step."""
    ahead = [row for row in open_steps if row.due_on is None or row.due_on >= speak.today]
    if ahead:
        step = min(ahead, key=lambda row: (row.due_on or FAR, row.position or 0))
        return f"Next: {lower_first(bare(step.name))}{', ' + speak.until(step.due_on) if step.due_on else ''}."
    if project.next_event and project.next_event_at and project.next_event_at >= speak.now:
        return f"Next: {lower_first(bare(project.next_event))}, {speak.moment(project.next_event_at)}."
    return ""


def waiting(facts: Facts, speak: Words, nouns: str = "steps") -> Part | None:
    """What waits for the client, over all projects; overdue is said."""
    rows = [row for row in facts.milestones if row.client_action and row.completed_on is None]
    rows = [row for row in rows if key(row.status) != "done"]
    if not rows:
        return None
    first = min(rows, key=lambda row: (row.due_on or FAR, row.position or 0))
    late = first.due_on is not None and first.due_on < speak.today
    due = "" if first.due_on is None else f", due {speak.until(first.due_on)}" if not late else _overdue(first, speak)
    if len(rows) == 1:
        verb = {"approve": "your approval", "upload": "your upload", "answer": "your answer"}
        text = f"{first.name} waits for {verb.get(key(first.client_action), 'you')}{due}."
    else:
        action = WAITING_VERBS.get(key(first.client_action), "Look at")
        text = f"{len(rows)} {nouns} wait for you, first: {lower_first(action)} {lower_first(first.name)}{due}."
    pressing = first.due_on is None or (first.due_on - speak.today).days <= SOON_DAYS
    return Part(text, ATTENTION if pressing else INFO)


def _overdue(row: Any, speak: Words) -> str:
    return f", {days((speak.today - row.due_on).days)} overdue"


def others(facts: Facts, project: Any, speak: Words, noun: str = "project") -> Part | None:
    """The other running projects in one sentence: those in trouble by name, the rest by number."""
    rest = [row for row in facts.projects if row.id != project.id and key(row.status) not in OVER]
    if not rest:
        return None
    bad = [row for row in rest if trouble(row, steps(row, facts), speak, row.name)]
    if bad:
        more = f" and {len(bad) - 1} more" if len(bad) > 1 else ""
        return Part(f"{bad[0].name}{more} {'is' if len(bad) == 1 else 'are'} not on track either.", ATTENTION)
    return Part(f"{counted(len(rest), f'other {noun} is', f'other {noun}s are')} on track.", GOOD)


def health_fact(troubled: Part | None) -> Fact:
    """The first line of proof."""
    return Fact(GOOD, "On track") if troubled is None else Fact(troubled.tone, "Not on track")


def due_fact(project: Any, speak: Words) -> Fact | None:
    """The day by which all is done."""
    if project.due_on is None:
        return None
    tone = BAD if project.due_on < speak.today else "info"
    # A far day's distance is its date again: say it once.
    words = dict.fromkeys((speak.day(project.due_on), speak.until(project.due_on)))
    return Fact(tone, "Deadline", ", ".join(words))
