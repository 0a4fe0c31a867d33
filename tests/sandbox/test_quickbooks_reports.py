"""QuickBooks' reports on what customers owe agree with the books."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from quickbooks import QuickBooks
from quickbooks.exceptions import QuickbooksException

from sandbox import firm
from sandbox.state import State

TODAY = dt.date(2026, 11, 24)
Json = dict[str, Any]


@pytest.fixture(autouse=True)
def seeded(state: State) -> None:
    firm.seed(state, clients=8, today=TODAY)


def ask(qb: QuickBooks, name: str, **parameters: str) -> Json:
    report: Json = qb.get_report(name, {"report_date": TODAY.isoformat(), **parameters})
    assert report["Header"]["ReportName"] == name
    return report


def cells(row: Json) -> list[str]:
    return [cell["value"] for cell in row["ColData"]]


def rows(report: Json) -> list[Json]:
    found: list[Json] = report["Rows"]["Row"]
    return found


def total(report: Json, place: int = -1) -> Decimal:
    (grand,) = (row for row in rows(report) if row.get("group") == "GrandTotal")
    return Decimal(cells(grand["Summary"])[place])


def owed(state: State, customer: str) -> Decimal:
    record = state.get("quickbooks", "Customer", customer)
    assert record is not None
    return Decimal(str(record.body["Balance"]))


def test_each_customers_balance_is_that_of_the_customer(qb: QuickBooks, state: State) -> None:
    lines = [row["ColData"] for row in rows(ask(qb, "CustomerBalance")) if "ColData" in row]
    home = {line[0]["id"]: Decimal(line[1]["value"]) for line in lines}
    customers = [one for one in state.select("quickbooks", "Customer") if one.body["Balance"]]
    at_home = {
        one.id: owed(state, one.id) for one in customers if one.body.get("CurrencyRef", {}).get("value") == "USD"
    }
    assert at_home
    assert {id_: home[id_] for id_ in at_home} == at_home


def test_all_reports_come_to_the_same_sum(qb: QuickBooks) -> None:
    whole = total(ask(qb, "CustomerBalance"))
    assert whole > 0
    assert total(ask(qb, "AgedReceivables")) == whole
    assert total(ask(qb, "CustomerBalanceDetail"), -2) == whole
    assert total(ask(qb, "AgedReceivableDetail")) == whole


def test_what_is_late_stands_in_the_column_of_its_days(qb: QuickBooks, state: State) -> None:
    report = ask(qb, "AgedReceivables")
    columns = [column["ColTitle"] for column in report["Columns"]["Column"]]
    assert columns == ["", "Current", "1 - 30", "31 - 60", "61 - 90", "91 and over", "Total"]
    late = ask(qb, "AgedReceivables", report_date="2027-11-24")
    assert total(late, 5) == sum(total(report, place) for place in range(1, 6)) - total(late, 1)
    assert total(late, 1) <= 0


def test_a_detail_names_each_open_transaction_of_one_customer(qb: QuickBooks, state: State) -> None:
    where = "json_extract(body, '$.Balance') > 0"
    invoice = next(state.select("quickbooks", "Invoice", where))
    report = ask(qb, "CustomerBalanceDetail", customer=invoice.body["CustomerRef"]["value"])
    (section, _) = rows(report)
    assert section["Header"]["ColData"][0]["id"] == invoice.body["CustomerRef"]["value"]
    named = {row["ColData"][1]["id"]: cells(row) for row in section["Rows"]["Row"]}
    assert named[invoice.id][:4] == [
        invoice.body["TxnDate"],
        "Invoice",
        invoice.body.get("DocNumber", ""),
        invoice.body["DueDate"],
    ]
    assert cells(section["Summary"])[-2] == cells(section["Rows"]["Row"][-1])[-1]


def test_a_list_of_transactions_keeps_to_its_days(qb: QuickBooks, state: State) -> None:
    period = {"start_date": "2026-10-01", "end_date": "2026-10-31"}
    listed = rows(ask(qb, "TransactionList", **period))
    where = "deleted = 0 AND json_extract(body, '$.TxnDate') BETWEEN '2026-10-01' AND '2026-10-31'"
    kinds = ("Invoice", "Payment", "CreditMemo")
    assert len(listed) == sum(state.count("quickbooks", kind, where) for kind in kinds) > 0
    assert "Rows" in ask(qb, "TransactionList", start_date="1990-01-01", end_date="1990-01-02")


@pytest.mark.parametrize(
    ("name", "parameters", "code"),
    [("CashFlow", {}, 5020), ("CustomerBalance", {"report_date": "soon"}, 2010)],
)
def test_an_unknown_report_and_a_day_that_is_none_are_refused(
    qb: QuickBooks, name: str, parameters: dict[str, str], code: int
) -> None:
    with pytest.raises(QuickbooksException) as refused:
        qb.get_report(name, parameters)
    assert refused.value.error_code == code
