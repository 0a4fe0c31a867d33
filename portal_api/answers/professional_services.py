"""Professional services: how far is the work, and what comes next?"""

from __future__ import annotations

from portal_api.answers.answer import GOOD, INFO, Answer, Fact, Facts, Part, answer, upper_first
from portal_api.answers.work import (
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
from portal_api.project_states import project_state
from portal_api.wording import Words


def professional_services(facts: Facts, speak: Words) -> Answer:
    """Trouble first, then what waits for the client, then phase and percent with the next milestone."""
    project = lead(facts)
    if project is None:
        return answer(
            [
                nothing_runs(facts, "No projects yet. The first one appears here the moment it is set up."),
                waiting(facts, speak),
            ]
        )
    open_steps = steps(project, facts)
    troubled = trouble(project, open_steps, speak, project.name)
    # Beside trouble, what waits is left to the list right below: what comes next is said instead.
    waits = waiting(facts, speak) if troubled is None else None
    where = upper_first(progress(project)) or f"In work: {project.name}"
    state = project_state(project, speak)
    well = Fact(INFO, where) if troubled else Fact(state.tone, state.label)
    proof = [well, due_fact(project, speak), others_fact(facts, project, speak)]
    if troubled:
        return answer([troubled, Part(what_next(project, open_steps, speak), GOOD)], proof)
    ahead = "" if waits else next_step(project, open_steps, speak)
    return answer([Part(f"{where}. {ahead}".strip(), GOOD), waits], proof)
