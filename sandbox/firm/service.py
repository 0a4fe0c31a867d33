"""Contracts, requests (cases) and subscriptions."""

from __future__ import annotations

import random
from typing import Any

from sandbox.firm.people import FIRM
from sandbox.firm.roster import Client
from sandbox.firm.trades import CASES
from sandbox.firm.writer import Writer

CONTRACTS: dict[str, tuple[str, ...]] = {
    "demo": ("Activated", "Expired"),
    "normal": ("Activated",),
    "late": ("Activated", "Expired"),
    "exception": ("Activated", "Draft"),
    "nothing": ("Expired",),
    "first_visit": ("Draft",),
}
TERMS = {"Activated": (-300, 24), "Expired": (-1150, 24), "Draft": (20, 12), "In Approval Process": (10, 12)}
"""Status -> first day from today, months."""
TITLES = {
    "logistics": "Freight services agreement",
    "professional_services": "Consulting framework",
    "architecture": "Architect’s appointment",
    "legal": "Engagement letter",
    "agency": "Agency agreement",
    "saas": "Subscription agreement",
}
CASE_PLANS: dict[str, tuple[str, ...]] = {
    "demo": ("Waiting for Client", "Working", "New", "Closed", "Closed"),
    "normal": ("Working", "Closed", "Closed"),
    "late": ("Working", "Closed"),
    "exception": ("New", "Waiting for Client", "Closed"),
    "nothing": ("Closed",),
    "first_visit": (),
}
WORDS = {
    "Waiting for Client": "We need one document from you to go on. Answer here and we continue the same day.",
    "Working": "We are on it and will come back with an answer or a date.",
    "New": "Received; nobody has picked it up yet.",
    "Closed": "Done, and you confirmed it by mail.",
}
PLANS = {
    "demo": ("Business", "Active", 0.71, 46),
    "normal": ("Team", "Active", 0.42, 160),
    "late": ("Business", "Active", 1.04, 12),
    "exception": ("Team", "Past Due", 0.93, -3),
    "nothing": ("Starter", "Cancelled", 0.0, -60),
    "first_visit": ("Starter", "Active", 0.0, 362),
}
"""Plan, state, share of the limit used, days to renewal."""
PLAN_FACTS = {"Starter": (1_000, 5, 49.0), "Team": (10_000, 25, 249.0), "Business": (50_000, 120, 999.0)}
"""Limit of records a month, seats, price a month."""


def add_contracts(writer: Writer, rng: random.Random, client: Client, account: str) -> None:
    """A client's contracts; the draft one has no dates agreed yet but the start."""
    for status in CONTRACTS[client.situation]:
        start, months = TERMS[status]
        start += rng.randrange(-30, 0) if status != "Draft" else 0
        writer.salesforce(
            rng, "Contract", min(start - 10, -2), contract(writer, client, account, status, start, months)
        )


def contract(writer: Writer, client: Client, account: str, status: str, start: int, months: int) -> dict[str, Any]:
    """One contract. The last day follows from first day and term."""
    end = None if status == "Draft" else start + months * 365 // 12 - 1
    return {
        "AccountId": account,
        "ContractNumber": f"{writer.number('contract'):08d}",
        "Name": f"{TITLES[client.profile]} {writer.calendar.day(start).year}",
        "Status": status,
        "StartDate": writer.calendar.date(start),
        "EndDate": None if end is None else writer.calendar.date(end),
        "ContractTerm": months,
        "Notice_Days__c": 90.0 if months > 12 else 30.0,
        "SpecialTerms": "Payment within 30 days. Rates fixed for the first twelve months.",
        "Description": f"Between {FIRM} and {client.name}.",
    }


def add_cases(writer: Writer, rng: random.Random, client: Client, account: str, contacts: list[str]) -> None:
    """A client's requests, newest first."""
    for position, status in enumerate(CASE_PLANS[client.situation]):
        opened = -1.5 - 9 * position - rng.random() * 3
        body = case(writer, rng, client, status, opened) | {
            "AccountId": account,
            "ContactId": contacts[position % len(contacts)] if contacts else None,
            "Subject": CASES[client.profile][position % len(CASES[client.profile])],
        }
        writer.salesforce(rng, "Case", opened, body)


def case(writer: Writer, rng: random.Random, client: Client, status: str, opened: float) -> dict[str, Any]:
    """One request. A late client's answer is overdue."""
    closed = status == "Closed"
    promised = -0.5 if client.situation == "late" else 1.5 + rng.random()
    return {
        "CaseNumber": f"{1000 + writer.number('case'):08d}",
        "Description": WORDS[status],
        "Status": status,
        "Priority": "High" if status == "Waiting for Client" else rng.choice(("Medium", "Low")),
        "Type": "Request",
        "Origin": rng.choice(("Email", "Portal", "Phone")),
        "IsClosed": closed,
        "ClosedDate": writer.calendar.instant(min(opened + 2, -0.1)) if closed else None,
        "Promised_Answer_At__c": writer.calendar.instant(opened + 2 if closed else promised),
    }


def add_subscription(writer: Writer, rng: random.Random, client: Client, account: str) -> None:
    """The plan of a software client."""
    plan, status, used, renewal = PLANS[client.situation]
    limit, seats, price = PLAN_FACTS[plan]
    body = {
        "Name": f"{plan} plan",
        "Account__c": account,
        "Plan__c": plan,
        "Status__c": status,
        "Usage_Current__c": float(round(limit * used)),
        "Usage_Limit__c": float(limit),
        "Usage_Unit__c": "records",
        "Seats__c": float(seats),
        "Seats_Used__c": float(min(seats, 1 + round(seats * used))),
        "Renewal_Date__c": writer.calendar.date(renewal),
        "Price__c": price * (100 if client.currency == "JPY" else 1),
        "Billing_Period__c": "Monthly",
        "CurrencyIsoCode": client.currency,
    }
    writer.salesforce(rng, "Subscription__c", -350 if client.situation != "first_visit" else -3, body)
