"""What the answers about projects share: the project that counts, its next step, what waits, what is late."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from portal_api.answers.answer import (
    ATTENTION,
    BAD,
    GOOD,
    INFO,
    QUIET,
    TOLD,
    Fact,
    Facts,
    Part,
    bare,
    counted,
    lower_first,
)
from portal_api.project_states import OVER, coming, is_done, is_ours, is_troubled, stands
from portal_api.states import SOON_DAYS, days, key
from portal_api.wording import Words

FAR = dt.date.max
SITE, CASE = "The site", "Your case"
"""What is said instead of a project's name."""


def lead(facts: Facts) -> Any | None:
    """The project the answer speaks of: the first that is still running."""
    return next((row for row in facts.projects if key(row.status) not in OVER), None)


def steps(project: Any, facts: Facts) -> list[Any]:
    """A project's milestones that are not done, in their order."""
    return undone([row for row in facts.milestones if row.project_id == project.id])


def undone(rows: Sequence[Any]) -> list[Any]:
    """Those of a project's milestones that are not done."""
    return [row for row in rows if not is_done(row)]


def done_steps(project: Any, facts: Facts) -> list[Any]:
    """A project's milestones that are done, the last one last."""
    mine = [row for row in facts.milestones if row.project_id == project.id and row.completed_on is not None]
    return sorted(mine, key=lambda row: row.completed_on)


def late_step(open_steps: Sequence[Any], speak: Words) -> Any | None:
    """The step of ours that is furthest behind its day; what waits for the client is not ours."""
    late = [row for row in open_steps if is_ours(row) and row.due_on and row.due_on < speak.today]
    return min(late, key=lambda row: row.due_on) if late else None


def nothing_runs(facts: Facts, first: str) -> Part:
    """Nothing to report: `first` says when that changes; a finished project is named."""
    if not facts.projects:
        return Part(first, QUIET)
    last = facts.projects[0]
    state = "is cancelled" if key(last.status) == "cancelled" else "is completed"
    return Part(f"Nothing is in work just now. The last one, {last.name}, {state}.", QUIET)


def trouble(project: Any, open_steps: Sequence[Any], speak: Words, name: str) -> Part | None:
    """What is wrong with the project; None when nothing is. Right for any name, `Festival posters` too; what has a
    noun instead (`Your case`) gets a whole sentence.
    """
    how = stands(project, speak)
    if how == "step_late":
        step = late_step(open_steps, speak)
        late = f"{days((speak.today - project.step_due).days)} late with {bare(step.name) if step else 'a step'}."
        # The list below begins with this project.
        return Part(f"{name}: we are {late}", BAD, short=f"We are {late}")
    if how == "past_due":
        return Part(f"{name}: we are {days((speak.today - project.due_on).days)} late.", BAD)
    if how not in TROUBLES:
        return None
    tone, noun, otherwise = TROUBLES[how]
    return Part(f"{name} is {noun}." if name in {SITE, CASE} else f"{name}: {otherwise}.", tone)


TROUBLES: Mapping[str, tuple[str, str, str]] = {
    "on_hold": (ATTENTION, "on hold", "work is on hold"),
    "late": (BAD, "behind schedule", "we are behind schedule"),
    "at_risk": (ATTENTION, "at risk of delay", "at risk of delay"),
}
"""Its tone, and how it is said after a noun and after a name."""


def what_next(project: Any, open_steps: Sequence[Any], speak: Words) -> str:
    """After bad news: the next step and its day, else the day by which all is due; never nothing."""
    if project.due_on is None or project.due_on < speak.today:
        return next_step(project, open_steps, speak) or "There is no new date yet."
    return next_step(project, open_steps, speak) or f"The due day is {speak.day(project.due_on)}."


def phase(project: Any) -> str:
    """`phase 3 of 5`, else the phase's name; empty when neither is known."""
    if project.phase_number and project.phase_count:
        return f"phase {project.phase_number} of {project.phase_count}"
    return project.phase or ""


def progress(project: Any) -> str:
    """`phase 3 of 5, 62 % done`, as much of it as is known; empty when nothing is."""
    done = f"{project.percent_complete} % done" if project.percent_complete is not None else ""
    return ", ".join(filter(None, (phase(project), done)))


def next_step(project: Any, open_steps: Sequence[Any], speak: Words) -> str:
    """`Next: data migration sign-off, in 6 days.`; empty when nothing is planned. The past is no next step."""
    ahead = [row for row in open_steps if row.due_on is None or row.due_on >= speak.today]
    if ahead:
        step = min(ahead, key=lambda row: (row.due_on or FAR, row.position or 0))
        return f"Next: {lower_first(bare(step.name))}{', ' + speak.until(step.due_on) if step.due_on else ''}."
    if project.next_event_at and coming(project, speak):
        return f"Next: {lower_first(bare(project.next_event))}, {speak.moment(project.next_event_at)}."
    return ""


