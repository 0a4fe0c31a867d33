"""The firm's books in QuickBooks: customers, items, invoices, payments and credits whose sums agree.

All amounts are whole minor units until they are written; yen have none, so theirs are whole yen.
    invoice   Balance = TotalAmt - what payments apply to it
    payment   TotalAmt + credits used = what it applies + UnappliedAmt
    customer  Balance = open invoices - unapplied payments - credits left
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any

from sandbox.firm.roster import Client
from sandbox.firm.trades import ITEMS
from sandbox.firm.writer import Writer

HOME = "USD"
RATES = {"USD": 1.0, "EUR": 1.08, "GBP": 1.27, "JPY": 0.0067}
"""Dollars for one unit, fixed for the sample."""
NAMES = {"USD": "United States Dollar", "EUR": "Euro", "GBP": "British Pound Sterling", "JPY": "Japanese Yen"}
VAT = {"United Kingdom": 20}
OPEN, PART, PAID, VOID = "open", "part", "paid", "void"
PLANS: dict[str, tuple[str, ...]] = {
    "demo": (OPEN, "overdue", PART, PAID, PAID, VOID, "credited", PAID, PAID, PAID, PAID, PAID),
    "normal": (OPEN, PAID, PAID, "zero", PAID, PAID),
    "late": ("overdue", "overdue", PART, PAID, PAID, "credited", PAID),
    "exception": (OPEN, "overdue", PART, VOID, PAID, PAID),
    "nothing": (PAID, PAID, PAID, PAID),
    "first_visit": (),
}
"""Invoices of a client, newest first, one a month."""


@dataclass
class Invoice:
    """One invoice while its payments are being worked out."""

    id: str
    body: dict[str, Any]
    fate: str
    total: int
    born: int
    balance: int
    links: list[dict[str, str]] = field(default_factory=list)


@dataclass
class Book:
    """One customer's invoices, and what else moves its balance. `credit` is what is left on payments and credits."""

    id: str
    name: str
    currency: str
    country: str
    email: str | None
    invoices: list[Invoice] = field(default_factory=list)
    credit: int = 0

    @property
    def balance(self) -> int:
        return sum(invoice.balance for invoice in self.invoices) - self.credit


def major(minor: int, currency: str) -> float:
    """Minor units as the number that QuickBooks sends."""
    return float(minor) if currency == "JPY" else minor / 100


def ref(value: str, name: str) -> dict[str, str]:
    return {"value": value, "name": name}


def currency_facts(currency: str) -> dict[str, Any]:
    return {"CurrencyRef": ref(currency, NAMES[currency]), "ExchangeRate": RATES[currency]}


def add_items(writer: Writer, rng: random.Random) -> dict[str, list[tuple[str, str, int]]]:
    """What the firm sells: (id, name, price) by profile."""
    return {
        profile: [(add_item(writer, rng, name, price), name, price) for name, price in items]
        for profile, items in ITEMS.items()
    }


def add_item(writer: Writer, rng: random.Random, name: str, price: int) -> str:
    """One service."""
    id_ = writer.quickbooks_id()
    body = {"Id": id_, "SyncToken": "0", "Name": name, "FullyQualifiedName": name, "Active": True, "Type": "Service"}
    body |= {"UnitPrice": price / 100, "Taxable": False, "TrackQtyOnHand": False, "Description": name}
    return writer.add("quickbooks", "Item", id_, body, writer.calendar.written(rng, -700))


def keep_book(
    writer: Writer, rng: random.Random, client: Client, book: Book, items: list[tuple[str, str, int]], plan: str
) -> None:
    """Write a customer's invoices, payments and credits; afterwards `book` knows the balance."""
    for position, fate in enumerate(PLANS[plan]):
        book.invoices.append(draft(writer, rng, book, items, fate, position, client.index))
    pay_two(writer, rng, book)
    for invoice in book.invoices:
        settle(writer, rng, book, invoice)
    for invoice in book.invoices:
        write_invoice(writer, rng, book, invoice)


