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


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York"])
@pytest.mark.parametrize("year", [1, 9999])
def test_a_sources_never_is_said_to_readers_everywhere(zone, year):
    first = dt.datetime(year, 1, 1, tzinfo=dt.UTC)
    never = first if year == 1 else first.replace(month=12, day=31, hour=23, minute=59)
    said = words(zone).exact(never)
    assert str(year) in said
    assert words(zone).passed(never) == words(zone).passed(never.date()) == (year == 1)


@pytest.mark.parametrize(
    ("minor", "currency", "said"),
    [(123450, "RSD", "RSD1,234.50"), (1234567, "IQD", "IQD1,234.567"), (1234, "JPY", "¥1,234"), (-5, "EUR", "−€0.05"),
     (1234567, "KWD", "KWD1,234.567")],
)  # fmt: skip
def test_an_amount_is_said_with_all_decimals_of_its_currency(minor, currency, said):
    assert words("UTC").money(minor, currency).replace("\xa0", "") == said


def test_a_size_is_said_in_the_unit_that_it_fills():
    said = [words("UTC").size(count) for count in (0, 1_499, 999_499, 999_500, 1_249_999, 12_000_000_000)]
    assert said == ["1 KB", "1 KB", "999 KB", "1 MB", "1.2 MB", "12,000 MB"]
