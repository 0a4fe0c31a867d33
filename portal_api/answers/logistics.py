"""Logistics: where are my goods, and will they be on time?"""

from __future__ import annotations

import re
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
    bare,
    counted,
    lower_first,
    soon,
)
from portal_api.answers.work import in_short
from portal_api.states import days, lateness, shipment_state
from portal_api.wording import Words

HAPPENED = frozenset({"held", "delayed", "stopped", "damaged", "missing", "lost", "refused", "rolled", "stuck", "on"})
"""First words of an exception that go on after `is`."""
BEFORE_REASON = re.compile("[^,:;]+")
"""`Held at customs` of `Held at customs: invoice missing`."""
BEFORE_MORE = re.compile("[^,;]+")
"""`Customs: invoice missing` of `Customs: invoice missing, see mail`: what stands before a colon says too little."""


def logistics(facts: Facts, speak: Words) -> Answer:
    """Troubled shipments first, the worst by name with its new date; what waits; then how many are on time.

    The reason of a hold stands on its card; where things wait as well, the number on time stands in the proof alone.
    """
    waits = in_short(facts, speak)
    if not facts.shipments:
        return answer([_nothing_moves(facts, speak), waits])
    tones = [(row, shipment_state(row, speak).tone) for row in facts.shipments]
    troubled = [row for row, tone in tones if tone in {BAD, ATTENTION}]
    undated = sum(tone == INFO for _, tone in tones)
    on_time = facts.shipment_count - len(troubled) - undated
    rest = None if troubled and waits else _rest(on_time, undated, troubled, facts, speak)
    return answer([_trouble(troubled, speak), _more_trouble(troubled), waits, rest], _proof(troubled, on_time, undated))


def _nothing_moves(facts: Facts, speak: Words) -> Part:
    if not facts.arrived:
        return Part("No shipments yet. The first one appears here the moment it is booked.", QUIET)
    last = facts.arrived[0]
    if last.delivered_at is None:
        return Part("Nothing is on its way just now.", QUIET)
    return Part(f"Nothing is on its way. {last.number}, the last one, arrived {soon(last.delivered_at, speak)}.", QUIET)


def _trouble(troubled: list[Any], speak: Words) -> Part | None:
    if not troubled:
        return None
    worst = troubled[0]
    if worst.exception:
        return Part(f"{_held(worst)}; {_new_date(worst, speak)}.", BAD)
    behind = lateness(worst, speak)
    if behind:
        return Part(f"{worst.number} is {days(behind)} late; {_new_date(worst, speak)}.", ATTENTION)
    expected = soon(worst.eta_at or worst.promised_at, speak)
    word = "expected" if worst.eta_at else "promised for"
    return Part(f"{worst.number} was {word} {expected}; its delivery is not confirmed yet.", ATTENTION)


def _held(row: Any) -> str:
    text, place = bare(row.exception), (row.location or "").split(",")[0]
    first = text.split(maxsplit=1)[0].lower().rstrip(",:;") if text.split() else ""
    happened = first in HAPPENED
    found = (BEFORE_REASON if happened else BEFORE_MORE).match(text)
    what = found.group().strip() if found else text
    where = f" in {place}" if place and place.lower() not in what.lower() else ""
    return f"{row.number} {'is' if happened else 'stands still:'} {lower_first(what)}{where}"


def _new_date(row: Any, speak: Words) -> str:
    if row.eta_at is None or row.eta_at < speak.now:
        return "there is no new date yet"
    word = "new ETA" if lateness(row, speak) else "still expected"
    return f"{word} {soon(row.eta_at, speak)}"


def _more_trouble(troubled: list[Any]) -> Part | None:
    more = troubled[1:]
    if not more:
        return None
    held = sum(bool(row.exception) for row in more)
    state = "held" if held == len(more) else "late" if held == 0 else "late or held"
    return Part(f"{len(more)} more {'is' if len(more) == 1 else 'are'} {state}.", BAD if held else ATTENTION)


def _rest(on_time: int, undated: int, troubled: list[Any], facts: Facts, speak: Words) -> Part | None:
    total = facts.shipment_count
    if not troubled and not undated:
        return _all_good(total, facts, speak)
    said = []
    if on_time:
        said.append(f"{on_time} of {counted(total, 'shipment is', 'shipments are')} on time")
    if undated:
        said.append(f"{counted(undated, 'has', 'have')} no arrival date yet")
    return Part(f"{', '.join(said)}.", GOOD) if said else None


def _all_good(total: int, facts: Facts, speak: Words) -> Part:
    first = min(facts.shipments, key=lambda row: row.eta_at or row.promised_at)
    arrives = soon(first.eta_at or first.promised_at, speak)
    where = f" in {first.destination.split(',')[0]}" if first.destination else ""
    if total == 1:
        return Part(f"{first.number} is on time and arrives{where} {arrives}.", GOOD)
    both = "Both" if total == 2 else f"All {total}"  # noqa: PLR2004 -- English has a word for two
    return Part(f"{both} shipments are on time. The next, {first.number}, arrives{where} {arrives}.", GOOD)


def _proof(troubled: list[Any], on_time: int, undated: int) -> list[Fact | None]:
    held = sum(bool(row.exception) for row in troubled)
    late = len(troubled) - held
    return [
        Fact(BAD, str(held), "held") if held else None,
        Fact(ATTENTION, str(late), "late or not confirmed") if late else None,
        Fact(GOOD, str(on_time), "on time") if on_time else None,
        Fact(INFO, str(undated), "without a date") if undated else None,
    ]
