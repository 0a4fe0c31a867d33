"""What QuickBooks refuses to take: minor versions, enums, dates, addresses and properties that it does not know."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
from quickbooks.objects.account import Account
from quickbooks.objects.creditmemo import CreditMemo
from quickbooks.objects.customer import Customer
from quickbooks.objects.department import Department
from quickbooks.objects.employee import Employee
from quickbooks.objects.estimate import Estimate
from quickbooks.objects.invoice import Invoice
from quickbooks.objects.item import Item
from quickbooks.objects.payment import Payment
from quickbooks.objects.paymentmethod import PaymentMethod
from quickbooks.objects.refundreceipt import RefundReceipt
from quickbooks.objects.salesreceipt import SalesReceipt
from quickbooks.objects.term import Term
from quickbooks.objects.trackingclass import Class
from quickbooks.objects.vendor import Vendor

from sandbox import firm
from sandbox.quickbooks import checks, references
from sandbox.quickbooks.entities import ENTITIES
from sandbox.serve import serving
from sandbox.state import State

COMPANY = "/v3/company/4620816365179422850"
Api = Callable[..., requests.Response]


@pytest.fixture
def api(state: State) -> Iterator[Api]:
    state.put("quickbooks", "Preferences", "2", {"CurrencyPrefs": {"MultiCurrencyEnabled": True}})
    state.put("quickbooks", "Customer", "3", {"SyncToken": "0", "DisplayName": "Größe", "Balance": 0.0})
    with serving(state) as base:
        wish = {"grant_type": "refresh_token", "refresh_token": "sandbox-refresh-0"}
        client = ("sandbox-qbo-client", "sandbox-qbo-secret")
        tokens = requests.post(f"{base}/oauth2/v1/tokens/bearer", wish, auth=client, timeout=10).json()
        headers = {"Authorization": f"Bearer {tokens['access_token']}"}
        yield lambda method, path, **more: requests.request(
            method, base + COMPANY + path, headers=headers, timeout=10, **more
        )


def fault(answer: requests.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["Fault"]["Error"][0]["code"]


@pytest.mark.parametrize("version", ["1", "74", "75", ""])
def test_a_minor_version_below_75_is_answered_as_75(api: Api, version: str) -> None:
    assert api("GET", "/preferences", params={"minorversion": version}).json()["Preferences"]


@pytest.mark.parametrize("version", ["x", "7.5", "-1", "76", "999"])
def test_a_minor_version_that_is_none_or_not_there_yet_is_refused(api: Api, version: str) -> None:
    refused = api("GET", "/preferences", params={"minorversion": version})
    assert fault(refused) == (400, "2010")
    assert version in refused.json()["Fault"]["Error"][0]["Detail"]


def a_sale(**more: Any) -> dict[str, Any]:
    line = {"Amount": 100.0, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {}}
    return {"CustomerRef": {"value": "3"}, "Line": [line], **more}


WRONG = [
    ({"EmailStatus": "Bad"}, "2170"),
    ({"PrintStatus": "Bad"}, "2170"),
    ({"GlobalTaxCalculation": "Bad"}, "2170"),
    ({"Line": [{"Amount": 1, "DetailType": "SubtotalLineDetail"}]}, "2010"),
    ({"Line": [{"Amount": 1, "DetailType": "DepositLineDetail", "DepositLineDetail": {}}]}, "2170"),
    ({"Line": [{"Amount": 1, "SalesItemLineDetail": {}}]}, "2020"),
    ({"Line": [{"Amount": 1, "DetailType": "SalesItemLineDetail"}]}, "2020"),
    ({"Line": [{"DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {"ItemRef": {"value": "99999"}}}]}, "2500"),
    ({"SalesTermRef": {"value": "99999"}}, "2500"),
    ({"CustomerRef": {"value": "99999"}}, "2500"),
    ({"TxnDate": "bad"}, "2010"),
    ({"DueDate": "2026-02-30"}, "2010"),
    ({"TxnDate": 20260101}, "2010"),
    ({"Line": [{"DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {"ServiceDate": "bad"}}]}, "2010"),
    ({"Bogus": 1}, "2010"),
    ({"emailstatus": "NotSet"}, "2010"),
    ({"BillEmail": {"Address": "rubbish"}}, "2210"),
    ({"BillEmail": {"Address": "a@x.example, rubbish"}}, "2210"),
]


@pytest.mark.parametrize(("wrong", "code"), WRONG)
def test_a_value_that_the_vendor_refuses_is_not_kept(api: Api, wrong: dict[str, Any], code: str) -> None:
    assert fault(api("POST", "/invoice", json=a_sale(**wrong))) == (400, code)
    sale = api("POST", "/invoice", json=a_sale()).json()["Invoice"]
    head = {"Id": sale["Id"], "SyncToken": "0", "sparse": True, "CustomerRef": {"value": "3"}}
    assert fault(api("POST", "/invoice", json=head | wrong)) == (400, code)
    assert api("GET", f"/invoice/{sale['Id']}").json()["Invoice"] == sale


def test_what_was_made_inactive_can_be_used_no_more(api: Api, state: State) -> None:
    state.put("quickbooks", "Item", "8", {"SyncToken": "0", "Name": "Oats", "Active": False})
    line = {"DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {"ItemRef": {"value": "8"}}}
    refused = api("POST", "/invoice", json=a_sale(Line=[line]))
    assert fault(refused) == (400, "610")
    assert "made inactive" in refused.json()["Fault"]["Error"][0]["Detail"]
    api("POST", "/customer", json={"Id": "3", "SyncToken": "0", "sparse": True, "Active": False})
    assert fault(api("POST", "/invoice", json=a_sale())) == (400, "610")
    assert fault(api("POST", "/payment", json={"CustomerRef": {"value": "3"}, "TotalAmt": 5})) == (400, "610")


def test_a_customer_who_owes_something_stays_active(api: Api, state: State) -> None:
    sale = api("POST", "/invoice", json=a_sale()).json()["Invoice"]
    gone = {"Id": "3", "SyncToken": "1", "sparse": True, "Active": False}
    assert fault(api("POST", "/customer", json=gone)) == (400, "6000")
    api("POST", "/invoice", params={"operation": "void"}, json={"Id": sale["Id"], "SyncToken": "0"})
    assert api("POST", "/customer", json=gone | {"SyncToken": "2"}).json()["Customer"]["Active"] is False


def test_what_is_empty_or_right_is_kept(api: Api) -> None:
    right = {"EmailStatus": "NeedToSend", "DueDate": "2026-02-28", "ShipDate": "", "PrintStatus": None}
    sale = api("POST", "/invoice", json=a_sale(**right, BillEmail={"Address": "a@x.example, b@x.example"}))
    assert sale.json()["Invoice"]["EmailStatus"] == "NeedToSend"


def test_everything_in_the_sample_firms_books_may_be_written_back(state: State) -> None:
    firm.seed(state, clients=2, today=dt.date(2026, 11, 24))
    for entity in ENTITIES.values():
        for record in state.select("quickbooks", entity.name) if entity.writable else ():
            checks.check_body(entity, record.body)
            for _, kind, id_ in references.referred(record.body, references.REFERENCES):
                assert state.get("quickbooks", kind, id_)


def test_a_full_update_without_a_date_gets_the_days(api: Api) -> None:
    sale = api("POST", "/invoice", json=a_sale(TxnDate="2020-01-01")).json()["Invoice"]
    answer = api("POST", "/invoice", json=a_sale(Id=sale["Id"], SyncToken="0")).json()
    assert answer["Invoice"]["TxnDate"] == answer["time"][:10]


def test_a_sale_in_another_currency_has_its_rate_and_the_sums_at_home(api: Api, state: State) -> None:
    euros = {"CurrencyRef": {"value": "EUR", "name": "Euro"}}
    state.put("quickbooks", "Customer", "4", {"SyncToken": "0", "DisplayName": "Zoë", "Balance": 0.0} | euros)
    state.put("quickbooks", "Invoice", "5", {"ExchangeRate": 1.25, "TotalAmt": 1.0} | euros)
    body = a_sale(CustomerRef={"value": "4"})
    sale = api("POST", "/invoice", json=body).json()["Invoice"]
    assert (sale["ExchangeRate"], sale["HomeTotalAmt"], sale["HomeBalance"]) == (1.25, 125, 125)
    payment = api("POST", "/payment", json={"CustomerRef": {"value": "4"}, "TotalAmt": 8}).json()["Payment"]
    assert (payment["CurrencyRef"]["value"], payment["ExchangeRate"]) == ("EUR", 1.25)
    full = api("POST", "/invoice", json=body | {"Id": sale["Id"], "SyncToken": "0"}).json()["Invoice"]
    assert (full["ExchangeRate"], full["HomeTotalAmt"]) == (1.25, 125)


def test_a_company_of_one_currency_keeps_no_rates(api: Api, state: State) -> None:
    state.put("quickbooks", "Preferences", "2", {"CurrencyPrefs": {"MultiCurrencyEnabled": False}})
    assert "ExchangeRate" not in api("POST", "/invoice", json=a_sale()).json()["Invoice"]


def test_an_invoice_is_not_sent_to_what_is_no_address(api: Api) -> None:
    sale = api("POST", "/invoice", json=a_sale()).json()["Invoice"]
    assert fault(api("POST", f"/invoice/{sale['Id']}/send?sendTo=rubbish")) == (400, "2210")
    assert "BillEmail" not in api("GET", f"/invoice/{sale['Id']}").json()["Invoice"]
    sent = api("POST", f"/invoice/{sale['Id']}/send?sendTo=a@x.example").json()["Invoice"]
    assert (sent["BillEmail"], sent["EmailStatus"]) == ({"Address": "a@x.example"}, "EmailSent")


CLASSES = (
    Account, Class, CreditMemo, Customer, Department, Employee, Estimate, Invoice, Item, Payment, PaymentMethod,
    RefundReceipt, SalesReceipt, Term, Vendor,
)  # fmt: skip


@pytest.mark.parametrize("object_class", CLASSES, ids=lambda known: known.__name__)
def test_all_that_the_vendors_library_sends_of_itself_is_known(object_class: Any) -> None:
    checks.check_body(ENTITIES[object_class.__name__], json.loads(object_class().to_json()))


def test_a_batch_does_not_name_two_items_alike(api: Api) -> None:
    items = [{"bId": "1", "Query": "select count(*) from Customer"}] * 2
    assert fault(api("POST", "/batch", json={"BatchItemRequest": items})) == (400, "2010")


def test_an_invoices_pay_link_leads_to_a_page_where_it_is_paid(api: Api) -> None:
    sale = api("POST", "/invoice", json=a_sale(BillEmail={"Address": "a@x.example"})).json()["Invoice"]
    link = api("GET", f"/invoice/{sale['Id']}?include=invoiceLink").json()["Invoice"]["InvoiceLink"]
    assert "100.00" in requests.get(link, timeout=10).text
    host = link.partition("/pay/")[0]
    form = {"id": sale["Id"], "back": f"/pay/{sale['Id']}"}
    assert "is paid" in requests.post(f"{host}/control/edits/pay-invoice", form, timeout=10).text
    assert "Pay this invoice" not in requests.get(link, timeout=10).text
    assert requests.get(f"{host}/pay/nothing", timeout=10).status_code == 404
