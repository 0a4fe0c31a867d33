"""What is refused before anything is read or written: values that no object can have, and versions that there are not.

The codes of enums and properties are the vendor's (its page of common errors; QuickBooks-V3-DotNET-SDK#376). That a
date of the wrong form is a property that cannot be read follows from such a number (node-quickbooks#39).
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

from sandbox.quickbooks import back_office
from sandbox.quickbooks.entities import ENVELOPE, Entity
from sandbox.quickbooks.faults import Fault, misshapen, missing
from sandbox.quickbooks.wire import Call

Body = dict[str, Any]
MINOR_VERSION = 75
"""The base and the newest that is known here. Older ones are ignored, as the vendor has announced."""
ENUMS = {
    "EmailStatus": ("NotSet", "NeedToSend", "EmailSent"),
    "PrintStatus": ("NotSet", "NeedToPrint", "PrintComplete"),
    "GlobalTaxCalculation": ("TaxExcluded", "TaxInclusive", "NotApplicable"),
    "PreferredDeliveryMethod": ("Print", "Email", "None"),
    "BillPayment.PayType": ("Check", "CreditCard"),
    "Purchase.PaymentType": ("Cash", "Check", "CreditCard"),
    "PurchaseOrder.POStatus": ("Open", "Closed"),
    "TimeActivity.NameOf": ("Employee", "Vendor", "Other"),
    "TimeActivity.BillableStatus": ("Billable", "NotBillable", "HasBeenBilled"),
    "Estimate.TxnStatus": ("Pending", "Accepted", "Closed", "Rejected", "Converted"),
}
SIDES = ("Debit", "Credit")
LINES = ("SalesItemLineDetail", "SubTotalLineDetail", "DiscountLineDetail", "DescriptionOnly", "GroupLineDetail")
PURCHASES = frozenset(kind for kinds in back_office.LINES.values() for kind in kinds)
PAID_BY_LINES = ("Payment", "BillPayment")
"""Their lines say only what is paid by them, and have no kind."""
NO_DETAIL = frozenset({"SubTotalLineDetail", "DescriptionOnly"})
"""Lines that say all by their kind; the others carry an object of the same name."""
DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
ADDRESS = re.compile(r"[^@\s]+@[^@\s]+")


def check_version(call: Call) -> None:
    """Fault 2010 for a `minorversion` that is no whole number, or is newer than what this sandbox knows."""
    asked = call.query.get("minorversion", "")
    if not asked:
        return
    if not (asked.isascii() and asked.isdigit()) or int(asked) > MINOR_VERSION:
        raise misshapen(f"minorversion {asked} is not supported; the newest is {MINOR_VERSION}")


def check_body(entity: Entity, sent: Body) -> None:
    """Every property is known, and its value is one that it can have. What is empty clears, and is no value."""
    for name, value in sent.items():
        if name not in entity.properties | ENVELOPE:
            raise unread(name)
        if value not in (None, "", [], {}):
            check_value(entity, name, value)


def check_value(entity: Entity, name: str, value: Any) -> None:
    """Faults 2170, 2010 and 2210 for one property."""
    kind = entity.types[name.lower()] if name in entity.properties else ""
    check_enum(ENUMS.get(f"{entity.name}.{name}") or ENUMS.get(name), value)
    if kind == "date":
        check_date(name, value)
    elif kind == "email":
        check_email(value.get("Address"))
    elif name == "Line":
        for line in value if entity.name not in PAID_BY_LINES else ():
            check_line(line, back_office.LINES.get(entity.name, LINES))


def check_line(line: Body, kinds: tuple[str, ...]) -> None:
    """A line says its kind, which is one that its transaction may have, and brings the detail of that kind.

    A kind that is on no list at all cannot be read (python-quickbooks#145).
    """
    kind = line.get("DetailType")
    if not kind:
        raise missing("Line.DetailType")
    if kind not in PURCHASES | {*LINES}:
        raise unread("DetailType")
    check_enum(kinds, kind)
    if kind not in NO_DETAIL and not isinstance(line.get(kind), dict):
        raise missing(f"Line.{kind}")
    check_enum(SIDES, (line.get("JournalEntryLineDetail") or {}).get("PostingType", SIDES[0]))
    served = (line.get("SalesItemLineDetail") or {}).get("ServiceDate")
    if served:
        check_date("ServiceDate", served)


def check_enum(known: tuple[str, ...] | None, value: Any) -> None:
    """Fault 2170 for a word that is not on the list."""
    if known and value not in known:
        raise Fault("2170", "Invalid Enumeration", f"Invalid Enumeration : {value}")


def check_date(name: str, value: Any) -> None:
    """Fault 2010 for anything but a day of the calendar as YYYY-MM-DD."""
    try:
        dt.date.fromisoformat(value if DATE.fullmatch(value) else "")
    except (TypeError, ValueError):
        raise unread(name) from None


def check_email(addresses: Any) -> None:
    """Fault 2210 for what is no address; one field may hold several, with commas between."""
    for address in str(addresses or "").split(","):
        if addresses and not ADDRESS.fullmatch(address.strip()):
            detail = f"Email Address {address.strip()} does not conform to the syntax rules of RFC 822."
            raise Fault("2210", "Invalid Email Address format", detail)


def unread(name: str) -> Fault:
    """2010 in the vendor's words. It does not say which property it was; here the element does."""
    detail = "Property Name:failed to parse json object; a property specified is unsupported or invalid"
    return misshapen(detail, name)


def too_long(name: str, most: int) -> Fault:
    """2050 for what names a request and is longer than the vendor keeps."""
    return Fault("2050", "String length is either shorter or longer than supported", f"{name}: at most {most}")
