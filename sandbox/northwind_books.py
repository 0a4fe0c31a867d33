"""Northwind in QuickBooks: products, customers, orders as invoices. The rules of money stand in northwind.py."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sandbox.firm import lists
from sandbox.northwind_tables import Line, Row, Tables, email, filled, ms

DOLLARS = {"value": "USD", "name": "United States Dollar"}
CENT = Decimal("0.01")
TABLE_STEP = 100_000
"""Invoices and items are numbered apart from customers: QuickBooks never gives an id twice."""


def company(tables: Tables) -> Iterator[Row]:
    """CompanyInfo."""
    info = {"Id": "1", "SyncToken": "0", "CompanyName": "Northwind Traders", "LegalName": "Northwind Traders"}
    yield "1", info | {"Country": "US", "FiscalYearStartMonth": "January"}, ms(tables.today), ms(tables.today)


def preferences(tables: Tables) -> Iterator[Row]:
    """Preferences: one currency."""
    currency = {"MultiCurrencyEnabled": False, "HomeCurrency": {"value": "USD"}}
    forms = {"CustomTxnNumbers": True, "AllowDiscount": True}
    body = {"Id": "1", "SyncToken": "0", "CurrencyPrefs": currency, "SalesFormsPrefs": forms}
    yield "1", body, ms(tables.today), ms(tables.today)


def listed(tables: Tables, wanted: str) -> Iterator[Row]:
    """One of the lists that every company has."""
    for kind, id_, body in lists.rows("USD"):
        if kind == wanted:
            yield id_, body, ms(tables.today), ms(tables.today)


def items(tables: Tables) -> Iterator[Row]:
    """Products as items."""
    for row in tables.rows["products"]:
        body = filled(
            Id=item_id(row["product_id"]),
            SyncToken="0",
            Name=row["product_name"],
            FullyQualifiedName=row["product_name"],
            Description=row["quantity_per_unit"],
            UnitPrice=float(cents(row["unit_price"])),
            Type="NonInventory",
            Active=True,
        )
        yield item_id(row["product_id"]), body, ms(tables.today), ms(tables.today)


def item_id(product_id: str) -> str:
    return str(2 * TABLE_STEP + int(product_id))


def customers(tables: Tables) -> Iterator[Row]:
    """Customers as QuickBooks customers, each owing what its orders come to."""
    owed: defaultdict[str, Decimal] = defaultdict(Decimal)
    details = tables.details()
    for order in tables.rows["orders"]:
        owed[order["customer_id"]] += total(details[order["order_id"]])
    for number, row in enumerate(tables.rows["customers"], 1):
        balance = float(owed[row["customer_id"]])
        body = customer_body(row, number) | {"Balance": balance, "BalanceWithJobs": balance}
        yield str(number), body, ms(tables.today), ms(tables.today)


def customer_body(row: Line, number: int) -> dict[str, Any]:
    """One Customer without its balance."""
    first, _, last = row["contact_name"].rpartition(" ")
    return filled(
        Id=str(number),
        SyncToken="0",
        DisplayName=row["company_name"],
        CompanyName=row["company_name"],
        FullyQualifiedName=row["company_name"],
        GivenName=first,
        FamilyName=last,
        PrimaryEmailAddr={"Address": email(row["customer_id"])},
        PrimaryPhone=filled(FreeFormNumber=row["phone"]),
        Fax=filled(FreeFormNumber=row["fax"]),
        BillAddr=address(row, "", Line1=row["address"]),
        CurrencyRef=DOLLARS,
        Active=True,
        Job=False,
    )


def address(row: Line, prefix: str, **lines: str) -> dict[str, Any]:
    """A postal address from the columns that begin with `prefix`."""
    return filled(
        **lines,
        City=row[f"{prefix}city"],
        CountrySubDivisionCode=row[f"{prefix}region"],
        PostalCode=row[f"{prefix}postal_code"],
        Country=row[f"{prefix}country"],
    )


def invoices(tables: Tables) -> Iterator[Row]:
    """Orders as invoices with their lines."""
    places = tables.number("customers", "customer_id")
    names = tables.by("customers", "customer_id")
    products, shippers = tables.by("products", "product_id"), tables.by("shippers", "shipper_id")
    details = tables.details()
    for row in tables.rows["orders"]:
        id_ = str(TABLE_STEP + int(row["order_id"]))
        lines = details[row["order_id"]]
        customer = {"value": str(places[row["customer_id"]]), "name": names[row["customer_id"]]["company_name"]}
        body = filled(
            Id=id_,
            SyncToken="0",
            DocNumber=row["order_id"],
            TxnDate=row["order_date"],
            ShipDate=row["shipped_date"],
            ShipMethodRef={"value": shippers[row["ship_via"]]["company_name"]},
            ShipAddr=address(row, "ship_", Line1=row["ship_name"], Line2=row["ship_address"]),
            CustomerRef=customer,
            BillEmail={"Address": email(row["customer_id"])},
            CurrencyRef=DOLLARS,
            Line=invoice_lines(lines, products),
            TotalAmt=float(total(lines)),
            Balance=float(total(lines)),
        )
        yield id_, body, ms(row["order_date"]), ms(row["shipped_date"] or row["order_date"])


def invoice_lines(lines: list[Line], products: dict[str, Line]) -> list[dict[str, Any]]:
    """The lines as QuickBooks shows them: what was sold, the subtotal, and the discount where there is one."""
    sold = [sales_line(place, row, products) for place, row in enumerate(lines, 1)]
    subtotal = float(sum((gross(row) for row in lines), Decimal()))
    sold.append({"Amount": subtotal, "DetailType": "SubTotalLineDetail", "SubTotalLineDetail": {}})
    off = sum((discount(row) for row in lines), Decimal())
    if off:
        detail = {"PercentBased": False}
        sold.append({"Amount": float(off), "DetailType": "DiscountLineDetail", "DiscountLineDetail": detail})
    return sold


def sales_line(place: int, row: Line, products: dict[str, Line]) -> dict[str, Any]:
    """One product sold."""
    name = products[row["product_id"]]["product_name"]
    detail = {
        "ItemRef": {"value": item_id(row["product_id"]), "name": name},
        "Qty": int(row["quantity"]),
        "UnitPrice": float(cents(row["unit_price"])),
    }
    facts = {"Id": str(place), "LineNum": place, "Description": name, "Amount": float(gross(row))}
    return facts | {"DetailType": "SalesItemLineDetail", "SalesItemLineDetail": detail}


def cents(amount: str | Decimal) -> Decimal:
    """An amount, or a float printed as text, rounded half up to cents."""
    return Decimal(amount).quantize(CENT, ROUND_HALF_UP)


def gross(row: Line) -> Decimal:
    """Quantity times unit price."""
    return cents(row["unit_price"]) * int(row["quantity"])


def discount(row: Line) -> Decimal:
    """What a line's discount takes off."""
    return cents(gross(row) * cents(row["discount"]))


def total(lines: list[Line]) -> Decimal:
    """What an order comes to."""
    return sum((gross(row) - discount(row) for row in lines), Decimal())
