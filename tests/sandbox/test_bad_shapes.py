"""A body that is JSON but not of the right shape is the sender's fault, told in the vendor's own words."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from simple_salesforce import Salesforce

from sandbox.state import State

LIMITS = {"method": "GET", "url": "/services/data/v68.0/limits", "referenceId": "a"}
COMPANY = "/v3/company/4620816365179422850"


@pytest.fixture
def books(url: str, state: State) -> dict[str, str]:
    state.put("quickbooks", "Customer", "3", {"DisplayName": "Ann", "SyncToken": "0", "Active": True})
    form = {"grant_type": "refresh_token", "refresh_token": "sandbox-refresh-0"}
    app = ("sandbox-qbo-client", "sandbox-qbo-secret")
    answer = requests.post(f"{url}/oauth2/v1/tokens/bearer", form, auth=app, timeout=30).json()
    return {"Authorization": f"Bearer {answer['access_token']}"}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/batch", {"BatchItemRequest": [5]}),
        ("/batch", {"BatchItemRequest": "x"}),
        ("/invoice", {"CustomerRef": {"value": "3"}, "Line": ["x"]}),
        ("/invoice", {"CustomerRef": {"value": "3"}, "Line": "x"}),
        ("/invoice", []),
    ],
)
def test_quickbooks_says_2010(url: str, books: dict[str, str], state: State, path: str, body: Any) -> None:
    answer = requests.post(f"{url}{COMPANY}{path}", json=body, headers=books, timeout=30)
    assert (answer.status_code, answer.json()["Fault"]["Error"][0]["code"]) == (400, "2010")
    assert state.count("quickbooks", "Invoice") == 0


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/composite/sobjects", {"records": [{"attributes": "x"}]}),
        ("/composite", {"compositeRequest": [LIMITS | {"httpHeaders": 5}]}),
        ("/sobjects/Account", ["x"]),
    ],
)
def test_salesforce_says_json_parser_error(url: str, org: Salesforce, path: str, body: Any) -> None:
    headers = {"Authorization": f"Bearer {org.session_id}"}
    answer = requests.post(f"{url}/services/data/v68.0{path}", json=body, headers=headers, timeout=30)
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "JSON_PARSER_ERROR")


LINE = {"DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {"UnitPrice": 1, "Qty": 1}}


@pytest.mark.parametrize(
    "line",
    [
        {"Amount": 1e300},
        {"SalesItemLineDetail": {"UnitPrice": 1e300}},
        {"SalesItemLineDetail": {"UnitPrice": 1, "Qty": 1e300}},
    ],
)
def test_quickbooks_takes_no_amount_that_no_company_has(
    url: str, books: dict[str, str], state: State, line: Any
) -> None:
    invoice = {"CustomerRef": {"value": "3"}, "Line": [LINE | line]}
    answer = requests.post(f"{url}{COMPANY}/invoice", json=invoice, headers=books, timeout=30)
    fault = answer.json()["Fault"]
    assert (answer.status_code, fault["type"], fault["Error"][0]["code"]) == (400, "ValidationFault", "6000")
    assert state.count("quickbooks", "Invoice") == 0


@pytest.mark.parametrize("amount", [1e300, -1e300, 1e11])
def test_nor_may_one_be_put_in_by_hand(url: str, books: dict[str, str], state: State, amount: float) -> None:
    state.put(
        "quickbooks", "Invoice", "9", {"CustomerRef": {"value": "3"}, "TotalAmt": 5.0, "Balance": 5.0, "Line": []}
    )
    records = f"{url}/control/records/quickbooks/Invoice"
    edited = requests.patch(f"{records}/9", json={"TotalAmt": amount}, timeout=30)
    made = requests.post(records, json={"CustomerRef": {"value": "3"}, "TotalAmt": amount}, timeout=30)
    for answer in (edited, made):
        assert (answer.status_code, "is too large" in answer.json()["error"]) == (409, True)
    read = requests.get(f"{url}{COMPANY}/invoice/9", headers=books, timeout=30).json()
    assert read["Invoice"]["TotalAmt"] == 5
