"""What an answer is: one sentence in parts, its tone, and the proof under it. Plus the words that answers share."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from portal_api.wording import Words

BAD, ATTENTION, GOOD, INFO, QUIET = "bad", "attention", "good", "info", "quiet"
WORST_FIRST = (BAD, ATTENTION, INFO, GOOD, QUIET)
ROOM = 92
"""Characters that some four lines of a phone hold, 28 px large."""


class Part(NamedTuple):
    """A sentence of the answer and its tone: bad, attention, good, info or quiet.

    `short` is what is said where there is no room for it: fewer words; nothing (TOLD) where the proof or the list below
    says it anyway; by default the sentence as it is, as proof.
    """

    text: str
    tone: str = GOOD
    short: str | None = None


TOLD = ""


class Fact(NamedTuple):
    """One line of proof: what, in which tone, and the words beside it."""

    tone: str
    what: str
    words: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """The first thing on the page, computed from stored facts by one function per profile."""

    parts: tuple[Part, ...]
    proof: tuple[Fact, ...] = ()

    @property
    def sentence(self) -> str:
        """The whole of it as text."""
        return " ".join(part.text for part in self.parts)

    @property
    def tone(self) -> str:
        """The tone of its worst part."""
        return min((part.tone for part in self.parts), key=WORST_FIRST.index)


class Work(NamedTuple):
    """Of all projects, how many run; of those, how many are in trouble and how many on track."""

    running: int = 0
    troubled: int = 0
    on_track: int = 0


NO_WORK = Work()


@dataclass(frozen=True, slots=True)
class Facts:
    """What the store holds for an answer: rows of the named queries, only those that the profile asks for.

    shipments  on their way, trouble first; `shipment_count` is how many there are in all
    arrived    the last one that arrived, at most one row
    projects   running first, the troubled before the others; `milestones` are the first one's, `work` counts all
    waiting    steps that wait for the client, the most urgent first; `waiting_count` is how many there are in all
    totals     what is open and overdue, by currency
    unused     what was paid or credited and is not set against an invoice yet, by currency
    requests   open ones, the earliest promise first; `request_count` is how many there are in all, `late_count`
               how many wait for a late answer of ours, `asked_count` how many for the client's
    """

    shipments: Sequence[Any] = ()
    shipment_count: int = 0
    arrived: Sequence[Any] = ()
    projects: Sequence[Any] = ()
    work: Work = NO_WORK
    milestones: Sequence[Any] = ()
    waiting: Sequence[Any] = ()
    waiting_count: int = 0
    requests: Sequence[Any] = ()
    request_count: int = 0
    late_count: int = 0
    asked_count: int = 0
    plans: Sequence[Any] = ()
    totals: Sequence[Any] = ()
    unused: Sequence[Any] = ()


def answer(parts: Iterable[Part | None], proof: Iterable[Fact | None] = ()) -> Answer:
    """An answer of the parts that there are, bad news first, otherwise in the order given."""
    said = sorted((part for part in parts if part), key=lambda part: {BAD: 0, ATTENTION: 1}.get(part.tone, 2))
    fits = _moved(_shortened(said))
    left = [Fact(INFO if part.tone == GOOD else part.tone, bare(part.text)) for part in said[1:] if _lost(part, fits)]
    return Answer(tuple(fits), (*left, *(fact for fact in proof if fact)))


def _long(parts: Sequence[Part]) -> bool:
    return len(" ".join(part.text for part in parts)) > ROOM


def _shortened(said: Sequence[Part]) -> list[Part]:
    """In fewer words from the end on, as far as there is no room; what comes first is never left out."""
    fits = list(said)
    for place, part in reversed(list(enumerate(said))):
        if not _long(fits):
            break
        if part.short:
            fits[place] = part._replace(text=part.short)
        elif part.short == TOLD and place:
            del fits[place]
    return fits


def _moved(said: Sequence[Part]) -> list[Part]:
    """Without those at the end that there is still no room for."""
    fits = list(said)
    for part in reversed(said[1:]):
        if not _long(fits):
            break
        if part.short is None:
            fits.remove(part)
    return fits


def _lost(part: Part, fits: Sequence[Part]) -> bool:
    return part.short is None and part not in fits


def counted(count: int, one: str, many: str) -> str:
    """`1 shipment`, `3 shipments`."""
    return f"{count} {one if count == 1 else many}"


def soon(moment: dt.datetime, speak: Words) -> str:
    """An instant as far as it matters: the hour for today, tomorrow and yesterday, else the day."""
    near = abs((speak.local_day(moment) - speak.today).days) <= 1
    return speak.moment(moment) if near else speak.day(moment)


def arrives(moment: dt.date, speak: Words) -> str:
    """As `soon`, of goods: a day without a time stays one."""
    near = abs((speak.local_day(moment) - speak.today).days) <= 1
    return speak.arrival(moment) if near else speak.day(moment)


def lower_first(text: str) -> str:
    """The text as it goes on inside a sentence; an abbreviation keeps its capitals."""
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]


def upper_first(text: str) -> str:
    """The text as it begins a sentence."""
    return text[:1].upper() + text[1:]


def bare(text: str | None) -> str:
    """A stored line without its full stop, to go on after it."""
    return (text or "").strip().rstrip(".")
