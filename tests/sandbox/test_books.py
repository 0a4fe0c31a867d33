"""The books after an edit: whatever the bookkeeper does, invoices, payments, credits and customers add up."""

from __future__ import annotations

import datetime as dt
import shutil
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import requests

from sandbox import firm
from sandbox.state import Record, State

OPEN = (
    "json_extract(body, '$.Balance') > 100 AND json_extract(body, '$.CustomerRef.value') {} IN (SELECT id FROM record "
)
OPEN += "WHERE kind = 'Customer' AND json_extract(body, '$.Job') = 1)"
LEFT = {"Invoice": ("Balance", 1), "Payment": ("UnappliedAmt", -1), "CreditMemo": ("RemainingCredit", -1)}


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample firm in a file, made once."""
    made = State(tmp_path_factory.mktemp("firm") / "sandbox.sqlite")
    firm.seed(made, clients=40, today=dt.date(2026, 11, 24))
    made.close()
    return Path(made.path)


@pytest.fixture
def state(seeded: Path, tmp_path: Path) -> Iterator[State]:
    """A copy of it."""
    state = State(shutil.copy(seeded, tmp_path))
    yield state
    state.close()


@pytest.fixture
def books(state: State) -> State:
    return state


def edit(url: str, name: str, **wish: Any) -> dict[str, Any]:
    answer = requests.post(f"{url}/control/edits/{name}", json=wish, timeout=30)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()["body"]
    return body


def get(state: State, kind: str, id_: str) -> dict[str, Any]:
    record = state.get("quickbooks", kind, id_)
    assert record is not None
    return record.body


def an_open_invoice(state: State, where: str = "", *, of_a_job: bool = False) -> Record:
    return next(
        state.select("quickbooks", "Invoice", f"deleted = 0 AND {OPEN.format('' if of_a_job else 'NOT')}{where}")
    )


def payer(state: State, invoice: Record) -> dict[str, Any]:
    return get(state, "Customer", invoice.body["CustomerRef"]["value"])


def exact(value: Any) -> Decimal:
    return Decimal(str(value or 0))


def assert_it_adds_up(state: State) -> None:
    """Balances are what payments leave, home amounts follow, customers owe what is open, with their jobs' as well."""
    paid: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    owed: defaultdict[str, Decimal] = defaultdict(Decimal)
    jobs: defaultdict[str, Decimal] = defaultdict(Decimal)
    for payment in state.select("quickbooks", "Payment", "deleted = 0"):
        for line in payment.body.get("Line", []):
            link = line["LinkedTxn"][0]
            paid[link["TxnType"], link["TxnId"]] += exact(line["Amount"])
    for kind, (left, sign) in LEFT.items():
        for record in state.select("quickbooks", kind, "deleted = 0"):
            body = record.body
            owed[body["CustomerRef"]["value"]] += sign * exact(body.get(left))
            if kind != "Payment":
                rest = exact(body["TotalAmt"]) - exact(body.get("Deposit")) - paid[kind, record.id]
                assert exact(body[left]) == exact(body["Balance"]) == rest
            if "HomeBalance" in body:
                assert float(body["HomeBalance"]) == pytest.approx(body["Balance"] * body["ExchangeRate"], abs=0.006)
    customers = {record.id: record.body for record in state.select("quickbooks", "Customer", "deleted = 0")}
    for id_, body in customers.items():
        assert exact(body["Balance"]) == owed[id_], body["DisplayName"]
        above = id_
        while above:
            jobs[above] += owed[id_]
            above = customers[above].get("ParentRef", {}).get("value", "")
    assert {id_: exact(body["BalanceWithJobs"]) for id_, body in customers.items()} == {
        id_: jobs[id_] for id_ in customers
    }


def test_a_part_and_then_the_rest_comes_in(books: State, url: str) -> None:
    assert_it_adds_up(books)
    invoice = an_open_invoice(books)
    owed, balance = payer(books, invoice)["Balance"], invoice.body["Balance"]
    assert edit(url, "pay-invoice", id=invoice.id, amount=40)["Balance"] == pytest.approx(balance - 40)
    assert payer(books, invoice)["Balance"] == pytest.approx(owed - 40)
    assert_it_adds_up(books)
    assert edit(url, "pay-invoice", id=invoice.id)["Balance"] == 0
    assert payer(books, invoice)["Balance"] == pytest.approx(owed - balance)
    assert_it_adds_up(books)


def test_what_is_paid_too_much_stays_with_the_customer(books: State, url: str) -> None:
    invoice = an_open_invoice(books)
    owed, balance = payer(books, invoice)["Balance"], invoice.body["Balance"]
    paid = edit(url, "pay-invoice", id=invoice.id, amount=balance + 15)
    payment = get(books, "Payment", paid["LinkedTxn"][-1]["TxnId"])
    assert (paid["Balance"], payment["UnappliedAmt"]) == (0, 15)
    assert payer(books, invoice)["Balance"] == pytest.approx(owed - balance - 15)
    assert_it_adds_up(books)


def test_a_jobs_payment_is_seen_at_the_customer_above_it(books: State, url: str) -> None:
    invoice = an_open_invoice(books, of_a_job=True)
    parent = payer(books, invoice)["ParentRef"]["value"]
    before = get(books, "Customer", parent)
    edit(url, "pay-invoice", id=invoice.id, amount=25)
    after = get(books, "Customer", parent)
    assert after["BalanceWithJobs"] == pytest.approx(before["BalanceWithJobs"] - 25)
    assert after["Balance"] == before["Balance"]
    assert_it_adds_up(books)


