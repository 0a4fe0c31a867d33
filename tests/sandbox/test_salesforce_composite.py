"""Salesforce's composite resource: several calls in one, the later using what the earlier answered."""

from __future__ import annotations

from typing import Any

import pytest
from simple_salesforce import Salesforce, SalesforceMalformedRequest

from sandbox.state import State

BASE = "/services/data/v68.0"


def composite(org: Salesforce, *calls: dict[str, Any], together: bool = False) -> list[dict[str, Any]]:
    body = {"allOrNone": together, "compositeRequest": list(calls)}
    answers: list[dict[str, Any]] = org.restful("composite", method="POST", json=body)["compositeResponse"]
    return answers


def call(name: str, method: str, path: str, body: Any = None) -> dict[str, Any]:
    return {"method": method, "url": f"{BASE}/{path}", "referenceId": name} | ({"body": body} if body else {})


NEW_ACCOUNT = call("account", "POST", "sobjects/Account", {"Name": "Acme"})
NEW_CONTACT = call("contact", "POST", "sobjects/Contact", {"LastName": "Ng", "AccountId": "@{account.id}"})
BAD_CONTACT = call("bad", "POST", "sobjects/Contact", {"FirstName": "No last name"})


def test_a_contact_is_made_for_the_account_made_just_before_and_both_are_read_back(org: Salesforce) -> None:
    read = call("read", "GET", "sobjects/Contact/@{contact.id}?fields=LastName,AccountId")
    statement = "SELECT+Name+FROM+Account+WHERE+Id='@{read.AccountId}'"
    named = call("named", "GET", f"query?q={statement}")
    again = call("again", "PATCH", "sobjects/Contact/@{contact.id}", {"Title": "at @{named.records[0].Name}"})
    answers = composite(org, NEW_ACCOUNT, NEW_CONTACT, read, named, again)
    assert [answer["httpStatusCode"] for answer in answers] == [201, 201, 200, 200, 204]
    account = answers[0]["body"]["id"]
    assert answers[0]["httpHeaders"] == {"Location": f"{BASE}/sobjects/Account/{account}"}
    assert answers[2]["body"]["AccountId"] == account
    assert answers[4]["body"] is None
    assert org.Contact.get(answers[1]["body"]["id"])["Title"] == "at Acme"


def test_calls_stand_by_themselves_but_for_those_that_need_a_failed_one(org: Salesforce) -> None:
    needy = call("needy", "GET", "sobjects/Contact/@{bad.id}")
    answers = composite(org, BAD_CONTACT, NEW_ACCOUNT, needy)
    assert [answer["httpStatusCode"] for answer in answers] == [400, 201, 400]
    assert answers[0]["body"][0]["errorCode"] == "REQUIRED_FIELD_MISSING"
    assert answers[2]["body"][0]["errorCode"] == "PROCESSING_HALTED"
    assert "No value for bad.id" in answers[2]["body"][0]["message"]


def test_all_or_none_takes_everything_back(org: Salesforce, state: State) -> None:
    answers = composite(org, NEW_ACCOUNT, BAD_CONTACT, NEW_CONTACT, together=True)
    codes = [answer["body"][0]["errorCode"] for answer in answers]
    assert codes == ["PROCESSING_HALTED", "REQUIRED_FIELD_MISSING", "PROCESSING_HALTED"]
    assert {answer["httpStatusCode"] for answer in answers} == {400}
    assert state.count("salesforce", "Account") == 0


def test_a_row_of_a_collection_that_fails_takes_everything_back_too(org: Salesforce, state: State) -> None:
    rows = [{"attributes": {"type": "Contact"}, "FirstName": "No last name"}]
    many = call("many", "POST", "composite/sobjects", {"records": rows})
    answers = composite(org, NEW_ACCOUNT, many, together=True)
    assert answers[0]["body"][0]["errorCode"] == "PROCESSING_HALTED"
    assert answers[1]["body"][0]["success"] is False
    assert state.count("salesforce", "Account") == 0


@pytest.mark.parametrize(
    "calls",
    [
        [],
        [{**NEW_ACCOUNT, "referenceId": f"n{number}"} for number in range(26)],
        [NEW_ACCOUNT, NEW_ACCOUNT],
        [{**NEW_ACCOUNT, "referenceId": "not good"}],
    ],
)
def test_what_cannot_be_a_composite_request_is_refused_whole(org: Salesforce, calls: Any) -> None:
    with pytest.raises(SalesforceMalformedRequest):
        composite(org, *calls)


def test_a_composite_request_holds_no_other(org: Salesforce) -> None:
    (answer,) = composite(org, call("inner", "POST", "composite", {"compositeRequest": []}))
    assert answer["httpStatusCode"] == 400
