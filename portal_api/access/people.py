"""Who an address belongs to: people of clients, staff. Reads over all clients, because nobody has signed in yet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Connection, func, select

from portal_api.reading import oversee
from store.access_tables import Staff
from store.names import by_name
from store.tables import Client, Person

ROLES = ("owner", "member", "viewer")
"""What a contact's `role` must say, in whatever case, to open the portal. Any other word opens nothing."""


class PersonAt(NamedTuple):
    """A person at one client. The same address may be a person at several."""

    person_id: str
    client_id: str
    role: str
    name: str
    client_name: str
    email: str


_PLACES = (
    select(Person.c.id, Person.c.client_id, Person.c.role, Person.c.name, Client.c.name.label("client_name"))
    .join(Client, Client.c.id == Person.c.client_id)
    .where(func.lower(Person.c.role).in_(ROLES), Person.c.deleted_at.is_(None), Client.c.deleted_at.is_(None))
    .order_by(by_name(Client.c.name), Person.c.id)
)


def role_of(word: str | None) -> str | None:
    """The role that a source's word means; None: no access."""
    role = (word or "").lower()
    return role if role in ROLES else None


def places_of(connection: Connection, email: str) -> Sequence[PersonAt]:
    """The clients where somebody with this address may sign in, by name: each once, also with two contacts there."""
    address = email.lower()
    rows = oversee(connection).execute(_PLACES.where(func.lower(Person.c.email) == address))
    places: dict[str, PersonAt] = {}
    for row in rows:
        role, client = role_of(row.role) or "", row.client_id or ""
        places.setdefault(client, PersonAt(row.id, client, role, row.name, row.client_name, address))
    return list(places.values())


def staff_role(connection: Connection, email: str) -> str | None:
    """The role of a staff member, None for anybody else."""
    return connection.execute(select(Staff.c.role).where(Staff.c.email == email.lower())).scalar()