def test_a_payment_in_euros_lowers_the_amount_at_home_too(books: State, url: str) -> None:
    invoice = an_open_invoice(books, " AND json_extract(body, '$.CurrencyRef.value') = 'EUR'")
    paid = edit(url, "pay-invoice", id=invoice.id, amount=100)
    assert paid["HomeBalance"] == pytest.approx(invoice.body["HomeBalance"] - 108, abs=0.011)
    assert_it_adds_up(books)


def test_a_voided_invoice_leaves_what_was_paid_on_it_unapplied(books: State, url: str) -> None:
    invoice = an_open_invoice(books)
    payment = edit(url, "pay-invoice", id=invoice.id, amount=40)["LinkedTxn"][-1]["TxnId"]
    voided = edit(url, "void-invoice", id=invoice.id)
    assert (voided["TotalAmt"], voided["Balance"], voided["PrivateNote"][:6]) == (0, 0, "Voided")
    assert get(books, "Payment", payment)["UnappliedAmt"] == 40
    assert_it_adds_up(books)
    again = requests.post(f"{url}/control/edits/void-invoice", json={"id": invoice.id}, timeout=30)
    assert again.status_code == 409


def test_a_credit_lowers_the_invoice_and_without_it_the_invoice_is_open_again(books: State, url: str) -> None:
    invoice = an_open_invoice(books)
    credited = edit(url, "credit-invoice", id=invoice.id, amount=60)
    assert credited["Balance"] == pytest.approx(invoice.body["Balance"] - 60)
    assert_it_adds_up(books)
    payment = get(books, "Payment", credited["LinkedTxn"][-1]["TxnId"])
    memo = payment["Line"][1]["LinkedTxn"][0]["TxnId"]
    assert (payment["TotalAmt"], get(books, "CreditMemo", memo)["RemainingCredit"]) == (0, 0)
    requests.delete(f"{url}/control/records/quickbooks/CreditMemo/{memo}", timeout=30).raise_for_status()
    assert get(books, "Invoice", invoice.id)["Balance"] == invoice.body["Balance"]
    assert_it_adds_up(books)


@pytest.mark.parametrize("wish", [{"amount": 10**9}, {"amount": 0}, {"amount": -1}])
def test_a_credit_of_nothing_or_of_more_than_is_open_is_refused(books: State, url: str, wish: dict[str, Any]) -> None:
    invoice = an_open_invoice(books)
    refused = requests.post(f"{url}/control/edits/credit-invoice", json={"id": invoice.id, **wish}, timeout=30)
    assert refused.status_code == 409
    assert books.get("quickbooks", "Invoice", invoice.id) == invoice


@pytest.mark.parametrize("kind", ["Payment", "Invoice"])
def test_a_transaction_that_is_deleted_and_restored_leaves_the_books_right(books: State, url: str, kind: str) -> None:
    invoice = an_open_invoice(books)
    paid = edit(url, "pay-invoice", id=invoice.id, amount=40)
    id_ = paid["LinkedTxn"][-1]["TxnId"] if kind == "Payment" else invoice.id
    owed = payer(books, invoice)["Balance"]
    record = f"{url}/control/records/quickbooks/{kind}/{id_}"
    requests.delete(record, timeout=30).raise_for_status()
    assert_it_adds_up(books)
    assert requests.post(f"{record}/restore", timeout=30).json()["deleted"] is False
    assert payer(books, invoice)["Balance"] == owed
    assert_it_adds_up(books)


def test_a_total_or_a_balance_set_by_hand_is_felt_by_the_customer(books: State, url: str) -> None:
    invoice = an_open_invoice(books)
    owed, record = payer(books, invoice)["Balance"], f"{url}/control/records/quickbooks/Invoice/{invoice.id}"
    raised = requests.patch(record, json={"TotalAmt": invoice.body["TotalAmt"] + 10}, timeout=30).json()["body"]
    assert raised["Balance"] == pytest.approx(invoice.body["Balance"] + 10)
    assert payer(books, invoice)["Balance"] == pytest.approx(owed + 10)
    assert_it_adds_up(books)
    requests.patch(record, json={"Balance": 0}, timeout=30).raise_for_status()
    assert payer(books, invoice)["Balance"] == pytest.approx(owed - invoice.body["Balance"])


def test_a_record_put_there_by_hand_is_owed(books: State, url: str) -> None:
    invoice = an_open_invoice(books)
    owed = payer(books, invoice)["Balance"]
    body = {"CustomerRef": invoice.body["CustomerRef"], "TotalAmt": 12.5, "Balance": 12.5}
    requests.post(f"{url}/control/records/quickbooks/Invoice", json=body, timeout=30).raise_for_status()
    assert payer(books, invoice)["Balance"] == pytest.approx(owed + 12.5)
    assert_it_adds_up(books)


def test_a_customer_cannot_be_deleted_only_made_inactive(books: State, url: str) -> None:
    customers = f"{url}/control/records/quickbooks/Customer"
    refused = requests.delete(f"{customers}/{payer(books, an_open_invoice(books))['Id']}", timeout=30)
    assert (refused.status_code, "non-zero balance" in refused.json()["error"]) == (409, True)
    paid_up = "json_extract(body, '$.BalanceWithJobs') = 0 AND json_extract(body, '$.Active') = 1"
    customer = next(books.select("quickbooks", "Customer", paid_up))
    gone = requests.delete(f"{customers}/{customer.id}", timeout=30).json()
    assert (gone["deleted"], gone["body"]["Active"]) == (False, False)
    assert gone["body"]["DisplayName"] == f"{customer.body['DisplayName']} (deleted)"
    back = requests.post(f"{customers}/{customer.id}/restore", timeout=30).json()["body"]
    assert (back["Active"], back["DisplayName"]) == (True, customer.body["DisplayName"])
