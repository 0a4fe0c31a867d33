"""Software: is somebody on my request, and how much of my plan is used?"""

from __future__ import annotations

import datetime as dt
from typing import Any

from portal_api.answers.answer import (
    ATTENTION,
    BAD,
    GOOD,
    INFO,
    QUIET,
    Answer,
    Fact,
    Facts,
    Part,
    answer,
    counted,
    soon,
)
from portal_api.answers.work import in_short, owing
from portal_api.states import key
from portal_api.wording import Words

IN_WORK = frozenset({"in_work", "working", "in_progress"})
NEARLY_FULL, FULL = 90, 100
SHORT = 40
"""Characters of a request's subject that the first sentence has room for."""
OVER = frozenset({"cancelled", "expired"})


def saas(facts: Facts, speak: Words) -> Answer:
    """A late answer first, then what waits for the client, how many are in work, and how full the plan is."""
    plan = next((row for row in facts.plans if key(row.status) not in OVER), None)
    used = _used(plan)
    unpaid = _unpaid(plan, facts, speak)
    told = (_late(facts, speak, brief=unpaid is not None), unpaid, used)
    bad = [part for part in told if part and part.tone == BAD]
    if bad:
        # What waits, what is in work and how much is used stand right below.
        return answer(bad, _proof(plan, speak, used))
    return answer([in_short(facts, speak), _in_work(facts, speak), used], _proof(plan, speak))


def used_percent(plan: Any) -> int | None:
    """How much of the plan is used; None where it has no limit."""
    if plan is None or not plan.usage_limit or plan.usage_current is None:
        return None
    return int(100 * plan.usage_current / plan.usage_limit)


def renewal(plan: Any, speak: Words) -> dt.date | None:
    """The day it renews; None when that day is over, or the plan is."""
    ahead = plan.renews_on is not None and plan.renews_on >= speak.today and key(plan.status) not in OVER
    return plan.renews_on if ahead else None


def _ours(row: Any) -> bool:
    return key(row.status) != "waiting_for_client"


def _late(facts: Facts, speak: Words, *, brief: bool) -> Part | None:
    """`brief`: what follows needs the room, so that in short a number has to do for the subject."""
    late = [row for row in facts.requests if _ours(row) and row.answer_by and row.answer_by < speak.now]
    if not late:
        return None
    first = min(late, key=lambda row: row.answer_by)
    number = f"request {first.number}" if first.number else "your oldest request"
    name = _called(first) or number
    text = f"Our answer to {name} is late; promised by {soon(first.answer_by, speak)}."
    more = facts.late_count - 1
    short = f"Our answer to {number if brief else name} is late"
    if not more:
        return Part(text, BAD, f"{short}.")
    return Part(f"{text} {more} more {'is' if more == 1 else 'are'} late too.", BAD, f"{short}, and {more} more.")


def _called(row: Any) -> str:
    """A request by what was asked: nobody knows its number by heart. Empty where that is too long for a headline."""
    return f"“{row.subject}”" if row.subject and len(row.subject) <= SHORT else ""


def _unpaid(plan: Any, facts: Facts, speak: Words) -> Part | None:
    if plan is None or key(plan.status) != "past_due":
        return None
    sums = [speak.money(row.overdue_minor, row.currency) for row in owing(facts.totals, facts.unused)]
    if not sums:
        return Part("Your plan is past due, yet no invoice is: write to us.", BAD)
    return Part(f"Your plan is past due: {' and '.join(sums)} {'is' if len(sums) == 1 else 'are'} overdue.", BAD)


def _in_work(facts: Facts, speak: Words) -> Part | None:
    if not facts.requests:
        return Part("You have no open requests.", GOOD)
    ours = [row for row in facts.requests if _ours(row)]
    # Requests beyond those that the page reads are counted, not looked at: nothing is claimed of them.
    if facts.request_count > len(facts.requests):
        return Part(f"{counted(facts.request_count, 'request is', 'requests are')} open.", GOOD)
    if not ours:
        return None
    word = "in work" if all(key(row.status) in IN_WORK for row in ours) else "with us"
    said = f"{_who(len(ours), len(facts.requests))} {word}"
    return Part(f"{said}{_promise(ours, speak)}.", GOOD, short=f"{said}.")


def _who(count: int, total: int) -> str:
    if count < total:
        return counted(count, "request is", "requests are")
    if count == 1:
        return "Your request is"
    return "Both requests are" if count == 2 else f"All {count} requests are"  # noqa: PLR2004 -- English has a word for two


def _promise(ours: list[Any], speak: Words) -> str:
    promised = [row.answer_by for row in ours if row.answer_by]
    if not promised:
        return ""
    return f"; {'' if len(ours) == 1 else 'first '}answer by {soon(min(promised), speak)}"


def _used(plan: Any) -> Part | None:
    used = used_percent(plan)
    if used is None:
        return None if plan is not None else Part("You have no plan with us yet.", QUIET)
    if used >= FULL:
        return Part(f"Your plan is used up: {used} %.", BAD)
    return Part(f"{used} % of your plan is used.", ATTENTION if used >= NEARLY_FULL else GOOD)


def _proof(plan: Any, speak: Words, used: Part | None = None) -> list[Fact | None]:
    """The plan; and how much of it is used, where the sentence had no room for it."""
    if plan is None:
        return []
    share = Fact(used.tone, f"{used_percent(plan)} %", "of it used") if used and used.tone != BAD else None
    seats = f"{plan.seats_used} of {plan.seats}" if plan.seats and plan.seats_used is not None else None
    return [
        Fact(INFO, plan.plan or plan.name, "plan"),
        share,
        Fact(INFO, seats, "seats taken") if seats else None,
        Fact(INFO, "Renews", speak.day(plan.renews_on)) if renewal(plan, speak) else None,
    ]
