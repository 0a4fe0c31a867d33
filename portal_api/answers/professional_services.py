"""Professional services: how far is the work, and what comes next?"""

from __future__ import annotations

from portal_api.answers.answer import GOOD, Answer, Facts, Part, answer, upper_first
from portal_api.answers.work import (
    due_fact,
    health_fact,
    lead,
    next_step,
    nothing_runs,
    others,
    progress,
    steps,
    trouble,
    waiting,
)
from portal_api.wording import Words


def professional_services(facts: Facts, speak: Words) -> Answer:
    """Trouble first, then what waits for the client, then phase and percent with the next milestone."""
    project = lead(facts)
    if project is None:
        return answer([nothing_runs(facts, "No projects yet. The first one appears here the moment it is set up.")])
    open_steps = steps(project, facts)
    troubled = trouble(project, open_steps, speak, project.name)
    where = upper_first(progress(project)) or f"{project.name} is in work"
    now = Part(f"{where}. {next_step(project, open_steps, speak)}".strip(), GOOD)
    proof = [health_fact(troubled), due_fact(project, speak)]
    return answer([troubled, now, waiting(facts, speak), others(facts, project, speak)], proof)
