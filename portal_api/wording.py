"""Dates, times, money and sizes as one reader reads them: their zone, their language, this very moment.

Filters in templates reach the reader of the page being rendered through `reading_as`, so that macros need no argument.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from copy import copy
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from babel.numbers import NumberPattern, format_decimal

from hub.money import exponent

KILO = 1000
MINUS = "\u2212"
PRICE_DECIMALS = 7
"""What QuickBooks keeps of the price of one; a cent would make 12,000 pieces at 0.0375 look wrong."""
TOGETHER = re.compile(r"\d+(?:[.,]\d+)* \S{1,12}(?!\S)|\S+")
"""A number with the word it counts, or a word."""


@dataclass(frozen=True, slots=True)
class Words:
    """How to say things to one reader. `now` is aware; all days are days in `zone`."""

    locale: str
    zone: ZoneInfo
    now: dt.datetime
    today: dt.date = field(init=False)
    """The day it is where the reader is; a page asks for it a hundred times."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "today", self.now.astimezone(self.zone).date())

    def local(self, moment: dt.datetime) -> dt.datetime:
        """An instant on the reader's clock; one at the calendar's end, as sources say "never", stays where it is."""
        try:
            return moment.astimezone(self.zone)
        except OverflowError:
            return moment

    def day(self, day: dt.date | dt.datetime | None) -> str:
        """`today`, `Thu 3 Dec`, `Thu 3 Dec 2024` when it is another year; empty for None."""
        if day is None:
            return ""
        date = self.local(day).date() if isinstance(day, dt.datetime) else day
        return _day(date, self.today, self.locale)

    def local_day(self, moment: dt.date) -> dt.date:
        """The calendar day of an instant in the reader's zone; a day is itself everywhere."""
        return self.local(moment).date() if isinstance(moment, dt.datetime) else moment

    def moment(self, moment: dt.datetime | None) -> str:
        """`today 14:00`, `Thu 3 Dec 14:00`; empty for None."""
        return "" if moment is None else f"{self.day(moment)} {self.clock(moment)}"

    def arrival(self, moment: dt.date | None) -> str:
        """As `moment`; of a source that knows the day alone, the day."""
        return self.moment(moment) if isinstance(moment, dt.datetime) else self.day(moment)

    def until_when(self, moment: dt.date) -> dt.datetime:
        """After when an arrival is overdue: a day without a time has until its end on the reader's clock."""
        return moment if isinstance(moment, dt.datetime) else dt.datetime.combine(moment, dt.time.max, self.zone)

    def passed(self, moment: dt.date) -> bool:
        """Whether an arrival should have been by now."""
        return self.until_when(moment) < self.now

    def clock(self, moment: dt.datetime) -> str:
        """`14:00` on the reader's clock."""
        local = self.local(moment)
        return f"{local.hour:02}:{local.minute:02}"

    def as_of(self, moment: dt.datetime) -> str:
        """`10:42` today, `Thu 3 Dec 10:42` on another day."""
        return self.clock(moment) if self.local(moment).date() == self.today else self.moment(moment)

    def exact(self, moment: dt.datetime | dt.date | None) -> str:
        """`Thursday 3 December 2026, 14:00 CET`: for hover, print and screen readers."""
        if moment is None:
            return ""
        if not isinstance(moment, dt.datetime):
            return _long_day(moment, self.locale)
        local = self.local(moment)
        return f"{_long_day(local.date(), self.locale)}, {local:%H:%M} {_zone_name(local)}"

    def dated(self, day: dt.date | None) -> str:
        """`3 Dec 2026`, always with its year: for a column on paper."""
        return "" if day is None else str(format_date(day, "d MMM y", locale=self.locale))

    def until(self, day: dt.date | dt.datetime | None) -> str:
        """`today`, `tomorrow`, `in 6 days`, `yesterday`, `6 days ago`; a far day by its date; empty for None."""
        if day is None:
            return ""
        date = self.local(day).date() if isinstance(day, dt.datetime) else day
        days = (date - self.today).days
        near = {0: "today", 1: "tomorrow", -1: "yesterday"}
        if days in near:
            return near[days]
        if abs(days) > 60:  # noqa: PLR2004 -- beyond two months a date says more than a count
            return self.day(date)
        return f"in {days} days" if days > 0 else f"{-days} days ago"

    def money(self, minor: int | None, currency: str | None) -> str:
        """`€1,234.50` in the reader's format; empty for None."""
        return "" if minor is None or currency is None else _money(minor, currency, self.locale)

    def price(self, value: float | None, currency: str) -> str:
        """`€0.0375`: the price of one, with as many decimals as it has, at least the currency's own; empty for None."""
        return "" if value is None else _amount(Decimal(str(value)), currency, self.locale, most=PRICE_DECIMALS)

    def number(self, value: float | None) -> str:
        """`12,400` in the reader's format; empty for None."""
        return "" if value is None else str(format_decimal(value, locale=self.locale))

    def size(self, count: int | None) -> str:
        """Bytes as `84 KB`, `1.2 MB`; empty for None."""
        if count is None:
            return ""
        kilos = max(1, round(count / KILO))
        if kilos < KILO:
            return f"{kilos} KB"
        return f"{self.number(round(count / KILO / KILO, 1))} MB"


