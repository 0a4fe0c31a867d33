"""What a write refers to has to be there and active. Accounts, items and terms are looked for within lines too."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sandbox.quickbooks.entities import VENDOR
from sandbox.quickbooks.faults import Fault, not_found
from sandbox.state import State

Body = dict[str, Any]
ACCOUNTS = (
    "AccountRef", "ARAccountRef", "APAccountRef", "DepositToAccountRef", "IncomeAccountRef", "ExpenseAccountRef",
    "AssetAccountRef", "FromAccountRef", "ToAccountRef", "BankAccountRef", "CCAccountRef", "DiscountAccountRef",
    "ItemAccountRef",
)  # fmt: skip
REFERENCES = {
    "CustomerRef": "Customer",
    "VendorRef": "Vendor",
    "EmployeeRef": "Employee",
    "ItemRef": "Item",
    "SalesTermRef": "Term",
    "TermRef": "Term",
    "PaymentMethodRef": "PaymentMethod",
    "ClassRef": "Class",
    "DepartmentRef": "Department",
    "TaxCodeRef": "TaxCode",
    **dict.fromkeys(ACCOUNTS, "Account"),
}
NAMES = frozenset({"Customer", "Vendor", "Employee"})
BUILT_IN = frozenset({"TAX", "NON", "SHIPPING_ITEM_ID"})
"""Words that stand for what every company has."""


def check(state: State, kind: str, sent: Body) -> None:
    """Faults 2500 for an object that is not there, 610 for one that was made inactive."""
    for name, entity, id_ in referred(sent, REFERENCES | {"ParentRef": kind}):
        record = state.get(VENDOR, entity, id_)
        if id_ in BUILT_IN:
            continue
        if record is None or record.deleted:
            raise unknown(entity, id_, name)
        if not record.body.get("Active", True):
            raise not_found()


def referred(body: Body, known: dict[str, str]) -> Iterator[tuple[str, str, str]]:
    """(property, entity, id) of every reference in a body, however deep. An empty one clears, and refers to nothing."""
    for name, value in body.items():
        if isinstance(value, dict) and name in known:
            if value.get("value") not in (None, ""):
                yield name, known[name], str(value["value"])
            continue
        for inner in value if isinstance(value, list) else [value]:
            if isinstance(inner, dict):
                yield from referred(inner, known)


def unknown(entity: str, id_: str, element: str = "") -> Fault:
    """2500 in the vendor's words, whose customers, vendors and employees are all names."""
    thing = "Names" if entity in NAMES else entity
    detail = f"Invalid Reference Id : {thing} element id {id_} not found"
    return Fault("2500", "Invalid Reference Id", detail, element=element)
