"""Shipments on their way and their scans: on time, late, held, missed, delivered, cancelled, scanned after delivery."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

from sandbox.firm.roster import Client
from sandbox.firm.writer import Writer


@dataclass(frozen=True, slots=True)
class Story:
    """How a shipment went. Days are counted from today: `start` shipped, `promised`, `eta` (None: not known)."""

    status: str
    mode: str
    start: int
    promised: int
    eta: int | None
    scans: tuple[str, ...]
    reason: str = ""
    quiet_days: float = 0.3


WAY = ("Picked up", "Departed origin", "Arrived at hub", "Departed hub", "Arrived at destination", "Delivered")
STORIES: dict[str, Story] = {
    "ocean on time": Story("In Transit", "Ocean", -16, 9, 9, WAY[:3]),
    "air on time": Story("In Transit", "Air", -2, 2, 2, WAY[:2]),
    "road today": Story("Out for Delivery", "Road", -3, 0, 0, (*WAY[:5], "Out for delivery")),
    "booked": Story("Booked", "Road", 2, 6, 6, ()),
    "picked up": Story("Picked Up", "Rail", -1, 11, 11, WAY[:1]),
    "held at customs": Story(
        "Exception",
        "Ocean",
        -24,
        3,
        9,
        (*WAY[:3], "Held at customs"),
        "Held at customs: commercial invoice missing",
        1.4,
    ),
    "missed connection": Story(
        "Exception", "Air", -5, -1, 3, (*WAY[:3], "Missed connection"), "Missed connection, next flight booked", 0.8
    ),
    "in customs": Story("Customs", "Ocean", -21, 2, 2, (*WAY[:3], "Customs inspection")),
    "late": Story("In Transit", "Ocean", -30, -2, 5, (*WAY[:4], "Delayed by weather")),
    "late, no new date": Story("In Transit", "Road", -9, -3, None, WAY[:2], quiet_days=4),
    "delivered": Story("Delivered", "Road", -40, -33, -34, WAY),
    "delivered late": Story("Delivered", "Ocean", -70, -41, -38, WAY),
    "scanned after delivery": Story("Delivered", "Air", -12, -8, -8, (*WAY, "Arrived at hub"), quiet_days=6),
    "cancelled": Story("Cancelled", "Road", -15, -9, None, ("Picked up", "Returned to shipper")),
}
PLANS: dict[str, tuple[str, ...]] = {
    "demo": (
        *("held at customs", "ocean on time", "road today", "air on time", "delivered", "delivered late", "cancelled"),
        *("scanned after delivery", "delivered", "delivered"),
    ),
    "normal": ("ocean on time", "road today", "booked", "delivered", "delivered", "delivered late"),
    "late": ("late", "late, no new date", "air on time", "delivered", "scanned after delivery"),
    "exception": ("missed connection", "held at customs", "in customs", "picked up", "delivered", "cancelled"),
    "nothing": ("delivered", "delivered", "delivered late"),
    "first_visit": (),
}
CARRIERS = {
    "Ocean": ("Nordwind Line", "Pacific Crest Shipping"),
    "Air": ("Alpine Air Cargo", "Meridian Air Freight"),
    "Road": ("Terhorst Transport", "Blue Arrow Haulage"),
    "Rail": ("Silk Route Rail",),
}
LANES = {
    "Ocean": (("Shanghai", "Rotterdam"), ("Yokohama", "Portland"), ("Santos", "Hamburg"), ("Göteborg", "Felixstowe")),
    "Air": (("Tōkyō Narita", "Frankfurt"), ("Chicago O’Hare", "London Heathrow"), ("Shenzhen", "Liège")),
    "Road": (("Łódź", "München"), ("Barcelona", "Lyon"), ("Rotterdam", "København")),
    "Rail": (("Xi’an", "Duisburg"),),
}
HUBS = {"Ocean": "Algeciras", "Air": "Leipzig/Halle", "Road": "Venlo", "Rail": "Małaszewicze"}
PREFIX = {"Ocean": "HBL", "Air": "AWB", "Road": "CMR", "Rail": "SMGS"}


def add_shipments(writer: Writer, rng: random.Random, client: Client, account: str) -> list[str]:
    """A client's shipments with their scans, by its situation."""
    return [add_shipment(writer, rng, account, STORIES[name], n) for n, name in enumerate(PLANS[client.situation])]


