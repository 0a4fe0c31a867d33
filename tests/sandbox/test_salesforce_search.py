"""SOSL and parameterized search, as simple-salesforce asks them."""

from __future__ import annotations

from typing import Any

import pytest
from simple_salesforce import Salesforce, SalesforceMalformedRequest

from sandbox.salesforce.ids import numbered_id
from sandbox.state import State


@pytest.fixture(autouse=True)
def records(state: State) -> None:
    account = {"Name": "Müller & Söhne", "Phone": "+49 228 1"}
    state.put("salesforce", "Account", numbered_id("001", 1), account)
    state.put("salesforce", "Account", numbered_id("001", 2), {"Name": "Mueller Supplies", "Industry": "Müller"})
    person = {"Name": "Ann Müller", "LastName": "Müller", "Email": "ann@mueller.example"}
    state.put("salesforce", "Contact", numbered_id("003", 1), person | {"AccountId": numbered_id("001", 1)})
    state.put("salesforce", "Contact", numbered_id("003", 2), person, deleted=True)


def found(answer: Any) -> list[str]:
    return [record.get("Name", record["attributes"]["type"]) for record in answer["searchRecords"]]


@pytest.mark.parametrize(
    ("sosl", "names"),
    [
        ("FIND {müller}", ["Account", "Account", "Contact"]),
        ("FIND {müller} IN NAME FIELDS RETURNING Account(Name), Contact(Name)", ["Müller & Söhne", "Ann Müller"]),
        ("FIND {m*ller AND NOT Söhne} RETURNING Account(Id, Name)", ["Mueller Supplies"]),
        (
            'FIND {"& Söhne" OR supplies} RETURNING Account(Name ORDER BY Name DESC)',
            ["Müller & Söhne", "Mueller Supplies"],
        ),
        ("FIND {muell} RETURNING Account(Name)", []),
        ("FIND {ann} IN EMAIL FIELDS RETURNING Contact(Name WHERE Account.Name LIKE 'm%' LIMIT 1)", ["Ann Müller"]),
        ("FIND {müller} RETURNING Account(Name), Contact(Name) LIMIT 1", ["Müller & Söhne"]),
    ],
)
def test_words_are_found(org: Salesforce, sosl: str, names: list[str]) -> None:
    assert found(org.search(sosl)) == names


def test_parameters_say_the_same(org: Salesforce) -> None:
    asked = org.restful("parameterizedSearch", params={"q": "müller", "sobject": "Account", "fields": "Name"})
    assert found(asked) == ["Müller & Söhne", "Mueller Supplies"]
    one = {"name": "Account", "fields": ["Name"], "where": "Phone != null", "limit": 5}
    body: Any = {"q": "müller", "in": "NAME", "sobjects": [one]}
    assert found(org.restful("parameterizedSearch", method="POST", json=body)) == ["Müller & Söhne"]
    assert found(org.quick_search("söhne")) == ["Account"]


@pytest.mark.parametrize(
    ("sosl", "code"),
    [
        ("LOOK {x}", "MALFORMED_SEARCH"),
        ("FIND {x}", "MALFORMED_SEARCH"),
        ("FIND {xy} IN SOME FIELDS", "MALFORMED_SEARCH"),
        ("FIND {xy} RETURNING Nope(Id)", "INVALID_TYPE"),
        ("FIND {xy} RETURNING Account(Nope)", "INVALID_FIELD"),
    ],
)
def test_a_search_that_cannot_be_read_is_refused(org: Salesforce, sosl: str, code: str) -> None:
    with pytest.raises(SalesforceMalformedRequest) as refused:
        org.search(sosl)
    assert refused.value.content[0]["errorCode"] == code
