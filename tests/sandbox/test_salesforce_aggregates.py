"""SOQL that counts, sums and groups, joins by sub-selects and names its objects, asked by simple-salesforce."""

from __future__ import annotations

from typing import Any

import pytest
from simple_salesforce import Salesforce, SalesforceMalformedRequest

from sandbox.salesforce.ids import numbered_id
from sandbox.salesforce.parser import parse
from sandbox.salesforce.soql import render
from sandbox.state import State

JANUARY, MARCH = 1_767_610_000_000, 1_772_710_000_000


@pytest.fixture(autouse=True)
def projects(state: State) -> None:
    """Two accounts; three projects, one of them of no account; a contact at the first account."""
    for number, name in ((1, "Alder"), (2, "Birch")):
        state.put("salesforce", "Account", numbered_id("001", number), {"Name": name})
    state.put("salesforce", "Contact", numbered_id("003", 1), {"LastName": "Ann", "AccountId": numbered_id("001", 1)})
    rows = (
        (1, 1, "Active", 100, "2026-01-09", JANUARY),
        (2, 1, "Active", 50.5, "2026-03-01", MARCH),
        (3, 0, "On Hold", None, None, MARCH),
    )
    for number, owner, status, budget, due, written in rows:
        body: dict[str, Any] = {"Name": f"P{number}", "Status__c": status, "Budget__c": budget, "Due_Date__c": due}
        body |= {"Account__c": numbered_id("001", owner)} if owner else {}
        state.put("salesforce", "Project__c", numbered_id("a00", number), body, modified=written)


def rows(org: Salesforce, soql: str) -> list[dict[str, Any]]:
    """The records without their attributes, which all say AggregateResult."""
    answer = org.query(soql)
    assert answer["done"]
    assert answer["totalSize"] == len(answer["records"])
    assert all(record.pop("attributes") == {"type": "AggregateResult"} for record in answer["records"])
    return [dict(record) for record in answer["records"]]


def test_whole_objects_are_counted_and_summed(org: Salesforce) -> None:
    soql = "SELECT COUNT(Id), COUNT(Budget__c) known, SUM(Budget__c), AVG(Budget__c) mean, MIN(Name) FROM Project__c"
    assert rows(org, soql) == [{"expr0": 3, "known": 2, "expr1": 150.5, "mean": 75.25, "expr2": "P1"}]
    assert rows(org, "SELECT MAX(Due_Date__c), MAX(CreatedDate) FROM Project__c WHERE Status__c = 'Active'") == [
        {"expr0": "2026-03-01", "expr1": "2026-03-05T11:26:40.000+0000"}
    ]
    assert rows(org, "SELECT SUM(Budget__c), COUNT_DISTINCT(Status__c) FROM Project__c WHERE Name = 'none'") == [
        {"expr0": None, "expr1": 0}
    ]


def test_groups_have_their_fields_name_and_come_in_the_order_asked_for(org: Salesforce) -> None:
    soql = "SELECT Status__c, COUNT(Id) n FROM Project__c GROUP BY Status__c ORDER BY COUNT(Id) DESC"
    assert rows(org, soql) == [{"Status__c": "Active", "n": 2}, {"Status__c": "On Hold", "n": 1}]
    assert rows(org, soql + " LIMIT 1 OFFSET 1") == [{"Status__c": "On Hold", "n": 1}]
    soql = "SELECT Account__r.Name who, SUM(Budget__c) total FROM Project__c GROUP BY Account__r.Name"
    assert rows(org, soql) == [{"who": None, "total": None}, {"who": "Alder", "total": 150.5}]


def test_having_keeps_groups_and_months_can_be_grouped(org: Salesforce) -> None:
    soql = "SELECT Status__c FROM Project__c GROUP BY Status__c HAVING COUNT(Id) > 1 AND Status__c != 'On Hold'"
    assert rows(org, soql) == [{"Status__c": "Active"}]
    soql = "SELECT CALENDAR_YEAR(CreatedDate) y, CALENDAR_MONTH(CreatedDate), COUNT(Id) FROM Project__c"
    soql += " GROUP BY CALENDAR_YEAR(CreatedDate), CALENDAR_MONTH(CreatedDate)"
    assert rows(org, soql) == [{"y": 2026, "expr0": 1, "expr1": 1}, {"y": 2026, "expr0": 3, "expr1": 2}]
    soql = "SELECT DAY_ONLY(CreatedDate) d FROM Project__c GROUP BY DAY_ONLY(CreatedDate)"
    assert rows(org, soql) == [{"d": "2026-01-05"}, {"d": "2026-03-05"}]


def names(org: Salesforce, soql: str) -> list[str]:
    return [record["Name"] for record in org.query(soql)["records"]]


def test_a_date_function_filters_single_records_too(org: Salesforce) -> None:
    assert names(org, "SELECT Name FROM Project__c WHERE CALENDAR_QUARTER(Due_Date__c) = 1 ORDER BY Name") == [
        "P1",
        "P2",
    ]


def test_a_sub_select_finds_those_that_have_and_those_that_have_not(org: Salesforce) -> None:
    inner = "(SELECT AccountId FROM Contact c WHERE c.LastName LIKE 'a%')"
    assert names(org, f"SELECT Name FROM Account WHERE Id IN {inner}") == ["Alder"]
    assert names(org, f"SELECT Name FROM Account WHERE Name != 'x' AND Id NOT IN {inner}") == ["Birch"]
    soql = "SELECT Name FROM Project__c WHERE Account__c NOT IN (SELECT AccountId FROM Contact)"
    assert names(org, soql) == ["P3"]


