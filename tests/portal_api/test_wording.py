"""Times are said on the clock of whoever reads them, also when another reader was told the same instant before."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from hub.money import exponent, to_minor
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
    ("minor", "currency", "language", "said"),
    [
        (123_456, "RSD", "en", "RSD1,234.56"),
        (123_456, "RSD", "de", "1.234,56 RSD"),
        (1_234_500, "IQD", "en", "IQD1,234.500"),
        (1_234_567, "KWD", "en", "KWD1,234.567"),
        (1_235, "JPY", "en", "¥1,235"),
        (-5, "ALL", "en", "−ALL0.05"),
    ],
)
def test_an_amount_shows_all_the_decimals_that_its_currency_has(minor, currency, language, said):
    reader = Words(language, ZoneInfo("UTC"), NOON)
    assert reader.money(minor, currency).replace("\xa0", " ") == said


ISO_4217 = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    2: "AFN ALL EUR GBP HUF IRR LAK LBP MGA MMK RSD SOS SYP TWD USD YER",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}


def test_minor_units_are_those_of_iso_4217_and_not_of_everyday_use():
    # Everyday use knows no para and no fils any more; invoices and the books behind them do.
    for digits, codes in ISO_4217.items():
        assert {code: exponent(code) for code in codes.split()} == dict.fromkeys(codes.split(), digits)
    assert to_minor(1234.56, "RSD") == 123_456
    assert to_minor("0.125", "IQD") == 125
    with pytest.raises(ValueError, match="no ISO 4217"):
        exponent("EURO")


@pytest.mark.parametrize(
    ("price", "currency", "said"),
    [
        (0.0375, "EUR", "€0.0375"),
        (1234.5, "EUR", "€1,234.50"),
        (12, "JPY", "¥12"),
        (0.5, "JPY", "¥0.5"),
        (-3, "EUR", "−€3.00"),
    ],
)
def test_the_price_of_one_keeps_its_decimals(price, currency, said):
    assert words("UTC").price(price, currency) == said


def test_a_size_is_said_in_the_unit_that_it_fills():
    said = [words("UTC").size(count) for count in (0, 1_499, 999_499, 999_500, 1_249_999, 12_000_000_000)]
    assert said == ["1 KB", "1 KB", "999 KB", "1 MB", "1.2 MB", "12,000 MB"]
