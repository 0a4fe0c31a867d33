"""A company that nobody made up for this sandbox: every row arrives, every accent stays, nothing empty is filled."""

from __future__ import annotations

import csv
import datetime as dt
import os
from collections import Counter, defaultdict
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest

from sandbox import northwind
from sandbox.state import Record, State

ROOT = Path(__file__).parents[2]
FOLDER = Path(os.environ.get("FRONTDESK_NORTHWIND", ROOT.parent / "shared" / "data" / "northwind"))
TODAY = dt.date(2026, 11, 24)

needs_tables = pytest.mark.skipif(not (FOLDER / "orders.csv").exists(), reason="the Northwind tables are not here")


@pytest.fixture(scope="module")
def state(tmp_path_factory) -> Iterator[State]:
    state = State(tmp_path_factory.mktemp("northwind") / "sandbox.sqlite")
    northwind.seed(state, FOLDER, today=TODAY)
    yield state
    state.close()


def table(name: str) -> list[dict[str, str]]:
    with (FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def stored(state: State, vendor: str, kind: str, key: str) -> dict[str, Record]:
    return {record.body[key]: record for record in state.select(vendor, kind)}


def same(value: object, text: str) -> bool:
    """Whether a field holds a column's text, or nothing where the column is empty."""
    return value == (text or None)


@needs_tables
def test_counts_are_those_of_the_tables(state, tmp_path):
    again = State(tmp_path / "again.sqlite")
    counts = northwind.seed(again, FOLDER, today=TODAY)
    assert counts["salesforce/Account"] == counts["quickbooks/Customer"] == counts["salesforce/Contact"] == 91
    assert counts["salesforce/Shipment__c"] == counts["quickbooks/Invoice"] == 830
    assert counts["salesforce/User"] == len(table("employees")) + 1
    statuses = Counter(record.body["Status__c"] for record in again.select("salesforce", "Shipment__c"))
    assert statuses == {"Booked": 21, "Delivered": 809}
    rows = "SELECT * FROM record ORDER BY vendor, kind, id"
    assert again.connection.execute(rows).fetchall() == state.connection.execute(rows).fetchall()
    again.close()


@needs_tables
def test_every_customer_field_arrives_in_the_crm_as_it_was(state):
    accounts = stored(state, "salesforce", "Account", "AccountNumber")
    contacts = stored(state, "salesforce", "Contact", "AccountId")
    columns = {
        "Name": "company_name", "Phone": "phone", "BillingStreet": "address", "BillingCity": "city",
        "BillingPostalCode": "postal_code", "BillingCountry": "country",
    }  # fmt: skip
    for row in table("customers"):
        account = accounts.pop(row["customer_id"])
        assert all(same(account.body.get(field), row[column]) for field, column in columns.items())
        contact = contacts[account.id].body
        assert same(contact.get("Name"), row["contact_name"])
        assert f"{contact.get('FirstName', '')} {contact['LastName']}".strip() == row["contact_name"]
        assert same(contact.get("Title"), row["contact_title"])
        assert contact["Email"] == f"{row['customer_id'].lower()}@northwind.example"
    assert accounts == {}


@needs_tables
def test_every_customer_field_arrives_in_the_books_as_it_was(state):
    customers = stored(state, "quickbooks", "Customer", "DisplayName")
    accounts = stored(state, "salesforce", "Account", "AccountNumber")
    for row in table("customers"):
        customer = customers.pop(row["company_name"])
        body, address = customer.body, customer.body["BillAddr"]
        assert accounts[row["customer_id"]].body["QuickBooks_Id__c"] == customer.id
        assert same(body.get("PrimaryPhone", {}).get("FreeFormNumber"), row["phone"])
        assert same(body.get("Fax", {}).get("FreeFormNumber"), row["fax"])
        assert same(address.get("Line1"), row["address"])
        assert same(address.get("City"), row["city"])
        assert same(address.get("CountrySubDivisionCode"), row["region"])
        assert same(address.get("PostalCode"), row["postal_code"])
        assert same(address.get("Country"), row["country"])
    assert customers == {}


@needs_tables
def test_every_accented_letter_of_the_tables_is_kept_as_often_as_it_stands_there(state):
    def accented(text: str) -> Counter[str]:
        return Counter(letter for letter in text if not letter.isascii())

    columns = ("company_name", "contact_name", "address", "city", "region")
    source = accented("".join(row[column] for row in table("customers") for column in columns))
    kept: Counter[str] = Counter()
    for record in state.select("quickbooks", "Customer"):
        body, address = record.body, record.body["BillAddr"]
        texts = (body["DisplayName"], body.get("GivenName", ""), body["FamilyName"])
        kept += accented(
            "".join((*texts, *(address.get(name, "") for name in ("Line1", "City", "CountrySubDivisionCode"))))
        )
    assert source.total() > 50
    assert kept == source


@needs_tables
def test_orders_are_shipments_with_the_dates_they_had(state):
    shipments = stored(state, "salesforce", "Shipment__c", "Name")
    accounts = stored(state, "salesforce", "Account", "AccountNumber")
    shippers = {row["shipper_id"]: row["company_name"] for row in table("shippers")}
    employees = {row["employee_id"]: f"{row['first_name']} {row['last_name']}" for row in table("employees")}
    for row in table("orders"):
        body = shipments.pop(row["order_id"]).body
        assert body["Account__c"] == accounts[row["customer_id"]].id
        assert body["Promised_Date__c"] == row["required_date"]
        assert same(body.get("Shipped_Date__c"), row["shipped_date"])
        assert same(body.get("Delivered_Date__c"), row["shipped_date"])
        assert body["Carrier__c"] == shippers[row["ship_via"]]
        assert body["Destination__c"] == f"{row['ship_city']}, {row['ship_country']}"
        owner = state.get("salesforce", "User", body["OwnerId"])
        assert owner is not None
        assert owner.body["Name"] == employees[row["employee_id"]]
        unknown = {"Location__c", "ETA__c", "ETA_Date__c", "Promised_At__c", "Tracking_Number__c", "Origin__c"}
        assert not set(body) & {*unknown, "Weight_Kg__c"}
    assert shipments == {}


@needs_tables
def test_invoices_come_to_what_the_order_lines_say_to_the_cent(state):
    expected: defaultdict[str, Decimal] = defaultdict(Decimal)
    cent = Decimal("0.01")
    for row in table("order_details"):
        price = round(Decimal(row["unit_price"]), 2)
        amount = price * int(row["quantity"])
        expected[row["order_id"]] += amount - (amount * round(Decimal(row["discount"]), 2)).quantize(
            cent, ROUND_HALF_UP
        )
    invoices = stored(state, "quickbooks", "Invoice", "DocNumber")
    assert {number: Decimal(str(record.body["TotalAmt"])) for number, record in invoices.items()} == expected
    for record in invoices.values():
        sums: defaultdict[str, Decimal] = defaultdict(Decimal)
        for line in record.body["Line"]:
            sums[line["DetailType"]] += Decimal(str(line["Amount"]))
        net = sums["SalesItemLineDetail"] - sums["DiscountLineDetail"]
        assert net == Decimal(str(record.body["TotalAmt"])) == Decimal(str(record.body["Balance"]))


@needs_tables
def test_invoices_have_one_line_a_product_and_the_address_the_goods_went_to(state):
    invoices = stored(state, "quickbooks", "Invoice", "DocNumber")
    lines = Counter(row["order_id"] for row in table("order_details"))
    for row in table("orders"):
        body = invoices[row["order_id"]].body
        sold = [line for line in body["Line"] if line["DetailType"] == "SalesItemLineDetail"]
        assert len(sold) == lines[row["order_id"]]
        for line in sold:
            item = state.get("quickbooks", "Item", line["SalesItemLineDetail"]["ItemRef"]["value"])
            assert item is not None
            assert item.body["Name"] == line["Description"]
        assert same(body["ShipAddr"].get("Line1"), row["ship_name"])
        assert same(body["ShipAddr"].get("CountrySubDivisionCode"), row["ship_region"])
        assert same(body["ShipAddr"].get("PostalCode"), row["ship_postal_code"])
        assert body["TxnDate"] == row["order_date"]
        assert same(body.get("ShipDate"), row["shipped_date"])
        assert "DueDate" not in body


@needs_tables
def test_customers_owe_what_their_invoices_come_to(state):
    owed: defaultdict[str, Decimal] = defaultdict(Decimal)
    for invoice in state.select("quickbooks", "Invoice"):
        owed[invoice.body["CustomerRef"]["value"]] += Decimal(str(invoice.body["Balance"]))
    for customer in state.select("quickbooks", "Customer"):
        assert Decimal(str(customer.body["Balance"])) == owed[customer.id]


@needs_tables
def test_each_customer_has_a_folder_with_its_categories(state):
    parents = Counter(record.body["parents"][0] for record in state.select("google_drive", "file"))
    assert parents["fld-clients"] == 91
    for account in state.select("salesforce", "Account"):
        assert parents[account.body["Drive_Folder_Id__c"]] == 5


def test_a_missing_table_is_named(tmp_path):
    state = State(tmp_path / "sandbox.sqlite")
    with pytest.raises(FileNotFoundError, match=r"customers\.csv is missing"):
        northwind.seed(state, tmp_path)
    state.close()
