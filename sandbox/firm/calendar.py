"""Dates relative to the day of seeding, and the times at which vendors say that records were written."""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import dataclass

DAY_MS = 86_400_000
HISTORY_DAYS = 730
BULK_LOADS = 18
FRIDAY = 4
TIED = 0.35
"""Share of records whose last write was one of the firm's bulk loads: that many rows carry equal timestamps."""


@dataclass(frozen=True)
class Calendar:
    """The firm's time. `today` is the day of seeding (UTC); nothing is written after its first second."""

    today: dt.date
    loads: tuple[int, ...]

    def day(self, offset: int) -> dt.date:
        """Today plus so many days."""
        return self.today + dt.timedelta(days=offset)

    def date(self, offset: int) -> str:
        """The same as text, YYYY-MM-DD."""
        return self.day(offset).isoformat()

    def working(self, offset: int) -> int:
        """The offset of that day, or of the Monday after it when it falls on a weekend."""
        weekday = self.day(offset).weekday()
        return offset if weekday <= FRIDAY else offset + 7 - weekday

    def instant(self, offset: float, hour: int = 0, minute: int = 0) -> str:
        """A moment as Salesforce writes it: `offset` days from today, UTC."""
        moment = midnight(self.today) + dt.timedelta(days=offset, hours=hour, minutes=minute)
        return moment.strftime("%Y-%m-%dT%H:%M:%S.000+0000")

    def ms(self, offset: float) -> int:
        """A moment in ms since 1970."""
        return int(midnight(self.today).timestamp() * 1000 + offset * DAY_MS)

    def written(self, rng: random.Random, born: float) -> tuple[int, int]:
        """Created and last modified (ms) of a record born `born` days from today; never in the future.

        What is older than the firm's systems was entered when they began.
        """
        last = self.ms(0)
        created = min(self.ms(max(born, -HISTORY_DAYS)) + rng.randrange(7 * 3600, 18 * 3600) * 1000, last)
        later = [load for load in self.loads if load >= created]
        if later and rng.random() < TIED:
            return created, rng.choice(later)
        return created, min(created + int(rng.random() ** 2 * (last - created)) // 1000 * 1000, last)


def calendar(seed: int, today: dt.date) -> Calendar:
    """The firm's calendar with its bulk loads, two of them on either side of a change of US clocks."""
    rng = random.Random(f"{seed}/calendar")
    change = clock_change(today)
    end = int(midnight(today).timestamp())
    loads = [end - rng.randrange(1, HISTORY_DAYS * 86400) for _ in range(BULK_LOADS)]
    loads += [change - 1, change, end - 5 * 86400 + 7200]
    return Calendar(today, tuple(sorted(second * 1000 for second in loads)))


def clock_change(today: dt.date) -> int:
    """The last end of US daylight time before a day, in seconds since 1970: 02:00 -07:00 on November's first Sunday."""
    for year in (today.year, today.year - 1):
        first = dt.date(year, 11, 1)
        sunday = first + dt.timedelta(days=(6 - first.weekday()) % 7)
        if sunday < today:
            return int(dt.datetime.combine(sunday, dt.time(9), dt.UTC).timestamp())
    raise AssertionError("a year without November")


def midnight(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), dt.UTC)