@lru_cache(maxsize=8192)
def _day(date: dt.date, today: dt.date, locale: str) -> str:
    near = {0: "today", 1: "tomorrow", -1: "yesterday"}.get((date - today).days)
    if near is not None:
        return near
    return str(format_date(date, "EEE d MMM" if date.year == today.year else "EEE d MMM y", locale=locale))


@lru_cache(maxsize=8192)
def _long_day(date: dt.date, locale: str) -> str:
    """Remembered by the calendar day: aware instants are equal in all zones, so none may be what is remembered."""
    return str(format_date(date, "EEEE d MMMM y", locale=locale))


def _zone_name(local: dt.datetime) -> str:
    # Babel names zones in the language's own country only; the zone's own abbreviation is what people write.
    name = local.tzname() or ""
    return name if name.isalpha() else f"UTC{_offset(local)}"


def _offset(local: dt.datetime) -> str:
    text = f"{local:%z}"
    return f"{text[:3]}:{text[3:5]}"


@lru_cache(maxsize=8192)
def _money(minor: int, currency: str, locale: str) -> str:
    return _amount(Decimal(minor).scaleb(-exponent(currency)), currency, locale)


def _amount(value: Decimal, currency: str, locale: str, *, most: int = 0) -> str:
    decimals = exponent(currency)
    pattern = _money_pattern(locale, decimals, max(decimals, most))
    # A hyphen before an amount is passed over by screen readers; a minus is read.
    return str(pattern.apply(value, locale, currency=currency, currency_digits=False)).replace("-", MINUS)


@lru_cache(maxsize=256)
def _money_pattern(locale: str, least: int, most: int) -> NumberPattern:
    """How a language writes money, with all of its decimals: left to itself, Babel shows none of some currencies'."""
    pattern: NumberPattern = copy(Locale.parse(locale).currency_formats["standard"])
    pattern.frac_prec = (least, most)
    return pattern


@lru_cache(maxsize=1024)
def zone(*names: str | None) -> ZoneInfo:
    """The first of these IANA zones that exists; UTC when none does."""
    for name in names:
        try:
            return ZoneInfo(name or "")
        except (ZoneInfoNotFoundError, ValueError, OSError):
            continue
    return ZoneInfo("UTC")


def chunks(sentence: str) -> list[str]:
    """What stays on one line: `48 %`, `3 Dec`, `2 things`, else a word."""
    return TOGETHER.findall(sentence)


@lru_cache(maxsize=64)
def language(name: str) -> str:
    """A locale that Babel knows, `en` otherwise."""
    try:
        return str(Locale.parse(name))
    except (UnknownLocaleError, ValueError):
        return "en"


_words: ContextVar[Words] = ContextVar("words")


@contextmanager
def reading_as(words: Words) -> Iterator[None]:
    """Templates rendered inside speak to this reader."""
    token = _words.set(words)
    try:
        yield
    finally:
        _words.reset(token)


def _filter(name: str) -> object:
    def speak(*args: object) -> str:
        return str(getattr(_words.get(), name)(*args))

    speak.__name__ = name
    return speak


FILTERS = {
    name: _filter(name)
    for name in (
        *("day", "moment", "clock", "as_of", "exact", "dated", "until"),
        *("arrival", "money", "number", "size"),
    )
}
"""For templates: `{{ invoice.total_minor|money(invoice.currency) }}`, `{{ shipment.eta_at|moment }}`."""
