"""Agency: are we on track and on budget?"""

from __future__ import annotations

from typing import Any

from portal_api.answers.answer import ATTENTION, BAD, GOOD, INFO, Answer, Fact, Facts, Part, answer, upper_first
from portal_api.answers.work import lead, next_step, nothing_runs, others, progress, steps, trouble, waiting
from portal_api.wording import Words


def agency(facts: Facts, speak: Words) -> Answer:
    """On track or not, and how the money stands against the work done; then what waits for approval."""
    project = lead(facts)
    if project is None:
        return answer([nothing_runs(facts, "No campaign yet. The first one appears here the moment it starts.")])
    open_steps = steps(project, facts)
    troubled = trouble(project, open_steps, speak, project.name)
    ahead = next_step(project, open_steps, speak)
    waits = waiting(facts, speak)
    following = Part(ahead, GOOD) if ahead and waits is None else None
    parts = [*_state(troubled, over_budget(project)), waits, following]
    return answer([*parts, others(facts, project, speak, "campaign")], _proof(project, speak))


def over_budget(project: Any) -> int | None:
    """How many percent of the budget are spent beyond the work done (negative: less); None when it cannot be said.

    A budget that is used up is over by what exceeds it, however much work is done.
    """
    if not project.budget_minor or project.spent_minor is None:
        return None
    if project.spent_minor > project.budget_minor:
        return max(1, round(100 * int(project.spent_minor - project.budget_minor) / int(project.budget_minor)))
    if project.percent_complete is None:
        return None
    return round(100 * int(project.spent_minor) / int(project.budget_minor) - int(project.percent_complete))


def _state(troubled: Part | None, over: int | None) -> list[Part]:
    money = _money(over)
    if troubled is None:
        tone = BAD if over is not None and over > 0 else GOOD
        joint = "but" if tone == BAD else "and"
        return [Part(f"On track {joint} {money}." if money else "On track.", tone)]
    return [troubled, *([Part(f"{upper_first(money)}.", BAD if over and over > 0 else GOOD)] if money else [])]


def _money(over: int | None) -> str:
    if over is None:
        return ""
    if over == 0:
        return "on budget"
    return f"{abs(over)} % {'over' if over > 0 else 'under'} budget"


def _proof(project: Any, speak: Words) -> list[Fact | None]:
    where = progress(project)
    spent = None
    if project.budget_minor and project.spent_minor is not None:
        over = project.spent_minor > project.budget_minor
        budget = speak.money(project.budget_minor, project.currency)
        spent = Fact(BAD if over else INFO, speak.money(project.spent_minor, project.currency), f"spent of {budget}")
    late = project.due_on is not None and project.due_on < speak.today
    due = Fact(ATTENTION if late else INFO, "Launch", speak.day(project.due_on)) if project.due_on else None
    return [Fact(INFO, upper_first(where)) if where else None, spent, due]
