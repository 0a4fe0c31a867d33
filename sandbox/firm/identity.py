"""Where the three systems disagree on who is who: the cases that matching must get right, by client."""

from __future__ import annotations

import random
from dataclasses import dataclass

from sandbox.firm.calendar import Calendar
from sandbox.firm.customers import billing_email
from sandbox.firm.people import account_body
from sandbox.firm.roster import Client
from sandbox.firm.writer import Writer
from sandbox.state import State


@dataclass(frozen=True, slots=True)
class Links:
    """How an account is tied to its customer and its folder."""

    customer: bool = True
    folder: bool = True
    website: bool = True
    own_domain: bool = True
    no_contact: bool = False
    twin: bool = False

    def email(self, member: Client) -> str | None:
        """The customer's e-mail; a bookkeeper's domain says nothing about who the client is."""
        return billing_email(member) if self.own_domain else f"client{member.index}@outsourced-books.example"

    def fields(self, member: Client, customer: str, folder: str) -> dict[str, str | None]:
        """The Account's ids in the other systems, as far as somebody entered them."""
        facts: dict[str, str | None] = {
            "QuickBooks_Id__c": customer if self.customer else None,
            "Drive_Folder_Id__c": folder if self.folder else None,
        }
        return facts if self.website else facts | {"Website": None}


BY_DOMAIN = Links(customer=False)
BY_NAME = Links(customer=False, website=False, own_domain=False)
BY_FOLDER_NAME = Links(folder=False)
AMBIGUOUS = Links(customer=False, website=False, own_domain=False, twin=True)
NO_CONTACT = Links(no_contact=True)

LINKS = {
    8: BY_DOMAIN,
    15: BY_DOMAIN,
    21: BY_NAME,
    9: BY_FOLDER_NAME,
    22: BY_FOLDER_NAME,
    37: AMBIGUOUS,
    38: NO_CONTACT,
}
"""Client index -> how it is tied. Everybody else carries both ids."""


def links_of(index: int) -> Links:
    """The ties of a client."""
    return LINKS.get(index, Links())


def add_twin(writer: Writer, rng: random.Random, member: Client, owner: str) -> None:
    """Another account of the same name in another city: by name alone nobody can tell whose the customer is."""
    body = account_body(member, owner, {"Website": None}) | {
        "AccountNumber": f"C-{90000 + member.index}",
        "BillingCity": "Leeds",
        "BillingStreet": "4 Wharf Street",
        "BillingPostalCode": "LS2 7EQ",
    }
    writer.salesforce(rng, "Account", -400, body)


def delete_some(state: State, calendar: Calendar) -> None:
    """A deleted invoice and a contact in the recycle bin: gone from every list, there for delete feeds.

    An unpaid invoice only, and its customer's balance falls with it, so that the books still agree.
    """
    contact = next(state.select("salesforce", "Contact", "json_extract(body, '$.Email') IS NULL", (), "LIMIT 1"), None)
    if contact is not None:
        state.put("salesforce", "Contact", contact.id, contact.body, deleted=True, modified=calendar.ms(-2))
    unpaid = "json_extract(body, '$.Balance') > 0 AND json_array_length(body, '$.LinkedTxn') = 0"
    invoices = list(state.select("quickbooks", "Invoice", unpaid, (), "ORDER BY CAST(id AS INTEGER) DESC LIMIT 1"))
    for invoice in invoices:
        state.put("quickbooks", "Invoice", invoice.id, invoice.body, deleted=True, modified=calendar.ms(-3))
        lower(state, invoice.body["CustomerRef"]["value"], invoice.body["Balance"], calendar)


def lower(state: State, customer_id: str, amount: float, calendar: Calendar) -> None:
    """Take an amount off a customer's balances."""
    customer = state.get("quickbooks", "Customer", customer_id)
    if customer is None:
        return
    balances = {name: round(customer.body[name] - amount, 2) for name in ("Balance", "BalanceWithJobs")}
    token = str(int(customer.body["SyncToken"]) + 1)
    body = customer.body | balances | {"SyncToken": token}
    state.put("quickbooks", "Customer", customer_id, body, modified=calendar.ms(-3))