def draft(
    writer: Writer,
    rng: random.Random,
    book: Book,
    items: list[tuple[str, str, int]],
    fate: str,
    position: int,
    index: int,
) -> Invoice:
    """An invoice that nobody has paid yet."""
    born = -4 - 30 * position - rng.randrange(0, 6) - (35 if fate in {"overdue", PART} else 0)
    number = str(1000 + writer.number("invoice"))
    lines, net = invoice_lines(rng, book, items, fate)
    tax = 0 if fate in {"zero", VOID} else round(net * VAT.get(book.country, 0) / 100)
    total = net + tax
    body = {
        "DocNumber": doc_number(number, position, index),
        "TxnDate": writer.calendar.date(born),
        "DueDate": writer.calendar.date(born + 30),
        "CustomerRef": ref(book.id, book.name),
        "BillEmail": None if index % 7 == 3 or book.email is None else {"Address": book.email},
        "Line": lines,
        "TxnTaxDetail": tax_detail(tax, net, book),
        "EmailStatus": "EmailSent" if position else "NeedToSend",
        "PrintStatus": "NotSet",
        "PrivateNote": "Voided" if fate == VOID else None,
        "CustomerMemo": {"value": "Thank you. Payable within 30 days."},
    }
    return Invoice(writer.quickbooks_id(), body, fate, total, born, total)


def doc_number(number: str, position: int, index: int) -> str | None:
    """Numbers are neither obligatory nor unique: a few are missing, a few were typed twice."""
    if index % 9 == 4 and position == 2:
        return None
    return "R-2024" if index % 8 == 1 and position in {1, 3} else number


def invoice_lines(
    rng: random.Random, book: Book, items: list[tuple[str, str, int]], fate: str
) -> tuple[list[dict[str, Any]], int]:
    """Lines and their net sum. Zero invoices are wholly discounted, void ones have lost their amounts."""
    lines: list[dict[str, Any]] = []
    net = 0
    for number, (id_, name, price) in enumerate(rng.sample(items, rng.randrange(1, 4)), 1):
        quantity, unit = rng.randrange(1, 9), price + rng.choice((0, 0, 125, 999))
        amount = 0 if fate == VOID else quantity * unit
        detail = {"ItemRef": ref(id_, name), "Qty": quantity, "UnitPrice": major(unit, book.currency)}
        detail["ServiceDate"] = "9999-12-31" if rng.random() < 0.02 else None
        lines.append(line(number, name, amount, book, "SalesItemLineDetail", detail))
        net += amount
    return closing_lines(rng, lines, net, book, fate)


def closing_lines(
    rng: random.Random, lines: list[dict[str, Any]], net: int, book: Book, fate: str
) -> tuple[list[dict[str, Any]], int]:
    """A remark on some, the subtotal on all, a discount of ten in a hundred on some."""
    if rng.random() < 0.2:
        lines.append({"LineNum": len(lines) + 1, "Description": "As agreed by e-mail", "DetailType": "DescriptionOnly"})
    lines.append({"Amount": major(net, book.currency), "DetailType": "SubTotalLineDetail", "SubTotalLineDetail": {}})
    percent = 100 if fate == "zero" else 10 if rng.random() < 0.15 else 0
    if not percent or fate == VOID:
        return lines, net
    off = round(net * percent / 100)
    detail = {"PercentBased": True, "DiscountPercent": percent}
    lines.append(
        {"Amount": major(off, book.currency), "DetailType": "DiscountLineDetail", "DiscountLineDetail": detail}
    )
    return lines, net - off


def line(number: int, name: str, amount: int, book: Book, kind: str, detail: dict[str, Any]) -> dict[str, Any]:
    """One line that sells something."""
    filled = {key: value for key, value in detail.items() if value is not None}
    facts = {"Id": str(number), "LineNum": number, "Description": name, "Amount": major(amount, book.currency)}
    return facts | {"DetailType": kind, kind: filled}


def tax_detail(tax: int, net: int, book: Book) -> dict[str, Any]:
    """VAT where the customer's country has it in the sample."""
    if not tax:
        return {"TotalTax": 0}
    detail = {"TaxPercent": VAT[book.country], "NetAmountTaxable": major(net, book.currency)}
    amount = major(tax, book.currency)
    return {"TotalTax": amount, "TaxLine": [{"Amount": amount, "DetailType": "TaxLineDetail", "TaxLineDetail": detail}]}


def pay_two(writer: Writer, rng: random.Random, book: Book) -> None:
    """One transfer over two invoices, a little too much: the rest stays unapplied. Not every client does that."""
    paid = [invoice for invoice in book.invoices if invoice.fate == PAID and invoice.total]
    if len(paid) >= 4:
        pay(writer, rng, book, [(paid[-1], paid[-1].total), (paid[-2], paid[-2].total)], rest=2500)


