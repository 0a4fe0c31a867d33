"""SOQL: what the parser takes and gives back, what it refuses, and what queries find."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.salesforce.calendar import span
from sandbox.salesforce.cursors import Cursors
from sandbox.salesforce.errors import Fault
from sandbox.salesforce.ids import numbered_id, to_18
from sandbox.salesforce.org import Org
from sandbox.salesforce.parser import NO_ALIAS, parse
from sandbox.salesforce.query import compile_query
from sandbox.salesforce.soql import Comparison, Count, Field, Joined, Negated, Order, Query, Value, quote, render
from sandbox.state import State

names = st.from_regex(r"[A-Za-z][A-Za-z0-9_]{0,8}", fullmatch=True).filter(
    lambda name: name.upper() not in NO_ALIAS | {"TRUE", "FALSE", "NULL", "ASC", "DESC", "LAST", "FIRST"}
)
fields = st.lists(names, min_size=1, max_size=3).map(lambda parts: Field(tuple(parts)))
values = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=12).map(lambda text: Value("text", text)),
    st.integers(-(10**6), 10**6).map(lambda number: Value("number", str(number))),
    st.sampled_from([Value("boolean", "true"), Value("null"), Value("relative", "LAST_N_DAYS:7")]),
    st.dates().map(lambda day: Value("date", f"{day:%Y-%m-%d}".zfill(10))),
    st.datetimes(timezones=st.just(dt.UTC)).map(lambda at: Value("datetime", at.isoformat().replace("+00:00", "Z"))),
)
comparisons = st.one_of(
    st.builds(Comparison, fields, st.sampled_from(["=", "!=", "<", "<=", ">", ">=", "LIKE"]), values),
    st.builds(
        Comparison, fields, st.sampled_from(["IN", "NOT IN", "INCLUDES", "EXCLUDES"]),
        st.lists(values, min_size=1, max_size=3).map(tuple),
    ),
)  # fmt: skip
conditions = st.recursive(
    comparisons,
    lambda inner: st.one_of(
        inner.map(Negated),
        st.builds(Joined, st.sampled_from(["AND", "OR"]), st.lists(inner, min_size=2, max_size=3).map(tuple)),
    ),
    max_leaves=5,
)
orders = st.lists(st.builds(Order, fields, st.booleans(), st.booleans()), max_size=2).map(tuple)
bounds = st.one_of(st.none(), st.integers(0, 5000))


def queries(selected: Any) -> Any:
    return st.builds(Query, selected, names, st.one_of(st.none(), conditions), orders, bounds, bounds)


children = queries(st.lists(fields, min_size=1, max_size=2).map(tuple))
whole = queries(st.lists(st.one_of(fields, children), min_size=1, max_size=3).map(tuple) | st.just((Count(),)))


@given(whole)
def test_what_is_rendered_parses_to_the_same_tree(query: Query) -> None:
    assert parse(render(query)) == query


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_no_text_can_break_out_of_its_quotes(text: str) -> None:
    query = parse(f"SELECT Id FROM Account WHERE Name = {quote(text)}")
    assert query.where == Comparison(Field(("Name",)), "=", Value("text", text))


@given(st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", min_size=15, max_size=15))
def test_the_18_character_id_tells_ids_apart_that_differ_in_case_only(short: str) -> None:
    long = to_18(short)
    assert (long[:15], to_18(long)) == (short, long)
    for place, letter in enumerate(short):
        other = short[:place] + letter.swapcase() + short[place + 1 :]
        assert other == short or to_18(other).lower() != long.lower()


def test_the_documented_example_of_an_id() -> None:
    assert to_18("003RO0000035WQg") == "003RO0000035WQgYAM"


@pytest.mark.parametrize(
    ("soql", "code", "says"),
    [
        ("SELECT Id FRO Account", "MALFORMED_QUERY", "unexpected token: 'FRO'"),
        ("SELECT Id FROM Account WHERE Id IN ()", "MALFORMED_QUERY", "unexpected token: ')'"),
        ("SELECT Id FROM Account WHERE Name = 'a' AND Phone = 'b' OR Website = 'c'", "MALFORMED_QUERY", "'OR'"),
        ("SELECT Id FROM Account WHERE Name = 'a' AND NOT Phone = 'b'", "MALFORMED_QUERY", "'NOT'"),
        ('SELECT Id FROM Account WHERE Name = "a"', "MALFORMED_QUERY", "unexpected token"),
        ("SELECT Id FROM Account WHERE CreatedDate > 2024-05-28T21:15:07 00:00", "MALFORMED_QUERY", "unexpected"),
        ("SELECT Id, Nope__c FROM Account", "INVALID_FIELD", "No such column 'Nope__c' on entity 'Account'"),
        ("SELECT Id FROM Nope__c", "INVALID_TYPE", "sObject type 'Nope__c' is not supported"),
        ("SELECT Nope__r.Name FROM Account", "INVALID_FIELD", "Didn't understand relationship 'Nope__r'"),
        (
            "SELECT Id FROM Account WHERE SystemModstamp > '2024-05-28T21:15:07Z'",
            "INVALID_FIELD",
            "must be of type dateTime and should not be enclosed in quotes",
        ),
        ("SELECT Id FROM Account WHERE Name = 5", "INVALID_FIELD", "should be enclosed in quotes"),
        ("SELECT Id FROM Case WHERE Description LIKE 'x%'", "INVALID_FIELD", "can not be filtered"),
        ("SELECT Id FROM Account WHERE Id = 'short'", "INVALID_QUERY_FILTER_OPERATOR", "invalid ID field"),
        ("SELECT FIELDS(ALL) FROM Account", "MALFORMED_QUERY", "LIMIT of at most 200"),
        ("SELECT Id FROM Account LIMIT 1 OFFSET 2001", "NUMBER_OUTSIDE_VALID_RANGE", "2000"),
    ],
)
def test_what_salesforce_refuses_is_refused_with_its_error(state: State, soql: str, code: str, says: str) -> None:
    with pytest.raises(Fault) as refused:
        compile_query(Org(state), parse(soql), state.now(), with_deleted=False)
    assert refused.value.code == code
    assert says in refused.value.message


@pytest.fixture
def org(state: State) -> State:
    """Three accounts, two projects, three milestones; the third account is in the recycle bin."""
    for number, (name, city) in enumerate((("Müller & Söhne", "Bonn"), ("O'Hara", None), ("Gone", "Rome")), 1):
        body: dict[str, Any] = {"Name": name, "BillingCity": city} if city else {"Name": name}
        state.put("salesforce", "Account", account(number), body, deleted=name == "Gone")
    for number, budget in ((1, 900.5), (2, 20)):
        body = {"Name": f"Project {number}", "Account__c": account(number), "Budget__c": budget}
        state.put("salesforce", "Project__c", numbered_id("a00", number), body | {"Due_Date__c": f"2026-12-0{number}"})
    for number in (1, 2, 3):
        body = {"Name": f"Step {number}", "Sequence__c": number, "Project__c": numbered_id("a00", min(number, 2))}
        state.put("salesforce", "Milestone__c", numbered_id("a01", number), body)
    return state


def account(number: int) -> str:
    return numbered_id("001", number)


def ask(state: State, soql: str, *, deleted: bool = False) -> Any:
    statement = compile_query(Org(state), parse(soql), state.now(), with_deleted=deleted)
    return Cursors(state).first(statement, 2000, "/services/data/v68.0")


def found(state: State, where: str, entity: str = "Account") -> list[str]:
    return [
        record["Name"] for record in ask(state, f"SELECT Name FROM {entity} WHERE {where} ORDER BY Name")["records"]
    ]


def test_text_compares_without_case_also_beyond_ascii(org: State) -> None:
    assert found(org, "Name = 'MÜLLER & SÖHNE'") == ["Müller & Söhne"]
    assert found(org, "Name LIKE 'o\\'h%'") == ["O'Hara"]
    assert found(org, "Name LIKE '%SÖ_NE'") == ["Müller & Söhne"]


def test_null_differs_from_every_value_as_soql_has_it(org: State) -> None:
    assert found(org, "BillingCity != 'Bonn'") == ["O'Hara"]
    assert found(org, "BillingCity NOT IN ('Bonn')") == ["O'Hara"]
    assert found(org, "BillingCity = null") == ["O'Hara"]
    assert found(org, "NOT BillingCity = 'Bonn'") == ["O'Hara"]


def test_a_15_character_id_finds_its_record(org: State) -> None:
    assert found(org, f"Id = '{account(2)[:15]}'") == ["O'Hara"]


def test_numbers_dates_and_parentheses(org: State) -> None:
    where = "(Budget__c > 100 OR Due_Date__c >= 2026-12-02) AND Account__r.BillingCity = 'Bonn'"
    assert found(org, where, "Project__c") == ["Project 1"]


def test_deleted_rows_show_only_in_query_all(org: State) -> None:
    assert ask(org, "SELECT COUNT() FROM Account")["totalSize"] == 2
    everything = ask(org, "SELECT Name, IsDeleted FROM Account", deleted=True)["records"]
    assert [record["Name"] for record in everything if record["IsDeleted"]] == ["Gone"]


def test_rows_leave_the_recycle_bin_after_15_days(org: State) -> None:
    old = org.now() - 16 * 86_400_000
    org.put("salesforce", "Account", account(3), {"Name": "Gone"}, deleted=True, modified=old)
    assert ask(org, "SELECT COUNT() FROM Account", deleted=True)["totalSize"] == 2


def test_parents_nest_and_children_come_with_their_own_totals(org: State) -> None:
    soql = "SELECT Name, Project__r.Account__r.Name FROM Milestone__c WHERE Sequence__c = 1"
    record = ask(org, soql)["records"][0]
    assert record["Project__r"]["Account__r"]["Name"] == "Müller & Söhne"
    soql = (
        "SELECT Name, (SELECT Name FROM Milestones__r ORDER BY Sequence__c DESC LIMIT 1) FROM Project__c ORDER BY Name"
    )
    second = ask(org, soql)["records"][1]["Milestones__r"]
    assert (second["totalSize"], second["records"][0]["Name"]) == (1, "Step 3")


def test_nulls_come_first_unless_said_otherwise(org: State) -> None:
    names = [record["Name"] for record in ask(org, "SELECT Name FROM Account ORDER BY BillingCity DESC")["records"]]
    assert names == ["O'Hara", "Müller & Söhne"]
    last = ask(org, "SELECT Name FROM Account ORDER BY BillingCity ASC NULLS LAST")["records"]
    assert [record["Name"] for record in last] == ["Müller & Söhne", "O'Hara"]


@pytest.mark.parametrize(
    ("literal", "start", "end"),
    [
        ("TODAY", "2026-11-24", "2026-11-25"),
        ("LAST_N_DAYS:7", "2026-11-17", "2026-11-25"),
        ("THIS_WEEK", "2026-11-22", "2026-11-29"),
        ("LAST_MONTH", "2026-10-01", "2026-11-01"),
        ("NEXT_QUARTER", "2027-01-01", "2027-04-01"),
        ("LAST_N_YEARS:2", "2024-01-01", "2026-01-01"),
        ("THIS_FISCAL_QUARTER", "2026-10-01", "2027-01-01"),
        ("LAST_N_FISCAL_YEARS:1", "2025-01-01", "2026-01-01"),
        ("N_DAYS_AGO:3", "2026-11-21", "2026-11-22"),
        ("N_MONTHS_AGO:2", "2026-09-01", "2026-10-01"),
    ],
)
def test_date_literals_mean_what_the_reference_says(literal: str, start: str, end: str) -> None:
    found = span(literal, dt.date(2026, 11, 24))
    assert found is not None
    assert (found[0].isoformat(), found[1].isoformat()) == (start, end)


def test_an_unknown_date_literal_is_none() -> None:
    assert span("SOMEDAY", dt.date(2026, 11, 24)) is None
    assert span("LAST_N_DAYS:x", dt.date(2026, 11, 24)) is None


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT COUNT(Id) FROM Case GROUP BY ROLLUP(Status)",
        "SELECT FORMAT(Budget__c) FROM Project__c",
        "SELECT TYPEOF Owner WHEN User THEN Email END FROM Case",
        "SELECT Id FROM Account WITH SECURITY_ENFORCED",
    ],
)
def test_what_the_document_says_is_absent_is_refused(statement: str) -> None:
    with pytest.raises(Fault) as refused:
        parse(statement)
    assert refused.value.code == "MALFORMED_QUERY"
