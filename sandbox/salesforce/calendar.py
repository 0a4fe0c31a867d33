"""SOQL's date literals: TODAY, LAST_N_DAYS:7, THIS_MONTH... as half-open ranges of UTC days.

Weeks begin on Sunday, as in an org with US locale; the fiscal year is the calendar's.
Source: SOQL reference, "Date formats and date literals".
"""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Callable

DAY = dt.timedelta(days=1)
WEEK = dt.timedelta(days=7)

Range = tuple[dt.date, dt.date]


def _month(day: dt.date, plus: int = 0) -> dt.date:
    """The first of the month `plus` months on."""
    index = day.year * 12 + day.month - 1 + plus
    return dt.date(index // 12, index % 12 + 1, 1)


def _quarter(day: dt.date, plus: int = 0) -> dt.date:
    return _month(dt.date(day.year, (day.month - 1) // 3 * 3 + 1, 1), 3 * plus)


def _year(day: dt.date, plus: int = 0) -> dt.date:
    return dt.date(day.year + plus, 1, 1)


def _week(day: dt.date, plus: int = 0) -> dt.date:
    return day - DAY * ((day.weekday() + 1) % 7) + WEEK * plus


def _day(day: dt.date, plus: int = 0) -> dt.date:
    return day + DAY * plus


UNITS: dict[str, Callable[[dt.date, int], dt.date]] = {
    "DAY": _day,
    "WEEK": _week,
    "MONTH": _month,
    "QUARTER": _quarter,
    "YEAR": _year,
}
PLAIN = {"YESTERDAY": -1, "TODAY": 0, "TOMORROW": 1}


def span(literal: str, today: dt.date) -> Range | None:
    """[first day, day after the last) of a date literal in upper case, or None when it is none."""
    name, _, count = literal.partition(":")
    name = name.replace("_FISCAL_", "_")
    if name in PLAIN and not count:
        return _day(today, PLAIN[name]), _day(today, PLAIN[name] + 1)
    if name in ("LAST_90_DAYS", "NEXT_90_DAYS") and not count:
        name, count = name.replace("90", "N"), "90"
    if name.startswith("N_") and name.endswith("S_AGO"):
        return _ago(UNITS.get(name[2:-5]), count, today)
    which, _, unit = name.partition("_")
    if unit.startswith("N_") and unit.endswith("S") and count.isdigit():
        return _several(which, UNITS.get(unit[2:-1]), int(count), today)
    step = {"LAST": -1, "THIS": 0, "NEXT": 1}.get(which)
    start = UNITS.get(unit)
    if step is None or start is None or count or unit == "DAY":
        return None
    return start(today, step), start(today, step + 1)


def _ago(start: Callable[[dt.date, int], dt.date] | None, count: str, today: dt.date) -> Range | None:
    """N_DAYS_AGO:n is that one day, N_MONTHS_AGO:n that one month."""
    if start is None or not count.isdigit():
        return None
    return start(today, -int(count)), start(today, 1 - int(count))


def _several(which: str, start: Callable[[dt.date, int], dt.date] | None, n: int, today: dt.date) -> Range | None:
    """LAST_N_DAYS:n ends with today; the other units leave the present one out. NEXT_N begins after the present."""
    if start is None or which not in ("LAST", "NEXT"):
        return None
    if which == "NEXT":
        return start(today, 1), start(today, n + 1)
    return start(today, -n), start(today, 1 if start is _day else 0)


def milliseconds(day: dt.date) -> int:
    """Midnight UTC of a day in ms since 1970."""
    return calendar.timegm(day.timetuple()) * 1000