def settle(writer: Writer, rng: random.Random, book: Book, invoice: Invoice) -> None:
    """What happened to an invoice by its fate."""
    if invoice.fate == PAID and invoice.balance:
        pay(writer, rng, book, [(invoice, invoice.total)])
    elif invoice.fate == PART:
        pay(writer, rng, book, [(invoice, invoice.total // 2)])
    elif invoice.fate == "credited":
        credit_memo(writer, rng, book, invoice)


def pay(writer: Writer, rng: random.Random, book: Book, parts: list[tuple[Invoice, int]], rest: int = 0) -> None:
    """One payment applied to invoices; `rest` is received on top."""
    id_, born = writer.quickbooks_id(), min(max(part[0].born for part in parts) + rng.randrange(5, 29), -1)
    for invoice, amount in parts:
        apply(invoice, id_, amount)
    book.credit += rest
    body = payment_body(writer, book, id_, born) | {
        "TotalAmt": major(sum(amount for _, amount in parts) + rest, book.currency),
        "UnappliedAmt": major(rest, book.currency),
        "PaymentRefNum": f"TRF{rng.randrange(10**6):06d}",
        "Line": [applied(invoice.id, "Invoice", amount, book) for invoice, amount in parts],
    }
    writer.add("quickbooks", "Payment", id_, body, writer.calendar.written(rng, born))


def payment_body(writer: Writer, book: Book, id_: str, born: int) -> dict[str, Any]:
    """What every payment says."""
    facts = {"Id": id_, "SyncToken": "0", "TxnDate": writer.calendar.date(born), "ProcessPayment": False}
    return facts | {"CustomerRef": ref(book.id, book.name)} | currency_facts(book.currency)


def apply(invoice: Invoice, payment: str, amount: int) -> None:
    """Lower what an invoice still asks for."""
    invoice.balance -= amount
    invoice.links.append({"TxnId": payment, "TxnType": "Payment"})


def applied(id_: str, kind: str, amount: int, book: Book) -> dict[str, Any]:
    return {"Amount": major(amount, book.currency), "LinkedTxn": [{"TxnId": id_, "TxnType": kind}]}


def credit_memo(writer: Writer, rng: random.Random, book: Book, invoice: Invoice) -> None:
    """A credit, half of it used on the invoice by a payment of zero, as QuickBooks books it."""
    memo, payment, born = writer.quickbooks_id(), writer.quickbooks_id(), min(invoice.born + 9, -1)
    used = min(invoice.total, 12_000)
    left = 4_000
    apply(invoice, payment, used)
    book.credit += left
    body = payment_body(writer, book, payment, born) | {"TotalAmt": 0.0, "UnappliedAmt": 0.0}
    body["Line"] = [applied(invoice.id, "Invoice", used, book), applied(memo, "CreditMemo", used, book)]
    writer.add("quickbooks", "Payment", payment, body, writer.calendar.written(rng, born))
    credit = credit_body(writer, book, memo, born, used + left, left, payment)
    writer.add("quickbooks", "CreditMemo", memo, credit, writer.calendar.written(rng, born))


def credit_body(writer: Writer, book: Book, id_: str, born: int, total: int, left: int, payment: str) -> dict[str, Any]:
    """One credit memo."""
    detail = {"Qty": 1, "UnitPrice": major(total, book.currency)}
    lines = [line(1, "Goodwill for the delay", total, book, "SalesItemLineDetail", detail)]
    lines.append({"Amount": major(total, book.currency), "DetailType": "SubTotalLineDetail", "SubTotalLineDetail": {}})
    return currency_facts(book.currency) | {
        "Id": id_,
        "SyncToken": "0",
        "DocNumber": f"CM-{writer.number('credit'):04d}",
        "TxnDate": writer.calendar.date(born),
        "CustomerRef": ref(book.id, book.name),
        "Line": lines,
        "TotalAmt": major(total, book.currency),
        "RemainingCredit": major(left, book.currency),
        "Balance": major(left, book.currency),
        "CustomerMemo": {"value": "Credit for the delay in October, with our apologies."},
        "LinkedTxn": [{"TxnId": payment, "TxnType": "Payment"}],
    }


def write_invoice(writer: Writer, rng: random.Random, book: Book, invoice: Invoice) -> None:
    """An invoice as it stands after its payments."""
    rate = RATES[book.currency]
    body = {"Id": invoice.id, "SyncToken": str(len(invoice.links)), **invoice.body, **currency_facts(book.currency)}
    body |= {"TotalAmt": major(invoice.total, book.currency), "Balance": major(invoice.balance, book.currency)}
    body |= {"HomeTotalAmt": round(major(invoice.total, book.currency) * rate, 2), "LinkedTxn": invoice.links}
    body["HomeBalance"] = round(major(invoice.balance, book.currency) * rate, 2)
    filled = {name: value for name, value in body.items() if value is not None}
    writer.add("quickbooks", "Invoice", invoice.id, filled, writer.calendar.written(rng, invoice.born))
