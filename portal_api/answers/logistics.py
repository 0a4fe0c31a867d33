"""Logistics: where are my goods, and will they be on time?"""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

from portal_api.answers.answer import (
    ATTENTION,
    BAD,
    GOOD,
    INFO,
    QUIET,
    TOLD,
    Answer,
    Fact,
    Facts,
    Part,
    answer,
    arrives,
    bare,
    counted,
    lower_first,
)
from portal_api.answers.work import in_number, in_short
from portal_api.states import days, delivered, lateness, new_date, promised
from portal_api.tally import Tally, kind, tally
from portal_api.wording import Words

TROUBLE = ("held", "late", "unconfirmed")
"""The worst first."""
HAPPENED = frozenset({"held", "delayed", "stopped", "damaged", "missing", "lost", "refused", "rolled", "stuck", "on"})
"""First words of an exception that go on after `is`."""
BEFORE_REASON = re.compile("[^,:;]+")
"""`Held at customs` of `Held at customs: invoice missing`."""
BEFORE_MORE = re.compile("[^,;]+")
"""`Customs: invoice missing` of `Customs: invoice missing, see mail`: what stands before a colon says too little."""


def logistics(facts: Facts, speak: Words) -> Answer:
    """Troubled shipments first, the worst by name with its new date; else how many are on time, and what waits.

    The reason of a hold stands on its card; beside trouble, what waits and the number on time stand below alone.
    """
    if not facts.shipments:
        return answer([_nothing_moves(facts, speak), in_short(facts, speak)])
    # Each shipment is looked at once: what it is told by is a good part of the page's time.
    kinds = [kind(row, speak) for row in facts.shipments]
    counts = tally(kinds)
    on_time = facts.shipment_count - counts.troubled - counts.undated
    ranked = sorted((TROUBLE.index(found), n) for n, found in enumerate(kinds) if found in TROUBLE)
    troubled = [facts.shipments[n] for _, n in ranked]
    waits = None if troubled else in_short(facts, speak)
    rest = None if troubled and in_number(facts) else _rest(on_time, counts.undated, troubled, facts)
    more = tally([TROUBLE[rank] for rank, _ in ranked[1:]])
    following = None if troubled or counts.undated else _following(facts, speak)
    parts = [_trouble(troubled, speak), _more_trouble(more), waits, rest, following]
    return answer(parts, _proof(counts, on_time))


def _nothing_moves(facts: Facts, speak: Words) -> Part:
    if not facts.arrived:
        return Part("No shipments yet. The first one appears here the moment it is booked.", QUIET)
    last = facts.arrived[0]
    when = delivered(last)
    if when is None:
        return Part("Nothing is on its way just now.", QUIET)
    return Part(f"Nothing is on its way. {last.number}, the last one, arrived {arrives(when, speak)}.", QUIET)


def _trouble(troubled: list[Any], speak: Words) -> Part | None:
    if not troubled:
        return None
    worst = troubled[0]
    if worst.exception:
        when = _new_date(worst, speak)
        return Part(f"{_held(worst)}; {when}.", BAD, short=f"{worst.number} stands still; {when}.")
    behind = lateness(worst, speak)
    if behind:
        return Part(f"{worst.number} is {days(behind)} late; {_new_date(worst, speak)}.", BAD)
    was = f"was {'expected' if new_date(worst) else 'promised for'} {arrives(_expected(worst), speak)}"
    if kind(worst, speak) == "late":
        return Part(f"{worst.number} is late: it {was} and has not been shipped yet.", BAD)
    return Part(f"{worst.number} {was}; its delivery is not confirmed.", ATTENTION)


def _held(row: Any) -> str:
    text, place = bare(row.exception), (row.location or "").split(",")[0]
    first = text.split(maxsplit=1)[0].lower().rstrip(",:;") if text.split() else ""
    happened = first in HAPPENED
    found = (BEFORE_REASON if happened else BEFORE_MORE).match(text)
    what = found.group().strip() if found else text
    where = f" in {place}" if place and place.lower() not in what.lower() else ""
    return f"{row.number} {'is' if happened else 'stands still:'} {lower_first(what)}{where}"


def _new_date(row: Any, speak: Words) -> str:
    eta = new_date(row)
    if eta is None or speak.passed(eta):
        return "there is no new date yet"
    word = "new ETA" if lateness(row, speak) else "still expected"
    return f"{word} {arrives(eta, speak)}"


def _expected(row: Any) -> dt.date:
    """When it should arrive. Only of rows that `tally` finds dated."""
    return new_date(row) or promised(row) or dt.date.max


def _more_trouble(more: Tally) -> Part | None:
    said = more.said()
    if not said:
        return None
    first, *others = said
    count, word = first.split(" ", 1)
    # A shipment can be held or late by itself; what is not confirmed is its delivery.
    noun = ("delivery " if count == "1" else "deliveries ") if word == "not confirmed" else ""
    text = f"{count} more {noun}{'is' if count == '1' else 'are'} {word}"
    return Part(f"{', '.join((text, *others))}.", BAD if more.held or more.late else ATTENTION, short=TOLD)


def _rest(on_time: int, undated: int, troubled: list[Any], facts: Facts) -> Part | None:
    total = facts.shipment_count
    if not troubled and not undated:
        return None if total == 1 else Part(f"{_all(total)} shipments are on time.", GOOD)
    said = []
    if on_time:
        said.append(f"{on_time} of {counted(total, 'shipment is', 'shipments are')} on time")
    if undated:
        said.append(f"{counted(undated, 'has', 'have')} no arrival date yet")
    return Part(f"{', '.join(said)}.", GOOD, short=TOLD) if said else None


def _all(total: int) -> str:
    return "Both" if total == 2 else f"All {total}"  # noqa: PLR2004 -- English has a word for two


def _following(facts: Facts, speak: Words) -> Part:
    """What arrives next; of several the list below begins with it."""
    first = min(facts.shipments, key=lambda row: speak.until_when(_expected(row)))
    when = arrives(_expected(first), speak)
    where = f" in {first.destination.split(',')[0]}" if first.destination else ""
    if facts.shipment_count == 1:
        return Part(f"{first.number} is on time and arrives{where} {when}.", GOOD)
    return Part(f"The next, {first.number}, arrives{where} {when}.", GOOD, short=TOLD)


def _proof(counts: Tally, on_time: int) -> list[Fact | None]:
    return [
        Fact(BAD, str(counts.held), "held") if counts.held else None,
        Fact(BAD, str(counts.late), "late") if counts.late else None,
        Fact(ATTENTION, str(counts.unconfirmed), "not confirmed") if counts.unconfirmed else None,
        Fact(GOOD, str(on_time), "on time") if on_time else None,
        Fact(INFO, str(counts.undated), "without a date") if counts.undated else None,
    ]
