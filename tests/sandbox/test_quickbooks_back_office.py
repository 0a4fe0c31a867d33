"""What a firm keeps beside its sales, written with python-quickbooks: bills, their payments, journals, hours, lists."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from typing import Any

import pytest
from quickbooks import QuickBooks
from quickbooks.exceptions import QuickbooksException
from quickbooks.objects.account import Account
from quickbooks.objects.bill import Bill
from quickbooks.objects.billpayment import BillPayment
from quickbooks.objects.deposit import Deposit
from quickbooks.objects.journalentry import JournalEntry
from quickbooks.objects.paymentmethod import PaymentMethod
from quickbooks.objects.purchase import Purchase
from quickbooks.objects.purchaseorder import PurchaseOrder
from quickbooks.objects.taxcode import TaxCode
from quickbooks.objects.term import Term
from quickbooks.objects.timeactivity import TimeActivity
from quickbooks.objects.transfer import Transfer
from quickbooks.objects.vendor import Vendor
from quickbooks.objects.vendorcredit import VendorCredit

from sandbox import firm
from sandbox.quickbooks.wire import REALM
from sandbox.state import State

Json = dict[str, Any]


@pytest.fixture
def vendor(qb: QuickBooks) -> str:
    one = Vendor()
    one.DisplayName = "Timber & Sons"
    return str(one.save(qb=qb).Id)


Make = Callable[..., Json]


@pytest.fixture
def make(qb: QuickBooks, state: State) -> Make:
    """Write one object as JSON; what came back."""
    for id_ in ("1", "2", "8", "11"):
        state.put("quickbooks", "Account", id_, {"SyncToken": "0", "Name": f"Account {id_}"})

    def write(kind: str, body: Json, **parameters: str) -> Json:
        answer: Json = qb.create_object(kind, json.dumps(body), params=parameters)[kind]
        return answer

    return write


def lines(*amounts: float) -> list[Json]:
    detail = {"AccountRef": {"value": "11"}}
    kind = "AccountBasedExpenseLineDetail"
    return [{"Amount": amount, "DetailType": kind, kind: detail} for amount in amounts]


def paid(vendor: str, amount: float, *links: tuple[str, str, float]) -> Json:
    applied = [{"Amount": part, "LinkedTxn": [{"TxnId": id_, "TxnType": kind}]} for kind, id_, part in links]
    return {"VendorRef": {"value": vendor}, "PayType": "Check", "TotalAmt": amount, "Line": applied}


def test_a_bill_is_owed_until_payments_and_credits_settle_it(qb: QuickBooks, vendor: str, make: Make) -> None:
    bill = make("Bill", {"VendorRef": {"value": vendor}, "Line": lines(60, 40.5)})
    assert (bill["TotalAmt"], bill["Balance"], bill["VendorRef"]["name"]) == (100.5, 100.5, "Timber & Sons")
    credit = make("VendorCredit", {"VendorRef": {"value": vendor}, "Line": lines(20)})
    assert Vendor.get(vendor, qb=qb).Balance == 80.5
    payment = make("BillPayment", paid(vendor, 30, ("Bill", bill["Id"], 50), ("VendorCredit", credit["Id"], 20)))
    left = Bill.get(bill["Id"], qb=qb)
    assert (left.Balance, left.LinkedTxn[0].TxnType, left.LinkedTxn[0].TxnId) == (50.5, "BillPayment", payment["Id"])
    assert make("VendorCredit", {**credit, "SyncToken": "1", "sparse": True})["Balance"] == 0
    assert Vendor.get(vendor, qb=qb).Balance == 50.5
    voided = make("BillPayment", {**payment, "sparse": True}, operation="update", include="void")
    assert (voided["TotalAmt"], voided["PrivateNote"]) == (0, "Voided")
    assert (Bill.get(bill["Id"], qb=qb).Balance, Vendor.get(vendor, qb=qb).Balance) == (100.5, 80.5)


def test_a_deleted_bill_is_owed_no_more_and_is_told_by_the_change_feed(qb: QuickBooks, vendor: str, make: Make) -> None:
    bill = make("Bill", {"VendorRef": {"value": vendor}, "Line": lines(60)})
    Bill.get(bill["Id"], qb=qb).delete(qb=qb)
    assert Vendor.get(vendor, qb=qb).Balance == 0
    since = (dt.datetime.now(dt.UTC) - dt.timedelta(minutes=5)).isoformat()
    told = qb.change_data_capture("Bill", since)["CDCResponse"][0]["QueryResponse"][0]["Bill"]
    assert [(one["Id"], one["status"]) for one in told] == [(bill["Id"], "Deleted")]


@pytest.mark.parametrize(
    ("kind", "body", "code"),
    [
        ("Bill", {"Line": lines(1)}, 2020),
        ("Bill", {"VendorRef": {"value": "999"}, "Line": lines(1)}, 2500),
        ("Bill", {"VendorRef": {"value": "1"}, "Line": [{"Amount": 1, "DetailType": "JournalEntryLineDetail"}]}, 2170),
        ("BillPayment", paid("1", 5, ("Bill", "999", 5)), 2500),
        ("BillPayment", {**paid("1", 5), "PayType": "Barter", "Line": lines(1)}, 2170),
        ("Purchase", {"PaymentType": "Cash", "Line": lines(1)}, 2020),
        ("JournalEntry", {"Line": []}, 2020),
        ("TimeActivity", {"NameOf": "Robot"}, 2170),
        ("Deposit", {"Line": lines(1), "DepositToAccountRef": {"value": "1"}}, 2170),
    ],
)
def test_what_is_not_whole_is_refused(vendor: str, make: Make, kind: str, body: Json, code: int) -> None:
    assert vendor == "1"
    with pytest.raises(QuickbooksException) as refused:
        make(kind, body)
    assert refused.value.error_code == code


def test_no_more_can_be_paid_than_a_bill_has(qb: QuickBooks, vendor: str, make: Make) -> None:
    bill = make("Bill", {"VendorRef": {"value": vendor}, "Line": lines(60)})
    with pytest.raises(QuickbooksException) as refused:
        make("BillPayment", paid(vendor, 61, ("Bill", bill["Id"], 61)))
    assert refused.value.error_code == 6000
    assert BillPayment.count(qb=qb) == 0
    assert Bill.get(bill["Id"], qb=qb).Balance == 60


def posting(side: str, amount: float) -> Json:
    detail = {"PostingType": side, "AccountRef": {"value": "1"}}
    return {"Amount": amount, "DetailType": "JournalEntryLineDetail", "JournalEntryLineDetail": detail}


def test_a_journal_entry_has_two_equal_sides(qb: QuickBooks, make: Make) -> None:
    make("JournalEntry", {"Line": [posting("Debit", 10), posting("Credit", 4), posting("Credit", 6)]})
    with pytest.raises(QuickbooksException) as refused:
        make("JournalEntry", {"Line": [posting("Debit", 10), posting("Credit", 4)]})
    assert refused.value.error_code == 6000
    (entry,) = JournalEntry.all(qb=qb)
    assert [line.JournalEntryLineDetail.PostingType for line in entry.Line] == ["Debit", "Credit", "Credit"]


def test_purchases_orders_deposits_transfers_and_hours_are_kept(qb: QuickBooks, vendor: str, make: Make) -> None:
    make("Purchase", {"PaymentType": "Cash", "AccountRef": {"value": "1"}, "Line": lines(5, 7)})
    make("PurchaseOrder", {"VendorRef": {"value": vendor}, "Line": lines(9)})
    deposit = {"Amount": 3, "DetailType": "DepositLineDetail", "DepositLineDetail": {"AccountRef": {"value": "8"}}}
    make("Deposit", {"DepositToAccountRef": {"value": "1"}, "Line": [deposit]})
    make("Transfer", {"FromAccountRef": {"value": "1"}, "ToAccountRef": {"value": "2"}, "Amount": 4})
    make("TimeActivity", {"NameOf": "Vendor", "VendorRef": {"value": vendor}, "Hours": 2, "Minutes": 30})
    assert [kind.all(qb=qb)[0].TotalAmt for kind in (Purchase, PurchaseOrder, Deposit)] == [12, 9, 3]
    assert Transfer.all(qb=qb)[0].TxnDate == TimeActivity.all(qb=qb)[0].TxnDate
    assert VendorCredit.all(qb=qb) == []


def test_the_sample_firm_has_the_lists_that_every_company_has(qb: QuickBooks, state: State) -> None:
    firm.seed(state, clients=1, today=dt.date(2026, 11, 24))
    kinds = {account.AccountType for account in Account.all(qb=qb)}
    assert {"Bank", "Accounts Receivable", "Accounts Payable", "Income", "Expense"} <= kinds
    defaults = qb.get(f"{qb.api_url_v3}/company/{REALM}/preferences")["Preferences"]["SalesFormsPrefs"]["DefaultTerms"]
    assert Term.get(defaults["value"], qb=qb).DueDays == 30
    assert [code.Name for code in TaxCode.where("Taxable = true", qb=qb)] == ["TAX"]
    assert [code.Name for code in TaxCode.where("Id = 'NON'", qb=qb)] == ["NON"]
    assert PaymentMethod.where("Name = 'Visa'", qb=qb)[0].Type == "CREDIT_CARD"
    term = Term()
    term.Name, term.DueDays = "Net 90", 90
    assert int(term.save(qb=qb).Id) > 4


def test_a_rate_and_the_signed_in_user_can_be_asked_for(qb: QuickBooks, state: State) -> None:
    state.put("quickbooks", "Preferences", "1", {"CurrencyPrefs": {"HomeCurrency": {"value": "USD"}}})
    state.put("quickbooks", "Invoice", "7", {"CurrencyRef": {"value": "EUR"}, "ExchangeRate": 1.08})
    place = f"{qb.api_url_v3}/company/{REALM}/exchangerate"
    rate = qb.get(place, params={"sourcecurrencycode": "EUR", "asofdate": "2026-11-24"})["ExchangeRate"]
    assert (rate["Rate"], rate["TargetCurrencyCode"], rate["AsOfDate"]) == (1.08, "USD", "2026-11-24")
    with pytest.raises(QuickbooksException):
        qb.get(place)
    assert qb.auth_client.get_user_info().json()["emailVerified"] is True
