"""Projects, matters, campaigns, buildings and implementations, with their phases' milestones."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.firm.people import STAFF
from sandbox.firm.roster import Client
from sandbox.firm.trades import TRADES, Trade
from sandbox.firm.writer import Writer

PHASE_DAYS = 36
SOON = 5
SERIOUS = 10
"""Days: what waits for the client is due soon, or overdue already where the project is seriously behind."""


@dataclass(frozen=True, slots=True)
class Course:
    """How a project goes. `phase`: the present one as a share of all; `slip`: days behind (+) or ahead (-) of plan.

    `waits`: milestones of the present phase wait for the client. `silent`: no next date is known.
    """

    status: str
    health: str
    phase: float
    slip: int
    spent: float
    waits: bool = False
    silent: bool = False


COURSES: dict[str, Course] = {
    "on track, waits": Course("Active", "at_risk", 0.5, 4, 0.58, waits=True),
    "on track": Course("Active", "on_track", 0.4, -2, 0.37),
    "late": Course("Active", "late", 0.6, 17, 0.81, waits=True),
    "standing": Course("On Hold", "at_risk", 0.5, 30, 1.12, waits=True, silent=True),
    "starting": Course("Planned", "on_track", 0.0, 0, 0.0),
    "done": Course("Completed", "on_track", 1.0, 0, 0.97, silent=True),
    "cancelled": Course("Cancelled", "on_track", 0.4, 0, 0.31, silent=True),
}
PLANS: dict[str, tuple[str, ...]] = {
    "demo": ("on track, waits", "on track", "done"),
    "normal": ("on track", "done"),
    "late": ("late", "starting"),
    "exception": ("standing", "on track", "cancelled"),
    "nothing": ("done", "done"),
    "first_visit": (),
}
SHORT_PLANS = {"demo": ("on track, waits",), "exception": ("standing",), "late": ("late",)}
"""Freight and software clients have few projects besides their shipments and plans."""


def add_projects(writer: Writer, rng: random.Random, client: Client, account: str) -> list[tuple[str, str]]:
    """A client's projects: (id, name)."""
    short = client.profile in {"logistics", "saas"}
    plan = SHORT_PLANS.get(client.situation, ()) if short else PLANS[client.situation]
    names: Sequence[str] = TRADES[client.profile].names
    names = names[: len(plan)] if client.rank == 0 else rng.sample(names, len(plan))
    return [
        add_project(writer, rng, client, account, name, COURSES[course])
        for name, course in zip(names, plan, strict=True)
    ]


def add_project(
    writer: Writer, rng: random.Random, client: Client, account: str, name: str, course: Course
) -> tuple[str, str]:
    """One project with its milestones."""
    trade = TRADES[client.profile]
    present = min(int(course.phase * len(trade.phases)), len(trade.phases) - 1)
    start = -PHASE_DAYS * present - rng.randrange(12, 24) - (200 if course.status == "Completed" else 0)
    if course.status == "Planned":
        start = 10
    reference = f"{trade.kind[0].upper()}-{writer.calendar.today.year}-{writer.number('project'):04d}"
    body = {"Name": name, "Account__c": account, "Reference__c": reference}
    body |= progress(writer, trade, course, present, start) | money(rng, client, trade, course)
    body |= events(writer, rng, client, trade, course, present)
    project = writer.salesforce(rng, "Project__c", min(start - 20, -5), body)
    add_milestones(writer, rng, project, trade, course, present, start)
    return project, name


def progress(writer: Writer, trade: Trade, course: Course, present: int, start: int) -> dict[str, Any]:
    """Where the project stands."""
    count, done = len(trade.phases), course.status == "Completed"
    percent = 100 if done else round(100 * (present + 0.4 * (course.phase > 0)) / count)
    return {
        "Kind__c": trade.kind,
        "Status__c": course.status,
        "Health__c": course.health,
        "Phase__c": trade.phases[present][0],
        "Phase_Number__c": float(present + 1),
        "Phase_Count__c": float(count),
        "Percent_Complete__c": float(percent),
        "Start_Date__c": writer.calendar.date(start),
        "Due_Date__c": writer.calendar.date(start + PHASE_DAYS * count + max(course.slip, 0)),
        "Summary__c": trade.summary,
    }


def money(rng: random.Random, client: Client, trade: Trade, course: Course) -> dict[str, Any]:
    """Budget and what is spent of it, whole hundreds; yen are a hundred times as many."""
    low, high = trade.budget
    budget = rng.randrange(low, high, 500) * (100 if client.currency == "JPY" else 1)
    return {
        "Budget__c": float(budget),
        "Budget_Spent__c": float(round(budget * course.spent, -2)),
        "CurrencyIsoCode": client.currency,
    }


def events(
    writer: Writer, rng: random.Random, client: Client, trade: Trade, course: Course, present: int
) -> dict[str, Any]:
    """What happened last and what comes next; a finished or standing project has no next date."""
    coming, started = not course.silent, course.phase > 0
    soon = writer.calendar.working(rng.randrange(4, 26))
    return {
        "Manager__c": STAFF[client.profile],
        "Last_Event__c": trade.last_events[present] if started else None,
        "Last_Event_Date__c": writer.calendar.date(-rng.randrange(2, 16)) if started else None,
        "Next_Event__c": rng.choice(trade.next_events) if coming else None,
        "Next_Event_At__c": writer.calendar.instant(soon, rng.randrange(8, 16)) if coming else None,
    }


def add_milestones(
    writer: Writer, rng: random.Random, project: str, trade: Trade, course: Course, present: int, start: int
) -> None:
    """The steps of every phase, in order."""
    sequence = 0
    for number, (phase, steps) in enumerate(trade.phases):
        for position, step in enumerate(steps):
            sequence += 1
            due = start + PHASE_DAYS * number + (position + 1) * PHASE_DAYS // len(steps)
            body = milestone(writer, step, course, number - present, due)
            body |= {
                "Project__c": project,
                "Sequence__c": float(sequence),
                "Description__c": f"{phase}: {body['Name']}.",
            }
            writer.salesforce(rng, "Milestone__c", min(start - 5, -3), body)


def milestone(writer: Writer, step: str, course: Course, ahead: int, due: int) -> dict[str, Any]:
    """One step; `ahead`: phases between the present one and its own."""
    name, _, action = step.partition("!")
    status = milestone_status(course, ahead, due, waits=bool(action))
    waiting = status == "Waiting for Client"
    day = due + (course.slip if status in {"Planned", "In Progress"} else 0)
    if waiting:
        day = SOON + due % 3 if course.slip < SERIOUS else SOON - course.slip // 2
    return {
        "Name": name,
        "Status__c": status,
        "Client_Action__c": action if waiting else None,
        "Due_Date__c": writer.calendar.date(writer.calendar.working(day)),
        "Completed_Date__c": writer.calendar.date(min(due, -1)) if status == "Done" else None,
    }


def milestone_status(course: Course, ahead: int, due: int, *, waits: bool) -> str:
    """Done behind the present phase, planned beyond it; within it by the course."""
    if course.status == "Completed" or ahead < 0:
        return "Done"
    if ahead > 0 or course.status in {"Planned", "Cancelled"}:
        return "Planned"
    if waits and course.waits:
        return "Waiting for Client"
    return "Done" if due < -1 else "In Progress"
