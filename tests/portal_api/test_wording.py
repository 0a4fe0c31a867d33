"""Times are said on the clock of whoever reads them, also when another reader was told the same instant before."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from portal_api.wording import Words

NOON = dt.datetime(2026, 12, 1, 12, 0, tzinfo=dt.UTC)
ZONES = {
    "Europe/London": "Tuesday 1 December 2026, 12:00 GMT",
    "America/Los_Angeles": "Tuesday 1 December 2026, 04:00 PST",
    "Africa/Abidjan": "Tuesday 1 December 2026, 12:00 GMT",
    "Asia/Tokyo": "Tuesday 1 December 2026, 21:00 JST",
    "Asia/Kathmandu": "Tuesday 1 December 2026, 17:45 UTC+05:45",
    "UTC": "Tuesday 1 December 2026, 12:00 UTC",
}


def words(zone):
    return Words("en", ZoneInfo(zone), NOON)


@pytest.mark.parametrize("first", ZONES)
def test_the_exact_time_is_each_readers_own(first):
    assert words(first).exact(NOON) == ZONES[first]
    assert {zone: words(zone).exact(NOON) for zone in ZONES} == ZONES


def test_the_hour_that_comes_twice_is_told_apart():
    berlin, twice = words("Europe/Berlin"), dt.datetime(2026, 10, 25, 0, 30, tzinfo=dt.UTC)
    assert berlin.exact(twice) == "Sunday 25 October 2026, 02:30 CEST"
    assert berlin.exact(twice + dt.timedelta(hours=1)) == "Sunday 25 October 2026, 02:30 CET"


def test_a_day_has_no_time():
    assert words("Asia/Tokyo").exact(NOON.date()) == "Tuesday 1 December 2026"