def add_shipment(writer: Writer, rng: random.Random, account: str, story: Story, ordinal: int) -> str:
    """One shipment. Stories of the same kind lie three weeks apart, so that a history is no heap."""
    shift = -21 * ordinal if story.status in {"Delivered", "Cancelled"} and ordinal > 5 else 0
    number = 2290 + writer.number("shipment")
    origin, destination = rng.choice(LANES[story.mode])
    scans = scan_times(story, shift)
    body = shipment_body(writer, rng, account, story, shift) | {
        "Name": f"{PREFIX[story.mode]}-{number}",
        "Reference__c": f"PO-{40000 + number * 7 % 9000}",
        "Tracking_Number__c": f"{PREFIX[story.mode]}{rng.randrange(10**9, 10**10)}",
        "Origin__c": origin,
        "Destination__c": destination,
        "Location__c": place(story, len(story.scans) - 1, origin, destination) if story.scans else None,
    }
    shipment = writer.salesforce(rng, "Shipment__c", story.start + shift - 3, body)
    for position, name in enumerate(story.scans):
        scan = scan_body(writer, shipment, name, scans[position], place(story, position, origin, destination))
        writer.salesforce(rng, "Shipment_Event__c", scans[position], scan)
    return shipment


def shipment_body(writer: Writer, rng: random.Random, account: str, story: Story, shift: int) -> dict[str, Any]:
    """The facts that follow from the story."""
    calendar, delivered = writer.calendar, story.status == "Delivered"
    eta = None if story.eta is None else calendar.instant(story.eta + shift, 14)
    return {
        "Account__c": account,
        "Carrier__c": rng.choice(CARRIERS[story.mode]),
        "Mode__c": story.mode,
        "Status__c": story.status,
        "Shipped_Date__c": None if story.status == "Booked" else calendar.date(story.start + shift),
        "Promised_At__c": calendar.instant(story.promised + shift, 16),
        "ETA__c": eta,
        "Delivered_At__c": eta if delivered else None,
        "Exception_Reason__c": story.reason or None,
        "Exception_Since__c": calendar.instant(-story.quiet_days) if story.reason else None,
        "Pieces__c": float(rng.randrange(1, 48)),
        "Weight_Kg__c": rng.randrange(80, 22_000) / 1.0 + 0.5,
    }


def scan_times(story: Story, shift: int) -> list[float]:
    """When each scan happened, in days from today: evenly from the start to the last sign of life."""
    ends = -story.quiet_days + shift
    if story.status in {"Delivered", "Cancelled"}:
        ends = (story.eta if story.eta is not None else story.promised) + shift + 14 / 24
    steps = len(WAY) - 1 if story.status == "Delivered" else max(len(story.scans) - 1, 1)
    start = story.start + shift + 8 / 24
    return [round(start + (ends - start) * position / steps, 2) for position in range(len(story.scans))]


def place(story: Story, position: int, origin: str, destination: str) -> str:
    """Where a scan was made."""
    if story.scans[position] in {"Held at customs", "Customs inspection"} or position >= 4:
        return destination
    return origin if position < 2 else HUBS[story.mode]


def scan_body(writer: Writer, shipment: str, name: str, at: float, location: str) -> dict[str, Any]:
    """One scan as the carrier told it."""
    return {
        "Name": name,
        "Shipment__c": shipment,
        "Event_At__c": writer.calendar.instant(at),
        "Code__c": name.upper().replace(" ", "_"),
        "Location__c": location,
        "Description__c": f"{name}, {location}",
    }
