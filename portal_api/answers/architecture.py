"""Architecture: is the site on schedule, and what waits for me?"""

from __future__ import annotations

from typing import Any

from portal_api.answers.answer import GOOD, INFO, Answer, Fact, Facts, Part, answer, bare, upper_first
from portal_api.answers.work import (
    SITE,
    done_steps,
    due_fact,
    lead,
    next_step,
    nothing_runs,
    others_fact,
    progress,
    steps,
    trouble,
    waiting,
    what_next,
)
from portal_api.project_states import coming, stands
from portal_api.states import days
from portal_api.wording import Words


def architecture(facts: Facts, speak: Words) -> Answer:
    """Behind first; else ahead, on schedule by the last milestone that was reached; the next review; what waits."""
    project = lead(facts)
    if project is None:
        return answer(
            [nothing_runs(facts, "No building yet. It appears here the moment it is set up."), waiting(facts, speak)]
        )
    open_steps = steps(project, facts)
    troubled = trouble(project, open_steps, speak, SITE)
    schedule = None if troubled else Part(_schedule(project, facts, speak), GOOD)
    # Beside trouble, what waits is left to the list right below.
    waits = None if troubled else waiting(facts, speak)
    # A step that waits for the client is not told again as the next one.
    review = _review(project, [] if waits else open_steps, speak)
    if troubled and review is None:
        review = Part(what_next(project, open_steps, speak), GOOD)
    parts = [troubled, schedule, review, waits]
    where = progress(project)
    whole = Fact(INFO, upper_first(where)) if where else None
    proof = [whole, due_fact(project, speak), others_fact(facts, project, speak)]
    return answer(parts, proof)


SCHEDULE = {"on_track": "The site is on schedule.", "planned": "The site is planned."}


def _schedule(project: Any, facts: Facts, speak: Words) -> str:
    reached = [row for row in done_steps(project, facts) if row.due_on is not None]
    ahead = (reached[-1].due_on - reached[-1].completed_on).days if reached else 0
    if ahead > 0:
        return f"The site is {days(ahead)} ahead."
    return SCHEDULE.get(stands(project, speak), "The site is in work.")


def _review(project: Any, open_steps: list[Any], speak: Words) -> Part | None:
    if project.next_event_at and coming(project, speak):
        return Part(f"{upper_first(bare(project.next_event))} {speak.moment(project.next_event_at)}.", GOOD)
    step = next_step(project, open_steps, speak)
    return Part(step, GOOD) if step else None
