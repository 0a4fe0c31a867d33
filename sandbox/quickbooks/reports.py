"""Reports on what customers owe: rows of cells, all of them text, nested in sections.

Source: the vendor's pages on its reports. Amounts are in the company's own currency; all reports are of today unless
`report_date` says otherwise, which then counts by due date only: what was paid since is not put back.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from typing import Any

from sandbox.quickbooks import currency
from sandbox.quickbooks.entities import VENDOR
from sandbox.quickbooks.faults import Fault, unread_report
from sandbox.quickbooks.ledger import exact
from sandbox.quickbooks.wire import Call, clock
from sandbox.state import Record

Json = dict[str, Any]
Cell = tuple[str, str]
"""A cell's text and the id of what it names."""
BUCKETS = ("Current", "1 - 30", "31 - 60", "61 - 90", "91 and over")
OPEN = {"Invoice": 1, "CreditMemo": -1, "Payment": -1}
LEFT = {"Invoice": "Balance", "CreditMemo": "RemainingCredit", "Payment": "UnappliedAmt"}
TITLES = {"Invoice": "Invoice", "CreditMemo": "Credit Memo", "Payment": "Payment"}
LISTED = (*OPEN, "Estimate", "SalesReceipt", "RefundReceipt")
TRANSACTION = (("Date", "Date"), ("Transaction Type", "String"), ("Num", "String"))
DETAIL = (*TRANSACTION, ("Due Date", "Date"), ("Amount", "Money"), ("Open Balance", "Money"))


class Report:
    """One report being made: its parameters, and the transactions that it is about."""

    def __init__(self, call: Call) -> None:
        self.call, self.state = call, call.state
        self.day = day(call, "report_date") or dt.date.fromisoformat(clock(call.state)[:10])
        self.customers = {one for one in call.query.get("customer", "").split(",") if one}

    def records(self, kinds: Iterable[str]) -> Iterator[Record]:
        """Live transactions of the customers that were asked for, by date."""
        found = [record for kind in kinds for record in self.state.select(VENDOR, kind, "deleted = 0")]
        for record in sorted(found, key=lambda one: (str(one.body.get("TxnDate", "")), int(one.id))):
            if not self.customers or customer(record)[1] in self.customers:
                yield record

    def open(self) -> Iterator[tuple[Record, Decimal]]:
        """What is still open, with its sign, in home currency."""
        for record in self.records(OPEN):
            rate = Decimal(str(record.body.get("ExchangeRate", 1)))
            left = exact(exact(record.body.get(LEFT[record.kind])) * rate) * OPEN[record.kind]
            if left:
                yield record, left

    def late(self, record: Record) -> int:
        """Days since it was due; credits are never late."""
        due = record.body.get("DueDate") if record.kind == "Invoice" else None
        return (self.day - dt.date.fromisoformat(str(due))).days if due else 0

    def amount(self, record: Record) -> Decimal:
        return exact(exact(record.body.get("TotalAmt")) * Decimal(str(record.body.get("ExchangeRate", 1))))


def day(call: Call, name: str) -> dt.date | None:
    """A date among the parameters. Fault 2010 when it is none."""
    text = call.query.get(name, "")
    try:
        return dt.date.fromisoformat(text) if text else None
    except ValueError:
        raise unread_report(name, text) from None


def customer(record: Record) -> Cell:
    reference = record.body.get("CustomerRef") or {}
    return str(reference.get("name", "")), str(reference.get("value", ""))


