"""QuickBooks customers: the clients, their sub-customers and projects, and people whom the CRM does not know."""

from __future__ import annotations

import random
from typing import Any

from sandbox.firm import lists
from sandbox.firm.billing import HOME, Book, currency_facts, keep_book, major, ref
from sandbox.firm.people import FIRM, FIRM_DOMAIN
from sandbox.firm.roster import Client, client
from sandbox.firm.writer import Writer

Items = dict[str, list[tuple[str, str, int]]]
STRANGERS = (
    ("Blue Heron Catering", "kontor@blueheron.example"),
    ("José's Taquería \\ Catering 🌮", "hola@joses-taqueria.example"),
    ("Walk-in sales", None),
)
"""Customers without an account in the CRM: they stay unmatched."""
INACTIVE = ("Old Harbour Stores (deleted)", "former@oldharbour.example")


def add_company(writer: Writer, rng: random.Random) -> None:
    """CompanyInfo, Preferences, and the lists that every company has."""
    times = writer.calendar.written(rng, -720)
    address = {"Id": "1", "Line1": "12 Quay Street", "City": "Portland", "CountrySubDivisionCode": "OR"}
    address |= {"PostalCode": "97209", "Country": "US"}
    info = {"Id": "1", "SyncToken": "4", "CompanyName": FIRM, "LegalName": f"{FIRM} LLC", "CompanyAddr": address}
    info |= {"Country": "US", "Email": {"Address": f"books@{FIRM_DOMAIN}"}, "FiscalYearStartMonth": "January"}
    info |= {"CustomerCommunicationAddr": address, "SupportedLanguages": "en", "DefaultTimeZone": "America/Los_Angeles"}
    writer.add("quickbooks", "CompanyInfo", "1", info, times)
    currency = {"MultiCurrencyEnabled": True, "HomeCurrency": {"value": HOME}}
    forms = {"CustomTxnNumbers": True, "AllowDiscount": True, "DefaultTerms": {"value": "3"}}
    preferences = {"Id": "1", "SyncToken": "2", "CurrencyPrefs": currency, "SalesFormsPrefs": forms}
    writer.add("quickbooks", "Preferences", "1", preferences, times)
    for kind, id_, body in lists.rows(HOME):
        writer.add("quickbooks", kind, id_, body, times)


def billing_email(member: Client) -> str | None:
    """Where invoices go; some customers gave two addresses in one field, some none, some their bookkeeper's."""
    if member.index % 11 == 5:
        return f"billing@{member.domain}, books@{member.domain}"
    return f"billing@{member.domain}"


def add_customer(writer: Writer, rng: random.Random, member: Client, items: Items, email: str | None) -> str:
    """A client's customer with its book and, for some, a project below it; returns its id."""
    book = Book(writer.quickbooks_id(), member.name, member.currency, member.country, email)
    keep_book(writer, rng, member, book, items[member.profile], member.situation)
    job = add_job(writer, rng, member, book, items) if member.index % 6 == 2 or member.index == 1 else None
    write_customer(writer, rng, book, member, with_jobs=book.balance + (job.balance if job else 0))
    return book.id


def add_job(writer: Writer, rng: random.Random, member: Client, parent: Book, items: Items) -> Book:
    """A sub-customer or a project, with invoices of its own."""
    kind = "Phase 2" if member.index % 4 == 2 else "Branch office"
    name = f"{kind} ({member.index})"
    book = Book(writer.quickbooks_id(), f"{member.name}:{name}", parent.currency, parent.country, parent.email)
    keep_book(
        writer, rng, member, book, items[member.profile], "nothing" if member.situation == "nothing" else "normal"
    )
    extra = {
        "DisplayName": name,
        "Job": True,
        "ParentRef": ref(parent.id, member.name),
        "Level": 1,
    }
    extra |= {
        "BillWithParent": kind == "Branch office",
        "IsProject": kind == "Phase 2",
        "FullyQualifiedName": book.name,
    }
    write_customer(writer, rng, book, member, with_jobs=book.balance, extra=extra)
    return book


def write_customer(
    writer: Writer, rng: random.Random, book: Book, member: Client, with_jobs: int, extra: dict[str, Any] | None = None
) -> None:
    """One Customer as QuickBooks sends it."""
    address = {"Line1": member.street, "City": member.city, "PostalCode": member.postal_code, "Country": member.country}
    body: dict[str, Any] = {
        "Id": book.id,
        "SyncToken": str(len(book.invoices)),
        "DisplayName": book.name,
        "CompanyName": member.name,
        "FullyQualifiedName": book.name,
        "Active": True,
        "Job": False,
        "Taxable": False,
        "BillAddr": {"Id": book.id, **address},
        "PrimaryPhone": {"FreeFormNumber": member.phone},
        "PreferredDeliveryMethod": "Email",
        "CurrencyRef": currency_facts(book.currency)["CurrencyRef"],
        "Balance": major(book.balance, book.currency),
        "BalanceWithJobs": major(with_jobs, book.currency),
    }
    if book.email:
        body["PrimaryEmailAddr"] = {"Address": book.email}
    born = min((invoice.born for invoice in book.invoices), default=-3) - 20
    writer.add("quickbooks", "Customer", book.id, body | (extra or {}), writer.calendar.written(rng, born))


def add_strangers(writer: Writer, seed: int, items: Items) -> None:
    """Customers whom the CRM does not know, and an inactive one with the ending that QuickBooks gives its name."""
    for position, (name, email) in enumerate((*STRANGERS, INACTIVE)):
        rng = random.Random(f"{seed}/stranger/{position}")
        member = client(seed, 3 + 6 * position)
        book = Book(writer.quickbooks_id(), name, HOME, "United States", email)
        keep_book(writer, rng, member, book, items["agency"], "nothing" if name == INACTIVE[0] else "normal")
        extra = {"CompanyName": name, "Active": name != INACTIVE[0]}
        write_customer(writer, rng, book, member, with_jobs=book.balance, extra=extra)
