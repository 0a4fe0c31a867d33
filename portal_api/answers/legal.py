"""Legal: what is happening with my case?"""

from __future__ import annotations

from typing import Any

from portal_api.answers.answer import ATTENTION, GOOD, INFO, Answer, Fact, Facts, Part, answer, bare, upper_first
from portal_api.answers.work import CASE, due_fact, lead, nothing_runs, others_fact, steps, trouble, waiting
from portal_api.project_states import coming, stands
from portal_api.wording import Words

UNSET = "The next date is not set yet."


def legal(facts: Facts, speak: Words) -> Answer:
    """The next date, or the stage; what happened last; whether anything is needed from the client."""
    case = lead(facts)
    if case is None:
        return answer(
            [nothing_runs(facts, "No case yet. It appears here the moment it is opened."), waiting(facts, speak)]
        )
    troubled = _trouble(case, facts, speak)
    waits = waiting(facts, speak)
    # Beside trouble, what waits is left to the list right below.
    needed = (None if troubled else waits) if waits else Part("Nothing is needed from you.", GOOD)
    proof = [*_proof(case, speak), due_fact(case, speak) if troubled else None, others_fact(facts, case, speak, "case")]
    return answer([troubled, _next_date(case, speak), needed], proof)


def _trouble(case: Any, facts: Facts, speak: Words) -> Part | None:
    if stands(case, speak) == "on_hold":
        return Part("Your case is stayed.", ATTENTION)
    return trouble(case, steps(case, facts), speak, CASE)


def _next_date(case: Any, speak: Words) -> Part | None:
    if case.next_event_at and coming(case, speak):
        return Part(f"{upper_first(bare(case.next_event))} is set for {speak.moment(case.next_event_at)}.", GOOD)
    if case.phase and stands(case, speak) != "on_hold":
        return Part(f"Your case is in the stage {case.phase}; the next date is not set yet.", GOOD, short=UNSET)
    return Part(UNSET, GOOD)


def _proof(case: Any, speak: Words) -> list[Fact | None]:
    happened = f"{bare(case.last_event)}{', ' + speak.day(case.last_event_on) if case.last_event_on else ''}"
    return [
        Fact(INFO, "Stage", case.phase) if case.phase else None,
        Fact(INFO, "Last", happened) if case.last_event else None,
    ]
