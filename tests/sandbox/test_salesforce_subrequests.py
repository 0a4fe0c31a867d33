"""Salesforce's batches, graphs, trees and lists of records: several things in one call."""

from __future__ import annotations

from typing import Any

import pytest
from simple_salesforce import Salesforce, SalesforceMalformedRequest

from sandbox.state import State

BASE = "/services/data/v68.0"
Json = dict[str, Any]


def post(org: Salesforce, path: str, **body: Any) -> Any:
    return org.restful(path, method="POST", json=body)


def new_account(org: Salesforce, **fields: Any) -> str:
    return str(post(org, "sobjects/Account", **fields)["id"])


def test_a_batch_answers_each_call_for_itself(org: Salesforce) -> None:
    path = f"v68.0/sobjects/Account/{new_account(org, Name='Old')}"
    calls: list[Json] = [
        {"method": "PATCH", "url": path, "richInput": {"Name": "New"}},
        {"method": "GET", "url": "v68.0/sobjects/Account/001RO000000000ZYAQ"},
        {"method": "GET", "url": f"{path}?fields=Name"},
        {"method": "GET", "url": f"{BASE}/query?q=SELECT+COUNT(Id)+FROM+Account"},
    ]
    answer = post(org, "composite/batch", batchRequests=calls)
    assert answer["hasErrors"] is True
    assert [one["statusCode"] for one in answer["results"]] == [204, 404, 200, 200]
    assert answer["results"][0]["result"] is None
    assert answer["results"][1]["result"][0]["errorCode"] == "NOT_FOUND"
    assert answer["results"][2]["result"].keys() == {"attributes", "Name", "Id"}
    assert answer["results"][3]["result"]["records"][0]["expr0"] == 1


def test_a_batch_can_halt_at_the_first_error(org: Salesforce) -> None:
    calls = [{"method": "GET", "url": "v68.0/nothing"}, {"method": "GET", "url": "v68.0/limits"}]
    results = post(org, "composite/batch", batchRequests=calls, haltOnError=True)["results"]
    assert [one["statusCode"] for one in results] == [404, 412]
    assert results[1]["result"][0]["errorCode"] == "BATCH_PROCESSING_HALTED"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("composite/batch", {"batchRequests": [{"method": "GET", "url": "v68.0/limits"}] * 26}),
        ("composite/batch", {"batchRequests": []}),
        ("composite/graph", {"graphs": [{"graphId": "1"}]}),
        ("composite/tree/Account", {"records": [{"attributes": {"type": "Account"}, "Name": "No reference"}]}),
        ("composite/tree/Account", {"records": [{"attributes": {"type": "Case", "referenceId": "a"}}]}),
        ("composite/sobjects/Account", {"ids": ["001RO000000000ZYAQ"]}),
    ],
)
def test_what_is_not_well_formed_is_refused_as_a_whole(org: Salesforce, path: str, body: Json) -> None:
    with pytest.raises(SalesforceMalformedRequest):
        post(org, path, **body)


def graph(name: str, *bodies: Json) -> Json:
    calls = [
        {"method": "POST", "url": f"{BASE}/sobjects/Account", "referenceId": f"r{n}", "body": body}
        for n, body in enumerate(bodies)
    ]
    return {"graphId": name, "compositeRequest": calls}


def test_a_graph_is_taken_back_as_a_whole_and_leaves_the_others_alone(org: Salesforce, state: State) -> None:
    graphs = post(org, "composite/graph", graphs=[graph("a", {"Name": "A"}), graph("b", {"Name": "B"}, {})])["graphs"]
    assert [(one["graphId"], one["isSuccessful"]) for one in graphs] == [("a", True), ("b", False)]
    assert graphs[1]["graphResponse"]["compositeResponse"][0]["body"][0]["errorCode"] == "PROCESSING_HALTED"
    assert [record.body["Name"] for record in state.select("salesforce", "Account")] == ["A"]


def leaf(kind: str, reference: str, **fields: Any) -> Json:
    return {"attributes": {"type": kind, "referenceId": reference}, **fields}


def test_a_tree_ties_children_to_parents_and_tells_all_ids_level_by_level(org: Salesforce) -> None:
    people = {"records": [leaf("Contact", "ann", LastName="Ann"), leaf("Contact", "bob", LastName="Bob")]}
    roots = [leaf("Account", "one", Name="One", Contacts=people), leaf("Account", "two", Name="Two")]
    answer = post(org, "composite/tree/Account", records=roots)
    assert answer["hasErrors"] is False
    ids = {one["referenceId"]: one["id"] for one in answer["results"]}
    assert list(ids) == ["one", "two", "ann", "bob"]
    assert post(org, "composite/sobjects/Contact", ids=[ids["bob"]], fields=["AccountId"])[0]["AccountId"] == ids["one"]


def test_a_tree_with_one_bad_record_leaves_nothing(org: Salesforce, state: State) -> None:
    people = {"records": [leaf("Contact", "bad", LastName="Ann", Email="123")]}
    with pytest.raises(SalesforceMalformedRequest) as refused:
        post(org, "composite/tree/Account", records=[leaf("Account", "one", Name="One", Contacts=people)])
    answer: Any = refused.value.content
    assert answer["hasErrors"] is True
    assert [one["referenceId"] for one in answer["results"]] == ["bad"]
    assert answer["results"][0]["errors"][0]["statusCode"] == "INVALID_EMAIL_ADDRESS"
    assert state.count("salesforce", "Account") == 0


def test_many_records_are_read_at_once_with_null_for_those_that_are_not_there(org: Salesforce) -> None:
    ids = [new_account(org, Name="One"), "001RO000000000ZYAQ", new_account(org, Name="Two")]
    listed: Any = org.restful("composite/sobjects/Account", params={"ids": ",".join(ids), "fields": "Name"})
    assert [one and one["Name"] for one in listed] == ["One", None, "Two"]
    assert listed == post(org, "composite/sobjects/Account", ids=ids, fields=["Name"])


def test_a_parent_can_be_named_by_its_external_id(org: Salesforce) -> None:
    account = new_account(org, Name="One", QuickBooks_Id__c="7")
    contact = post(org, "sobjects/Contact", LastName="Ann", Account={"QuickBooks_Id__c": "7"})["id"]
    assert org.query(f"SELECT AccountId FROM Contact WHERE Id = '{contact}'")["records"][0]["AccountId"] == account
    with pytest.raises(SalesforceMalformedRequest, match="Foreign key external ID: 8 not found"):
        post(org, "sobjects/Contact", LastName="Bob", Account={"QuickBooks_Id__c": "8"})