def test_an_object_can_have_an_alias_and_a_picklist_its_label(org: Salesforce) -> None:
    soql = "SELECT p.Name, toLabel(p.Status__c), p.Account__r.Name FROM Project__c AS p WHERE p.Name = 'P1' FOR VIEW"
    record = org.query(soql)["records"][0]
    assert (record["Name"], record["Status__c"], record["Account__r"]["Name"]) == ("P1", "Active", "Alder")


@pytest.mark.parametrize(
    ("soql", "says"),
    [
        ("SELECT Name, COUNT(Id) FROM Account GROUP BY Industry", "Field must be grouped or aggregated: Name"),
        ("SELECT Name, COUNT(Id) FROM Account", "Field must be grouped or aggregated: Name"),
        ("SELECT COUNT(Id) FROM Account LIMIT 1", "cannot also use LIMIT"),
        ("SELECT SUM(Name) FROM Account", "field Name does not support aggregate operator SUM"),
        ("SELECT Budget__c FROM Project__c GROUP BY Budget__c", "field 'Budget__c' can not be grouped"),
        ("SELECT COUNT(Id) n, MIN(Name) n FROM Account", "duplicate alias: n"),
        ("SELECT Name n FROM Account", "only aggregate expressions use field aliasing"),
        ("SELECT Id FROM Account WHERE COUNT(Id) > 1", "Aggregate functions are not allowed in a WHERE clause"),
        ("SELECT COUNT(Id) FROM Account HAVING COUNT(Id) > 1", "unexpected token: 'HAVING'"),
        ("SELECT Id FROM Account WHERE Id IN (SELECT Id FROM Contact)", "should point to the same object type"),
        ("SELECT Id FROM Account WHERE Id IN (SELECT Id FROM Account)", "not be on the same object type"),
        ("SELECT Id FROM Account WHERE Name IN (SELECT AccountId FROM Contact)", "should point to the same object"),
        ("SELECT Id FROM Account WHERE Id IN (SELECT AccountId FROM Contact LIMIT 1)", "cannot use ORDER BY"),
        (
            "SELECT Id FROM Account WHERE Name = 'x' OR Id IN (SELECT AccountId FROM Contact)",
            "not allowed with the 'OR' operator",
        ),
        (
            "SELECT Id FROM Account WHERE NOT Id IN (SELECT AccountId FROM Contact)",
            "only allowed at the top level WHERE expressions",
        ),
    ],
)
def test_what_cannot_be_grouped_or_joined_is_refused(org: Salesforce, soql: str, says: str) -> None:
    with pytest.raises(SalesforceMalformedRequest) as refused:
        org.query(soql)
    assert refused.value.content[0]["errorCode"] == "MALFORMED_QUERY"
    assert says in refused.value.content[0]["message"]


def test_groups_come_in_one_batch_or_not_at_all(org: Salesforce, state: State) -> None:
    people = ((numbered_id("003", 10 + n), {"LastName": f"N{n}"}, JANUARY, JANUARY) for n in range(2001))
    state.load("salesforce", "Contact", people)
    with pytest.raises(SalesforceMalformedRequest) as refused:
        org.query("SELECT LastName, COUNT(Id) FROM Contact GROUP BY LastName")
    assert refused.value.content[0]["errorCode"] == "EXCEEDED_ID_LIMIT"
    assert len(rows(org, "SELECT LastName FROM Contact GROUP BY LastName LIMIT 2000")) == 2000


def test_describe_says_what_can_be_grouped(org: Salesforce) -> None:
    described: Any = org.restful("sobjects/Project__c/describe")
    groupable = {field["name"] for field in described["fields"] if field["groupable"]}
    assert {"Status__c", "Due_Date__c"} < groupable
    assert not {"Budget__c", "CreatedDate", "Summary__c"} & groupable


@pytest.mark.parametrize(
    "soql",
    [
        "SELECT Status__c s, COUNT(Id) FROM Project__c p GROUP BY Status__c HAVING COUNT(Id) > 1 LIMIT 3",
        "SELECT p.Id FROM Project__c p WHERE p.Id IN (SELECT Project__c FROM Milestone__c) ORDER BY Id ASC NULLS FIRST",
        "SELECT Id FROM Account WHERE CALENDAR_YEAR(CreatedDate) IN (2025, 2026)",
    ],
)
def test_what_is_parsed_is_rendered_alike(soql: str) -> None:
    assert render(parse(soql)) == soql


@pytest.mark.parametrize(
    ("soql", "pointer"),
    [
        (
            "SELECT Id, Nope FROM Account",
            "FROM Account\n           ^\nERROR at Row:1:Column:12\nNo such column",
        ),
        ("SELECT Id FROM Nope", "Row:1:Column:16\nsObject type 'Nope'"),
        ("SELECT Id,\n Nope__r.Name FROM Account", "Row:2:Column:2\nDidn't understand relationship"),
        ("SELECT COUNT(Nope) FROM Account", "Row:1:Column:14\nNo such column"),
    ],
)
def test_an_unknown_name_is_pointed_at(org: Salesforce, soql: str, pointer: str) -> None:
    with pytest.raises(SalesforceMalformedRequest) as refused:
        org.query(soql)
    assert pointer in refused.value.content[0]["message"]
