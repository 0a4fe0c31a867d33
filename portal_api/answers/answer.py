"""What an answer is: one sentence in parts, its tone, and the proof under it. Plus the words that answers share."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from portal_api.wording import Words

BAD, ATTENTION, GOOD, INFO, QUIET = "bad", "attention", "good", "info", "quiet"
WORST_FIRST = (BAD, ATTENTION, INFO, GOOD, QUIET)


class Part(NamedTuple):
    """A sentence of the answer and its tone: bad, attention, good, info or quiet."""

    text: str
    tone: str = GOOD


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


@dataclass(frozen=True, slots=True)
class Facts:
    """What the store holds for an answer: rows of the named queries, only those that the profile asks for.

    shipments  on their way, trouble first; `shipment_count` is how many there are in all
    arrived    the last one that arrived, at most one row
    projects   running first, the troubled before the others; `milestones` are theirs
    waiting    steps that wait for the client, the most urgent first
    totals     what is open and overdue, by currency
    requests   open ones, the earliest promise first; `request_count` is how many there are in all
    """

    shipments: Sequence[Any] = ()
    shipment_count: int = 0
    arrived: Sequence[Any] = ()
    projects: Sequence[Any] = ()
    project_count: int = 0
    milestones: Sequence[Any] = ()
    waiting: Sequence[Any] = ()
    requests: Sequence[Any] = ()
    request_count: int = 0
    plans: Sequence[Any] = ()
    totals: Sequence[Any] = ()


def answer(parts: Iterable[Part | None], proof: Iterable[Fact | None] = ()) -> Answer:
    """An answer of the parts that there are, bad news first, otherwise in the order given."""
    said = sorted((part for part in parts if part), key=lambda part: {BAD: 0, ATTENTION: 1}.get(part.tone, 2))
    return Answer(tuple(said), tuple(fact for fact in proof if fact))


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