def bucket(late: int) -> int:
    """Which column a number of days belongs into."""
    return 0 if late <= 0 else min((late - 1) // 30 + 1, len(BUCKETS) - 1)


def text(amount: Decimal) -> str:
    return f"{amount:.2f}"


def row(*cells: Cell | str) -> Json:
    """Cells as a row has them."""
    shown = [(cell, "") if isinstance(cell, str) else cell for cell in cells]
    return {"ColData": [{"value": value, "id": id_} if id_ else {"value": value} for value, id_ in shown]}


def section(title: Cell | str, rows: list[Json], *sums: str) -> Json:
    """Rows below a title, with their sums."""
    name = title if isinstance(title, str) else title[0]
    head = row(title, *[""] * (len(sums)))
    return {"Header": head, "Rows": {"Row": rows}, "Summary": row(f"Total for {name}", *sums), "type": "Section"}


def grand(*cells: str) -> Json:
    return {"Summary": row("TOTAL", *cells), "type": "Section", "group": "GrandTotal"}


def by_customer(report: Report) -> dict[Cell, list[tuple[Record, Decimal]]]:
    """Open transactions below their customers, these by name."""
    found: dict[Cell, list[tuple[Record, Decimal]]] = {}
    for record, left in report.open():
        found.setdefault(customer(record), []).append((record, left))
    return dict(sorted(found.items(), key=lambda one: one[0][0].casefold()))


def customer_balance(report: Report) -> tuple[list[Cell], list[Json]]:
    """What each customer owes."""
    sums = {who: sum((left for _, left in lines), Decimal(0)) for who, lines in by_customer(report).items()}
    rows = [row(who, text(left)) for who, left in sums.items()]
    return [("", "Customer"), ("Total", "Money")], [*rows, grand(text(sum(sums.values(), Decimal(0))))]


def aged_receivables(report: Report) -> tuple[list[Cell], list[Json]]:
    """The same by how late it is."""
    totals = [Decimal(0)] * len(BUCKETS)
    rows = []
    for who, lines in by_customer(report).items():
        ages = [Decimal(0)] * len(BUCKETS)
        for record, left in lines:
            ages[bucket(report.late(record))] += left
        totals = [total + age for total, age in zip(totals, ages, strict=True)]
        rows.append(row(who, *[text(age) if age else "" for age in ages], text(sum(ages, Decimal(0)))))
    columns = [("", "Customer"), *[(name, "Money") for name in (*BUCKETS, "Total")]]
    return columns, [*rows, grand(*[text(total) for total in totals], text(sum(totals, Decimal(0))))]


def detail(report: Report, record: Record, left: Decimal) -> list[Cell | str]:
    """One open transaction."""
    body = record.body
    named: list[Cell | str] = [
        str(body.get("TxnDate", "")),
        (TITLES[record.kind], record.id),
        str(body.get("DocNumber", "")),
    ]
    return [*named, str(body.get("DueDate", "")), text(report.amount(record) * OPEN[record.kind]), text(left)]


def customer_balance_detail(report: Report) -> tuple[list[Cell], list[Json]]:
    """Each customer's open transactions, with what they sum up to so far."""
    rows, whole = [], Decimal(0)
    for who, lines in by_customer(report).items():
        balance, inner = Decimal(0), []
        for record, left in lines:
            balance += left
            inner.append(row(*detail(report, record, left), text(balance)) | {"type": "Data"})
        whole += balance
        rows.append(section(who, inner, "", "", "", "", text(balance), ""))
    return [*DETAIL, ("Balance", "Money")], [*rows, grand("", "", "", "", text(whole), "")]


def aged_receivable_detail(report: Report) -> tuple[list[Cell], list[Json]]:
    """Open transactions by how late they are."""
    rows, whole = [], Decimal(0)
    for number, name in reversed(list(enumerate(BUCKETS))):
        lines = [(one, left) for one, left in report.open() if bucket(report.late(one)) == number]
        inner = []
        for record, left in lines:
            first, kind, *rest = detail(report, record, left)
            inner.append(row(first, kind, rest[0], customer(record), *rest[1:]) | {"type": "Data"})
        total = sum((left for _, left in lines), Decimal(0))
        whole += total
        if inner:
            rows.append(section(name, inner, "", "", "", "", "", text(total)))
    columns = [*TRANSACTION, ("Customer", "String"), *DETAIL[3:]]
    return columns, [*rows, grand("", "", "", "", "", text(whole))]


def transaction_list(report: Report) -> tuple[list[Cell], list[Json]]:
    """Every sale and payment between two days."""
    start, end = day(report.call, "start_date"), day(report.call, "end_date")
    rows = []
    for record in report.records(LISTED):
        written = str(record.body.get("TxnDate", ""))
        if (start and written < start.isoformat()) or (end and written > end.isoformat()):
            continue
        named = (written, (TITLES.get(record.kind, record.kind), record.id), str(record.body.get("DocNumber", "")))
        note = str(record.body.get("PrivateNote", ""))
        rows.append(row(*named, "Yes", customer(record), note, text(report.amount(record))) | {"type": "Data"})
    columns = [*TRANSACTION, ("Posting", "Boolean"), ("Name", "String"), ("Memo/Description", "String")]
    return [*columns, ("Amount", "Money")], rows


REPORTS: dict[str, Callable[[Report], tuple[list[Cell], list[Json]]]] = {
    "CustomerBalance": customer_balance,
    "CustomerBalanceDetail": customer_balance_detail,
    "AgedReceivables": aged_receivables,
    "AgedReceivableDetail": aged_receivable_detail,
    "TransactionList": transaction_list,
}


def made(call: Call) -> Json:
    """GET /reports/{name}. Fault 5020 for one that is not emulated, as for one that the user may not see."""
    name = next((one for one in REPORTS if one.lower() == call.path["name"].lower()), None)
    if name is None:
        raise Fault("5020", "Permission Denied Error", f"Permission Denied Error : Report {call.path['name']}")
    report = Report(call)
    columns, rows = REPORTS[name](report)
    home = (currency.preferences(call.state).get("HomeCurrency") or {}).get("value", "USD")
    options = {"report_date": report.day.isoformat(), "NoReportData": str(not rows).lower()}
    header = {"Time": clock(call.state), "ReportName": name, "DateMacro": call.query.get("date_macro", "all")}
    for asked, shown in (("start_date", "StartPeriod"), ("end_date", "EndPeriod"), ("customer", "Customer")):
        header |= {shown: call.query[asked]} if asked in call.query else {}
    header |= {"Currency": home}
    return {
        "Header": header | {"Option": [{"Name": one, "Value": value} for one, value in options.items()]},
        "Columns": {"Column": [{"ColTitle": title, "ColType": kind} for title, kind in columns]},
        "Rows": {"Row": rows} if rows else {},
    }
