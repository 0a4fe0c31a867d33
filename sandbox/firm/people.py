"""The firm's staff, the clients' accounts, and the people there."""

from __future__ import annotations

import random

from sandbox.firm.calendar import HISTORY_DAYS
from sandbox.firm.roster import Client, slug
from sandbox.firm.writer import Writer

FIRM = "Harbour & Pine"
FIRM_DOMAIN = "harbourpine.example"
HUB_USER = "hub@sandbox.example"

STAFF = {
    "logistics": "Inge Terhorst",
    "professional_services": "Marcus Adeyemi",
    "architecture": "Solène Marchand",
    "legal": "Fiona MacGillivray",
    "agency": "Rafael Ibáñez",
    "saas": "Priya Raghunathan",
}
"""Who looks after the clients of each profile."""

FIRST = [
    "Maria",
    "Jürgen",
    "Chloé",
    "Łukasz",
    "Søren",
    "Aoife",
    "Núria",
    "Håkan",
    "Emma",
    "José",
    "Zoë",
    "Björn",
    "Ewa",
    "Seán",
    "Yuki",
    "Camille",
    "Oliver",
    "Grace",
    "Mateo",
    "Ingrid",
    "Thomas",
    "Amélie",
    "Paweł",
    "Freya",
    "Daniel",
    "Noémie",
    "Ruth",
    "Andrés",
    "Hannah",
    "Miguel",
]
LAST = [
    "Keller",
    "Brandt",
    "Dubois",
    "Kowalczyk",
    "Mikkelsen",
    "O'Sullivan",
    "Ferrer",
    "Lindström",
    "Carter",
    "Martínez",
    "Fairweather",
    "Öberg",
    "Wiśniewska",
    "Byrne",
    "Tanaka",
    "Moreau",
    "Hughes",
    "Sinclair",
    "Álvarez",
    "Haugen",
    "Schäfer",
    "Girard",
    "Zieliński",
    "Nielsen",
    "Novak",
    "Lambert",
    "Whitaker",
    "Peña",
    "Weiß",
    "D'Arcy",
]
TITLES = {
    "owner": ("Managing Director", "Head of Operations", "Chief Executive", "General Manager"),
    "member": ("Project Lead", "Office Manager", "Procurement Manager", "Operations Coordinator"),
    "viewer": ("Accounts Payable", "Assistant", "Controller", "Bookkeeper"),
}
INDUSTRIES = {
    "logistics": "Manufacturing",
    "professional_services": "Services",
    "architecture": "Real Estate",
    "legal": "Private Client",
    "agency": "Consumer Goods",
    "saas": "Software User",
}
CREW = {"demo": 4, "first_visit": 1, "nothing": 2}
DEFAULT_CREW = 3
ROLES = ("owner", "member", "viewer", "member")


def add_staff(writer: Writer, rng: random.Random) -> dict[str, str]:
    """The hub's own user first, so that it owns what names no owner; then a manager for each profile: their ids."""
    body = {"Username": HUB_USER, "Name": "Frontdesk Hub", "Email": HUB_USER, "IsActive": True}
    writer.salesforce(rng, "User", -HISTORY_DAYS, body)
    return {profile: add_user(writer, rng, name) for profile, name in STAFF.items()}


def add_user(writer: Writer, rng: random.Random, name: str) -> str:
    """One member of the firm's staff."""
    email = f"{slug(name).replace('-', '.')}@{FIRM_DOMAIN}"
    body = {"Username": email, "Name": name, "Email": email, "IsActive": True}
    return writer.salesforce(rng, "User", -HISTORY_DAYS, body)


def account_body(client: Client, owner: str, links: dict[str, str | None]) -> dict[str, str | None]:
    """The Account of a client; `links` are its ids in the other systems, where somebody entered them."""
    body: dict[str, str | None] = {
        "Name": client.name,
        "AccountNumber": f"C-{10001 + client.index}",
        "Industry": INDUSTRIES[client.profile],
        "Website": f"https://www.{client.domain}",
        "Phone": client.phone,
        "BillingStreet": client.street,
        "BillingCity": client.city,
        "BillingPostalCode": client.postal_code,
        "BillingCountry": client.country,
        "Profile__c": client.profile,
        "Time_Zone__c": client.time_zone,
        "OwnerId": owner,
    }
    return body | links


def add_contacts(writer: Writer, rng: random.Random, client: Client, account: str, born: float) -> list[str]:
    """The people at a client: one owner, members, a viewer; from the third on some have no e-mail address."""
    count = CREW.get(client.situation, DEFAULT_CREW)
    names = zip(rng.sample(FIRST, count), rng.sample(LAST, count), strict=True)
    return [
        writer.salesforce(rng, "Contact", born + number / 10, contact(rng, client, account, number, first, last))
        for number, (first, last) in enumerate(names)
    ]


def contact(
    rng: random.Random, client: Client, account: str, number: int, first: str, last: str
) -> dict[str, str | None]:
    """One person. The fourth one works without access to the portal: no role, no address."""
    role = ROLES[number]
    silent = number == 3 or (number == 2 and client.index % 4 == 1)
    return {
        "AccountId": account,
        "FirstName": first,
        "LastName": last,
        "Name": f"{first} {last}",
        "Email": None if silent else f"{slug(first)}.{slug(last)}@{client.domain}",
        "Phone": f"{client.phone}{number + 1}",
        "Title": rng.choice(TITLES[role]),
        "Portal_Role__c": None if number == 3 else role,
    }
