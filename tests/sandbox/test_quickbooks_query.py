"""The query language as a caller meets it: what it finds, what it means, and what it refuses in the vendor's words."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.quickbooks.faults import Fault
from sandbox.quickbooks.query import run
from sandbox.quickbooks.query_language import Condition, parse, quote
from sandbox.state import State

Ask = Callable[[str], list[str]]
NOON = 1_717_000_000_000
NAMES = ("Ärzte & Söhne", "O'Brien Ltd", "Back\\slash", "Taquería 🌮", "100_% Sure")


@pytest.fixture
def state(tmp_path) -> State:
    state = State(tmp_path / "sandbox.sqlite")
    for number, name in enumerate(NAMES, 1):
        state.put("quickbooks", "Customer", str(number), {"DisplayName": name, "Active": True}, modified=NOON + number)
    state.put("quickbooks", "Customer", "6", {"DisplayName": "Old (deleted)", "Active": False}, modified=NOON)
    for number, (total, day) in enumerate([(9.5, "2026-01-31"), (100.0, "2026-02-01"), (20.0, "2026-02-02")], 7):
        body = {"TotalAmt": total, "Balance": total, "TxnDate": day, "CustomerRef": {"value": "2", "name": "O'Brien"}}
        state.put("quickbooks", "Invoice", str(number), body, modified=NOON + number * 1000)
    state.put("quickbooks", "Invoice", "11", {"TotalAmt": 1.0, "Balance": 0.0}, deleted=True)
    return state


@pytest.fixture
def ask(state: State) -> Ask:
    def ids(statement: str) -> list[str]:
        answer: dict[str, Any] = run(state, statement)
        return [row["Id"] for rows in answer.values() if isinstance(rows, list) for row in rows]

    return ids


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("SELECT * FROM Invoice", ["7", "8", "9"]),
        ("select Id, TotalAmt from invoice where TotalAmt > '9.5' orderby TotalAmt", ["9", "8"]),
        ("SELECT * FROM Invoice ORDER BY TxnDate DESC STARTPOSITION 2 MAXRESULTS 1", ["8"]),
        ("SELECT * FROM Invoice WHERE TxnDate >= '2026-02-01' AND TotalAmt < 50", ["9"]),
        ("SELECT * FROM Invoice WHERE CustomerRef = '2' AND Id IN ('7', '9', '99')", ["7", "9"]),
        ("SELECT * FROM Customer WHERE DisplayName LIKE '%söhne'", ["1"]),
        ("SELECT * FROM Customer WHERE DisplayName LIKE '100_%'", ["5"]),
        ("SELECT * FROM Customer WHERE DisplayName LIKE '_00%'", []),
        (r"SELECT * FROM Customer WHERE DisplayName = 'O\'Brien Ltd'", ["2"]),
        (r"SELECT * FROM Customer WHERE DisplayName = 'Back\\slash'", ["3"]),
        ("SELECT * FROM Customer WHERE DisplayName IN ('Taquería 🌮', 'nobody')", ["4"]),
        ("SELECT * FROM Customer WHERE Active = false", ["6"]),
        ("SELECT *, Sku FROM Item", []),
    ],
)
def test_a_statement_finds_what_it_asks_for(ask: Ask, statement: str, found: list[str]) -> None:
    assert ask(statement) == found


def test_an_items_number_comes_only_when_it_is_asked_for(state: State) -> None:
    state.put("quickbooks", "Item", "12", {"Name": "Oats", "Sku": "OA-1"})
    shown = [run(state, f"SELECT {columns} FROM Item")["Item"][0].get("Sku") for columns in ("*", "Id, Name", "*, sku")]
    assert shown == [None, None, "OA-1"]


def test_a_name_list_hides_its_inactive_members_until_they_are_asked_for(ask: Ask, state: State) -> None:
    assert "6" not in ask("SELECT * FROM Customer")
    assert "6" in ask("SELECT * FROM Customer WHERE Active IN (true, false)")
    assert run(state, "SELECT count(*) FROM Customer") == {"totalCount": 5}


def test_times_are_compared_as_instants_in_whole_seconds_whatever_their_offset(ask: Ask) -> None:
    utc, pacific = "2024-05-29T16:26:48+00:00", "2024-05-29T09:26:48-07:00"
    assert ask(f"SELECT * FROM Invoice WHERE MetaData.LastUpdatedTime = '{utc}'") == ["8"]
    assert ask(f"SELECT * FROM Invoice WHERE Metadata.LastUpdatedTime <= '{pacific}'") == ["7", "8"]
    assert ask(f"SELECT * FROM Invoice WHERE MetaData.LastUpdatedTime > '{pacific}'") == ["9"]


def test_what_was_written_within_one_second_is_told_apart_by_its_id_alone(ask: Ask, state: State) -> None:
    for id_, late in (("20", 900), ("21", 500), ("100", 100)):
        state.put("quickbooks", "Term", id_, {"Name": id_, "Active": True}, modified=NOON + late)
    assert ask("SELECT * FROM Term ORDERBY MetaData.LastUpdatedTime, Id") == ["20", "21", "100"]
    assert ask("SELECT * FROM Term ORDERBY MetaData.LastUpdatedTime DESC, Id DESC") == ["100", "21", "20"]


def test_an_answer_without_rows_names_no_entity(state: State) -> None:
    assert run(state, "SELECT * FROM Payment") == {}


@pytest.mark.parametrize(
    "statement",
    [
        "",
        "SELECT FROM Invoice",
        "SELECT * FROM Invoice WHERE Balance = '1' OR Balance = '2'",
        "SELECT * FROM Invoice WHERE (Balance = '1')",
        "SELECT * FROM Invoice WHERE Balance != '1'",
        "SELECT * FROM Invoice WHERE DocNumber = 'it's'",
        "SELECT * FROM Invoice WHERE DocNumber = 'open",
        "SELECT * FROM Invoice MAXRESULTS 10 STARTPOSITION 1",
        "SELECT * FROM Invoice; DROP TABLE record",
        "SELECT * FROM Invoice GROUP BY DocNumber",
    ],
)
def test_what_the_vendor_cannot_parse_is_a_4000(state: State, statement: str) -> None:
    with pytest.raises(Fault) as refused:
        run(state, statement)
    assert refused.value.code == "4000"
    assert refused.value.detail.startswith("QueryParserError: ")


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("SELECT * FROM Invoice WHERE Colour = 'red'", "Property Colour not found for Entity Invoice"),
        ("SELECT * FROM Ship", "Metadata not found for Entity: Ship"),
        ("SELECT * FROM Invoice WHERE Line = '1'", "property 'Line' is not queryable"),
        ("SELECT * FROM Invoice MAXRESULTS 1001", "value 1001 is too large. Max allowed is 1000."),
        ("SELECT * FROM Invoice STARTPOSITION 0", "value 0 is too small. Min allowed is 1."),
        ("SELECT * FROM Invoice WHERE MetaData.LastUpdatedTime > 'soon'", "Invalid date format 'soon'"),
        ("SELECT * FROM Invoice WHERE TotalAmt > 'much'", "Invalid number 'much'"),
    ],
)
def test_what_is_not_there_is_a_4001(state: State, statement: str, words: str) -> None:
    with pytest.raises(Fault, match="QueryValidationError") as refused:
        run(state, statement)
    assert refused.value.code == "4001"
    assert words in refused.value.detail


def test_a_backslash_at_the_end_breaks_out_as_at_the_vendor(state: State) -> None:
    """python-quickbooks escapes apostrophes but not backslashes; the emulator must not be kinder than QuickBooks."""
    with pytest.raises(Fault):
        run(state, "SELECT * FROM Customer WHERE DisplayName = 'ends in \\'")


@given(st.text(st.characters(exclude_categories=["Cs"])), st.text(st.characters(exclude_categories=["Cs"])))
def test_a_quoted_text_means_itself_and_never_more(text: str, other: str) -> None:
    query = parse(f"SELECT * FROM Customer WHERE DisplayName = {quote(text)} AND GivenName IN ({quote(other)}, '')")
    assert query.conditions == (Condition("DisplayName", "=", (text,)), Condition("GivenName", "IN", (other, "")))


@given(st.text(max_size=60))
def test_no_statement_breaks_the_parser(text: str) -> None:
    """Whatever stands there is read, or refused as a Fault; nothing else ever comes out."""
    with suppress(Fault):
        assert parse(f"SELECT * FROM Customer {text}").entity == "Customer"
