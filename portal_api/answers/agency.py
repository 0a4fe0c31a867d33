"""Agency: are we on track and on budget?"""

from __future__ import annotations

from typing import Any

from portal_api.answers.answer import ATTENTION, BAD, GOOD, INFO, Answer, Fact, Facts, Part, answer, upper_first
from portal_api.answers.work import (
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
from portal_api.project_states import project_state
from portal_api.wording import Words


def agency(facts: Facts, speak: Words) -> Answer:
    """On track or not, and how the money stands against the work done; then what waits for approval."""
    project = lead(facts)
    if project is None:
        return answer(
            [
                nothing_runs(facts, "No campaign yet. The first one appears here the moment it starts."),
                waiting(facts, speak),
            ]
        )
    open_steps = steps(project, facts)
    troubled = trouble(project, open_steps, speak, project.name)
    ahead = (what_next if troubled else next_step)(project, open_steps, speak)
    # Beside trouble, what waits is left to the list right below: what comes next is said instead.
    waits = waiting(facts, speak) if troubled is None else None
    following = Part(ahead, GOOD) if ahead and waits is None else None
    well = project_state(project, speak).label
    parts = [*_state(troubled, well, _money(project)), waits, following]
    proof = [*_proof(project, speak), others_fact(facts, project, speak, "campaign")]
    return answer(parts, proof)


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


def _state(troubled: Part | None, well: str, money: Part | None) -> list[Part]:
    if troubled is not None:
        # The card below has the money; only what is over the budget is news beside other trouble.
        return [troubled, *([Part(f"{upper_first(money.text)}.", BAD)] if money and money.tone == BAD else [])]
    if money is None:
        return [Part(f"{well}.", GOOD)]
    joint = " and" if money.tone == GOOD else ", but"
    return [Part(f"{well}{joint} {money.text}.", money.tone)]


def _money(project: Any) -> Part | None:
    """Over is said of money that exceeds the budget; money that runs ahead of the work is told with both shares."""
    over = over_budget(project)
    if over is None:
        return None
    if project.spent_minor > project.budget_minor:
        return Part(f"{over} % over budget", BAD)
    if over > 0:
        spent = round(100 * int(project.spent_minor) / int(project.budget_minor))
        return Part(f"{spent} % of the budget is spent for {project.percent_complete} % of the work", ATTENTION)
    return Part(f"{-over} % under budget" if over else "on budget", GOOD)


def _proof(project: Any, speak: Words) -> list[Fact | None]:
    where = progress(project)
    spent = None
    if project.budget_minor and project.spent_minor is not None:
        over = project.spent_minor > project.budget_minor
        budget = speak.money(project.budget_minor, project.currency)
        spent = Fact(BAD if over else INFO, speak.money(project.spent_minor, project.currency), f"spent of {budget}")
    late = project.due_on is not None and project.due_on < speak.today
    due = Fact(BAD if late else INFO, "Launch", speak.day(project.due_on)) if project.due_on else None
    return [Fact(INFO, upper_first(where)) if where else None, spent, due]
