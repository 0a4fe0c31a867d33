"""The Northwind company's tables as three vendors would hold them: a firm that was not made up for this sandbox.

What the tables do not know stays empty. Rules where they need reading:
    dates     an order date is midnight UTC of that day, in the years 1996 to 1998, as it stands; the tables promise and
              deliver by the day
    shipment  an order with a shipped date is Delivered on it (the tables know no later event), one without is Booked
    money     a unit price is rounded half up to cents, a discount to whole hundredths; of each line, quantity times
              price is the amount and the discount on it is rounded half up to cents; the invoice shows the amounts and
              one discount line with the sum of the discounts; total = amounts - discounts; freight is not invoiced
    balance   no payments are known, so every invoice is open; no due date is known either
    e-mail    the tables have none: a contact signs in as <customer id in small letters>@northwind.example
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

from sandbox.firm import lists
from sandbox.google_drive.resource import iso
from sandbox.google_drive.tree import FOLDER, ROOT_ID
from sandbox.northwind_books import company, customers, invoices, items, listed, preferences
from sandbox.northwind_tables import (
    DOMAIN,
    Row,
    Tables,
    drive_id,
    email,
    filled,
    ms,
    read,
    salesforce_id,
    user_id,
)
from sandbox.state import State

CATEGORIES = ("Contracts", "Invoices", "Deliverables", "Reports", "Correspondence")
CLIENTS_FOLDER = "fld-clients"


def seed(state: State, directory: Path, today: dt.date | None = None) -> dict[str, int]:
    """Load the tables in `directory` (CSV, UTF-8) into a new state; returns counts by `vendor/kind`.

    `today` is when customers, contacts and folders count as entered: the tables have no date for them.
    FileNotFoundError names the table that is missing.
    """
    tables = Tables(read(directory), today or dt.datetime.now(dt.UTC).date())
    loads = {
        ("salesforce", "User"): users(tables),
        ("salesforce", "Account"): accounts(tables),
        ("salesforce", "Contact"): contacts(tables),
        ("salesforce", "Shipment__c"): shipments(tables),
        ("quickbooks", "CompanyInfo"): company(tables),
        ("quickbooks", "Preferences"): preferences(tables),
        **{("quickbooks", kind): listed(tables, kind) for kind in lists.KINDS},
        ("quickbooks", "Item"): items(tables),
        ("quickbooks", "Customer"): customers(tables),
        ("quickbooks", "Invoice"): invoices(tables),
        ("google_drive", "file"): folders(tables),
    }
    return {f"{vendor}/{kind}": state.load(vendor, kind, rows) for (vendor, kind), rows in loads.items()}


def users(tables: Tables) -> Iterator[Row]:
    """The hub's own user first, so that it owns what names no owner; then the employees."""
    now = ms(tables.today)
    hub = {"Username": "hub@sandbox.example", "Name": "Frontdesk Hub", "Email": "hub@sandbox.example", "IsActive": True}
    yield salesforce_id("User", 1), hub, now, now
    for row in tables.rows["employees"]:
        name = f"{row['first_name']} {row['last_name']}"
        address = f"{name.lower().replace(' ', '.')}@{DOMAIN}"
        body = {"Username": address, "Name": name, "Email": address, "IsActive": True}
        yield user_id(row["employee_id"]), body, ms(row["hire_date"]), ms(row["hire_date"])


def accounts(tables: Tables) -> Iterator[Row]:
    """Customers as accounts. The region has no field there; QuickBooks keeps it."""
    for number, row in enumerate(tables.rows["customers"], 1):
        body = filled(
            Name=row["company_name"],
            AccountNumber=row["customer_id"],
            Phone=row["phone"],
            BillingStreet=row["address"],
            BillingCity=row["city"],
            BillingPostalCode=row["postal_code"],
            BillingCountry=row["country"],
            Profile__c="logistics",
            QuickBooks_Id__c=str(number),
            Drive_Folder_Id__c=drive_id(row["customer_id"]),
        )
        yield salesforce_id("Account", number), body, ms(tables.today), ms(tables.today)


def contacts(tables: Tables) -> Iterator[Row]:
    """Each customer's contact, owner of its portal."""
    for number, row in enumerate(tables.rows["customers"], 1):
        first, _, last = row["contact_name"].rpartition(" ")
        body = filled(
            AccountId=salesforce_id("Account", number),
            FirstName=first,
            LastName=last,
            Name=row["contact_name"],
            Email=email(row["customer_id"]),
            Phone=row["phone"],
            Title=row["contact_title"],
            Portal_Role__c="owner",
        )
        yield salesforce_id("Contact", number), body, ms(tables.today), ms(tables.today)


def shipments(tables: Tables) -> Iterator[Row]:
    """Orders as shipments."""
    places = tables.number("customers", "customer_id")
    shippers = tables.by("shippers", "shipper_id")
    for number, row in enumerate(tables.rows["orders"], 1):
        shipped = row["shipped_date"]
        body = filled(
            Name=row["order_id"],
            Account__c=salesforce_id("Account", places[row["customer_id"]]),
            OwnerId=user_id(row["employee_id"]),
            Carrier__c=shippers[row["ship_via"]]["company_name"],
            Destination__c=", ".join(filter(None, (row["ship_city"], row["ship_country"]))),
            Status__c="Delivered" if shipped else "Booked",
            Shipped_Date__c=shipped,
            Promised_Date__c=row["required_date"],
            Delivered_Date__c=shipped,
        )
        yield salesforce_id("Shipment__c", number), body, ms(row["order_date"]), ms(shipped or row["order_date"])


def folders(tables: Tables) -> Iterator[Row]:
    """The clients' folders with their categories."""
    now = ms(tables.today)
    root = {"name": "Clients", "mimeType": FOLDER, "parents": [ROOT_ID], "modifiedTime": iso(now)}
    yield CLIENTS_FOLDER, root, now, now
    for row in tables.rows["customers"]:
        own = drive_id(row["customer_id"])
        yield own, root | {"name": row["company_name"], "parents": [CLIENTS_FOLDER]}, now, now
        for category in CATEGORIES:
            yield drive_id(f"{row['customer_id']}/{category}"), root | {"name": category, "parents": [own]}, now, now