NEEDED = {"approve": "your approval", "upload": "your upload", "answer": "your answer"}


def waiting(facts: Facts, speak: Words) -> Part | None:
    """What waits for the client: one thing by its name, several by their number; the list under the answer has them."""
    owed = owing(facts.totals, facts.unused)
    if not facts.waiting:
        return _asked(facts) or _owed(owed)
    first, count = facts.waiting[0], facts.waiting_count + facts.asked_count
    need = NEEDED.get(key(first.client_action), "your part")
    pressing = first.due_on is None or (first.due_on - speak.today).days <= SOON_DAYS
    when = _due(first, speak) if pressing else ""
    tone = ATTENTION if pressing else INFO
    if count > 1:
        return Part(_things(count + len(owed)), tone, short=TOLD)
    short = f"{_things(1)[:-1]}, {when}." if when and not owed else _things(1 + len(owed))
    return Part(f"{bare(first.name)}: {need} is {when or 'needed'}.", tone, short)


def _things(count: int) -> str:
    return f"{counted(count, 'thing waits', 'things wait')} for you."


def in_number(facts: Facts) -> int:
    """How many things wait for the client where the answer is about something else."""
    return facts.waiting_count + facts.asked_count + len(owing(facts.totals, facts.unused))


def in_short(facts: Facts, speak: Words) -> Part | None:
    """What waits for the client where the answer is about something else: how much, and how late the one thing is."""
    count = in_number(facts)
    if not count:
        return None
    owed = owing(facts.totals, facts.unused)
    if len(owed) == count:
        return _owed(owed)
    late = [row for row in facts.waiting if row.due_on is not None and row.due_on < speak.today]
    overdue = f", {_due(late[0], speak)}" if late and count == 1 else ""
    return Part(f"{_things(count)[:-1]}{overdue}.", ATTENTION, short=_things(count))


def _asked(facts: Facts) -> Part | None:
    count = facts.asked_count
    said = f"{count} requests wait for your answer." if count > 1 else "1 request waits for your answer."
    asked = [row for row in facts.requests if key(row.status) == "waiting_for_client"]
    if count != 1 or not asked:
        return Part(said, ATTENTION) if count else None
    name = f"\u201c{bare(asked[0].subject)}\u201d" if asked[0].subject else f"Request {asked[0].number}"
    return Part(f"{name} waits for your answer.", ATTENTION, short=said)


def owing(totals: Sequence[Any], unused: Sequence[Any]) -> list[Any]:
    """The totals in whose currency something is overdue. Nobody is asked for what a payment that the books have not
    set against an invoice yet, or a credit, already covers.
    """
    spare = {row.currency: row.minor for row in unused}
    return [row for row in totals if row.overdue_minor > max(0, spare.get(row.currency, 0))]


def _owed(owed: Sequence[Any]) -> Part | None:
    """What is overdue, where nothing else waits; the list below has the amount."""
    count = sum(row.overdue_count for row in owed)
    return Part(f"{counted(count, 'invoice is', 'invoices are')} overdue.", ATTENTION) if owed else None


def _due(row: Any, speak: Words) -> str:
    if row.due_on is None:
        return ""
    if row.due_on < speak.today:
        return f"{days((speak.today - row.due_on).days)} overdue"
    return f"due {speak.until(row.due_on)}"


def others_fact(facts: Facts, project: Any, speak: Words, noun: str = "project") -> Fact | None:
    """How all other running projects are: proof, and no news, as the first is the one in the worst state."""
    rest = facts.work.running - 1
    if rest < 1:
        return None
    bad = facts.work.troubled - is_troubled(project, speak)
    if bad:
        return Fact(ATTENTION, counted(bad, f"other {noun}", f"other {noun}s"), "not on track")
    well = facts.work.on_track - (stands(project, speak) == "on_track")
    tone, words = (GOOD, "on track") if well == rest else (INFO, "in work")
    return Fact(tone, counted(rest, f"other {noun}", f"other {noun}s"), words)


def due_fact(project: Any, speak: Words) -> Fact | None:
    """The day by which all is done."""
    if project.due_on is None:
        return None
    tone = BAD if project.due_on < speak.today else "info"
    # A far day's distance is its date again: say it once.
    words = dict.fromkeys((speak.day(project.due_on), speak.until(project.due_on)))
    return Fact(tone, "Deadline", ", ".join(words))
