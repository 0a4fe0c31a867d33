"""The sample firm: one house that serves logistics, consulting, architecture, legal, agency and software clients."""

from __future__ import annotations

import datetime as dt
import random
from itertools import islice, takewhile

from sandbox.firm import billing, customers, drive, identity
from sandbox.firm.calendar import HISTORY_DAYS, calendar
from sandbox.firm.freight import add_shipments
from sandbox.firm.people import account_body, add_contacts, add_staff
from sandbox.firm.roster import Client, roster
from sandbox.firm.service import add_cases, add_contracts, add_subscription
from sandbox.firm.work import add_projects
from sandbox.firm.writer import Writer
from sandbox.state import State


def seed(
    state: State, *, clients: int = 40, seed: int = 7, today: dt.date | None = None, records: int | None = None
) -> dict[str, int]:
    """Fill a new state with the sample firm; returns counts by `vendor/kind`.

    Equal arguments give equal bytes in every record and file. `today` (UTC) is the day that all dates refer to.
    `records`: go on with further clients until there are at least so many records over all vendors.
    """
    day = today or dt.datetime.now(dt.UTC).date()
    writer = Writer(state, calendar(seed, day))
    firm = Firm(writer, seed)
    everybody = roster(seed)
    for member in islice(everybody, clients):
        firm.add(member)
    for member in takewhile(lambda _: records is not None and writer.total < records, everybody):
        firm.add(member)
    firm.close()
    return {"/".join(key): count for key, count in sorted(writer.counts.items())}


class Firm:
    """The firm while its clients are being written one after the other."""

    def __init__(self, writer: Writer, seed: int) -> None:
        self.writer, self.seed = writer, seed
        rng = random.Random(f"{seed}/firm")
        self.staff = add_staff(writer, rng)
        customers.add_company(writer, rng)
        self.items = billing.add_items(writer, rng)
        self.drive = drive.Drive(writer, seed)

    def add(self, member: Client) -> None:
        """Everything that the three systems hold about one client."""
        rng = random.Random(f"{self.seed}/client/{member.index}")
        writer, links = self.writer, identity.links_of(member.index)
        customer = customers.add_customer(writer, rng, member, self.items, links.email(member))
        born = -6 if member.situation == "first_visit" else -rng.randrange(420, HISTORY_DAYS)
        folder = self.drive.folder(member, born)
        body = account_body(member, self.staff[member.profile], links.fields(member, customer, folder))
        account = writer.salesforce(rng, "Account", born, body)
        contacts = [] if links.no_contact else add_contacts(writer, rng, member, account, born)
        projects = add_projects(writer, rng, member, account)
        self.extras(rng, member, account)
        add_contracts(writer, rng, member, account)
        add_cases(writer, rng, member, account, contacts)
        self.drive.files(rng, member, folder, born, projects)
        if links.twin:
            identity.add_twin(writer, rng, member, self.staff[member.profile])

    def extras(self, rng: random.Random, member: Client, account: str) -> None:
        """What only some trades have."""
        if member.profile == "logistics":
            add_shipments(self.writer, rng, member, account)
        if member.profile == "saas":
            add_subscription(self.writer, rng, member, account)

    def close(self) -> None:
        """The firm's loose ends, and whatever still waits to be written."""
        customers.add_strangers(self.writer, self.seed, self.items)
        self.drive.stray()
        self.writer.flush()
        identity.delete_some(self.writer.state, self.writer.calendar)
