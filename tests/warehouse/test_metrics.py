"""What an analyst gets: two metrics with definitions that hold at their edges, each open to its rows."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from hub.errors import NeedsPerson
from warehouse.build import build
from warehouse.definitions import definitions
from warehouse.metrics import MetricValue, compute, drill_down, evidence
from warehouse.publish import reading

BERLIN = ZoneInfo("Europe/Berlin")
MARCH, APRIL, MAY = dt.date(2024, 3, 1), dt.date(2024, 4, 1), dt.date(2024, 5, 1)
JUNE_5 = dt.datetime(2024, 6, 5, tzinfo=dt.UTC)


def utc(year: int, month: int, day: int, hour: int = 0) -> dt.datetime:
    return dt.datetime(year, month, day, hour, tzinfo=dt.UTC)


def berlin(year: int, month: int, day: int, hour: int, minute: int) -> dt.datetime:
    return dt.datetime(year, month, day, hour, minute, tzinfo=BERLIN)


def values(file: Path, month: dt.date) -> dict[str, MetricValue]:
    return {value.metric: value for value in compute(file, month)}


def test_one_of_two_clients_came(firm, file):
    firm.clients("a", "b")
    firm.did("a", "view", "download", "download", at=utc(2024, 3, 5, 10))
    build(firm.url, file, as_of=JUNE_5)
    mau, actions = values(file, MARCH)["mau"], values(file, MARCH)["actions_per_session"]
    assert (mau.value, mau.numerator, mau.denominator, mau.state) == (50.0, 1, 2, "final")
    assert mau.band == "fair"
    assert mau.sentence == "1 of 2 clients came to the portal."
    assert (actions.value, actions.numerator, actions.denominator) == (2.0, 2, 1)
    assert actions.band == "under the target of 2.5"


def test_whom_the_mapping_leaves_out_was_a_client_in_no_month(firm, file):
    firm.clients("a", "b", "vendor", "former")
    firm.did("a", "view", at=utc(2024, 3, 5, 10))
    firm.did("vendor", "view", at=utc(2024, 3, 5, 10))
    firm.left_out("vendor", "left out by mapping", utc(2024, 4, 10))
    firm.left_out("former", "left out", utc(2024, 4, 10))
    build(firm.url, file, as_of=JUNE_5)
    found = [values(file, month)["mau"] for month in (MARCH, APRIL, MAY)]
    assert [(mau.numerator, mau.denominator) for mau in found] == [(1, 3), (0, 3), (0, 2)]


def test_staff_scanners_bots_and_people_without_a_name_are_never_counted(firm, file):
    firm.clients("a")
    firm.did("a", "view", at=utc(2024, 3, 1, 12))
    firm.did("a", "download", at=utc(2024, 4, 1, 12), counted=False)
    firm.did("a", "download", at=utc(2024, 4, 2, 12), staff_email="ops@firm.example")
    firm.did("a", "download", at=utc(2024, 4, 3, 12), person_id=None)
    build(firm.url, file, as_of=JUNE_5)
    assert values(file, APRIL)["mau"].numerator == 0
    assert values(file, APRIL)["actions_per_session"].state == "no data"


def test_a_visit_just_after_the_firms_midnight_belongs_to_the_new_month(firm, file):
    firm.clients("a")
    firm.did("a", "view", at=berlin(2024, 3, 31, 23, 59))
    firm.did("a", "view", at=berlin(2024, 5, 1, 0, 0))  # 22:00 of April 30th, UTC
    build(firm.url, file, zone="Europe/Berlin", as_of=JUNE_5)
    counted = {month: values(file, month)["mau"].numerator for month in (MARCH, APRIL, MAY)}
    assert counted == {MARCH: 1, APRIL: 0, MAY: 1}
    build(firm.url, file, zone="America/New_York", as_of=JUNE_5)
    counted = {month: values(file, month)["mau"].numerator for month in (MARCH, APRIL, MAY)}
    assert counted == {MARCH: 1, APRIL: 1, MAY: 0}


def test_thirty_idle_minutes_end_a_session_and_the_clock_change_does_not(firm, file):
    firm.clients("a")
    before_the_clock_jumps = berlin(2024, 3, 31, 1, 50)
    firm.did("a", "view", at=before_the_clock_jumps)
    firm.did("a", "download", at=before_the_clock_jumps.astimezone(dt.UTC) + dt.timedelta(minutes=29, seconds=59))
    firm.did("a", "download", at=before_the_clock_jumps.astimezone(dt.UTC) + dt.timedelta(minutes=59, seconds=59))
    build(firm.url, file, zone="Europe/Berlin", as_of=JUNE_5)
    actions = values(file, MARCH)["actions_per_session"]
    assert (actions.numerator, actions.denominator) == (2, 2)


def test_a_client_counts_from_its_arrival_until_it_leaves_and_again_when_it_returns(firm, file):
    firm.clients("always")
    firm.did("always", "view", at=utc(2024, 2, 5))
    firm.clients("late", at=utc(2024, 3, 31, 23))
    firm.clients("brief", at=utc(2024, 2, 10))
    firm.changes("removed", utc(2024, 3, 1), "brief")
    firm.changes("restored", utc(2024, 5, 2), "brief")
    build(firm.url, file, as_of=JUNE_5)
    named = {
        m: {row["client_id"] for row in drill_down(file, "mau", m)} for m in (dt.date(2024, 2, 1), MARCH, APRIL, MAY)
    }
    assert named == {
        dt.date(2024, 2, 1): {"always", "brief"},
        MARCH: {"always", "late"},
        APRIL: {"always", "late"},
        MAY: {"always", "late", "brief"},
    }


def test_a_client_deleted_during_the_first_load_leaves_when_the_source_says(firm, file):
    firm.clients("a", deleted_at=utc(2024, 4, 10))
    firm.clients("b")
    firm.did("b", "view", at=utc(2024, 3, 5))
    build(firm.url, file, as_of=JUNE_5)
    assert [values(file, month)["mau"].denominator for month in (MARCH, APRIL, MAY)] == [2, 2, 1]


def test_each_number_opens_to_its_rows_and_each_row_to_the_stores(firm, file):
    firm.clients("a", "b")
    firm.did("a", "view", "download", at=utc(2024, 3, 5))
    firm.did("b", "approve", at=utc(2024, 3, 6))
    firm.did("a", "search", at=utc(2024, 3, 7))
    build(firm.url, file, as_of=JUNE_5)
    for value in compute(file, MARCH):
        rows = drill_down(file, value.metric, MARCH)
        assert sum(row["numerator"] for row in rows) == value.numerator
        assert sum(row["denominator"] for row in rows) == value.denominator
        facts = [fact["seq"] for c in ("a", "b") for fact in evidence(file, value.metric, MARCH, c)]
        assert sorted(facts) == [1, 2, 3, 4]
        assert sum(row["uses"] for row in rows) == len(facts)


def test_a_month_whose_first_hour_comes_twice_opens_to_the_rows_of_both(sqlite_firm, file):
    # In Havana the clock goes from 01:00 back to midnight on 1 November 2026.
    firm = sqlite_firm
    firm.clients("a")
    firm.did("a", "view", at=dt.datetime(2026, 11, 1, 3, 30, tzinfo=dt.UTC))  # 31 October, 23:30
    firm.did("a", "view", at=dt.datetime(2026, 11, 1, 4, 30, tzinfo=dt.UTC))  # 00:30, the first time
    firm.did("a", "view", at=dt.datetime(2026, 11, 1, 5, 30, tzinfo=dt.UTC))  # 00:30 again
    build(firm.url, file, zone="America/Havana", as_of=dt.datetime(2026, 12, 1, 12, tzinfo=dt.UTC))
    for month, seqs in ((dt.date(2026, 10, 1), [1]), (dt.date(2026, 11, 1), [2, 3])):
        [row] = drill_down(file, "mau", month)
        assert [fact["seq"] for fact in evidence(file, "mau", month, "a")] == seqs
        assert row["uses"] == len(seqs)


def test_a_month_begins_with_the_first_of_two_first_hours_for_clients_that_come_and_go_too(sqlite_firm, file):
    firm = sqlite_firm
    firm.clients("user")
    firm.did("user", "view", at=dt.datetime(2026, 10, 5, tzinfo=dt.UTC))
    between = dt.datetime(2026, 11, 1, 4, 30, tzinfo=dt.UTC)  # 1 November, 00:30 in Havana, the first time
    firm.clients("new", at=between)
    firm.clients("gone")
    firm.changes("removed", between, "gone")
    build(firm.url, file, zone="America/Havana", as_of=dt.datetime(2026, 12, 1, 12, tzinfo=dt.UTC))
    named = [{row["client_id"] for row in drill_down(file, "mau", dt.date(2026, month, 1))} for month in (10, 11)]
    assert named == [{"user", "gone"}, {"user", "gone", "new"}]


def test_no_number_is_made_up(firm, file):
    firm.clients("a")
    build(firm.url, file, as_of=utc(2024, 4, 10))
    assert [value.state for value in compute(file, APRIL)] == ["no data", "no data"]
    assert [value.state for value in compute(file, MAY)] == ["too early", "too early"]
    assert all(value.value is None and value.sentence for value in compute(file, MAY))
    firm.did("a", "view", at=utc(2024, 4, 10))
    build(firm.url, file, as_of=utc(2024, 4, 11))
    assert values(file, APRIL)["mau"].state == "so far"
    assert values(file, APRIL)["actions_per_session"].low is None, "one client tells nothing about the spread"


def test_the_intervals_are_wilsons_and_the_clustered_delta_methods(sqlite_firm, file):
    firm = sqlite_firm
    firm.clients(*"abcdefghij")
    done = {"a": ["download"], "b": ["download", "download", "download"], "c": ["view"], "d": ["view"], "e": ["upload"]}
    for client, verbs in done.items():
        firm.did(client, *verbs, at=utc(2024, 3, 5))
    firm.did("a", "view", at=utc(2024, 3, 6))
    build(firm.url, file, as_of=JUNE_5)
    mau, actions = values(file, MARCH)["mau"], values(file, MARCH)["actions_per_session"]
    # 5 of 10: Wilson's 95 % interval as in any table of it.
    assert (mau.low, mau.high) == pytest.approx((23.659, 76.341), abs=0.001)
    pairs = [(1, 2), (3, 1), (0, 1), (0, 1), (1, 1)]  # actions, sessions of each client
    ratio = sum(a for a, _ in pairs) / sum(s for _, s in pairs)
    error = (5 / 4 * sum((a - ratio * s) ** 2 for a, s in pairs)) ** 0.5 / sum(s for _, s in pairs)
    assert actions.value == pytest.approx(ratio)
    assert (actions.low, actions.high) == pytest.approx((max(0, ratio - 1.959964 * error), ratio + 1.959964 * error))


def test_months_of_another_zone_are_not_passed_off_as_the_firms(sqlite_firm, file):
    sqlite_firm.clients("a")
    build(sqlite_firm.url, file, zone="Europe/Berlin", as_of=JUNE_5)
    with pytest.raises(NeedsPerson, match="counts months of Europe/Berlin"):
        compute(file, MARCH, "UTC")
    with pytest.raises(NeedsPerson, match="no metric 'foo'"):
        drill_down(file, "foo", MARCH)
    with pytest.raises(NeedsPerson, match="no warehouse at"):
        compute(file.with_name("absent"), MARCH)


def test_every_table_and_metric_in_the_file_says_what_it_is(sqlite_firm, file):
    build(sqlite_firm.url, file, as_of=JUNE_5)
    with reading(file) as warehouse:
        silent = warehouse.execute(
            "SELECT table_name FROM duckdb_tables() WHERE comment IS NULL AND database_name = 'warehouse' UNION ALL "
            "SELECT view_name FROM duckdb_views() WHERE comment IS NULL AND database_name = 'warehouse'"
        ).fetchall()
    assert silent == []


def test_the_documentation_defines_what_the_files_define():
    page = Path(__file__).parents[2].joinpath("docs", "metrics.md").read_text(encoding="utf-8")
    words = " ".join(page.split())
    for definition in definitions().values():
        assert f"`{definition.name}`, version {definition.version}" in words
        assert " ".join(definition.definition.split()) in words
