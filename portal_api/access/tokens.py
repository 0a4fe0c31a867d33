"""Secrets that people carry: session cookies, sign-in links, API tokens. The store keeps only their SHA-256."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Sequence
from hashlib import sha256

from sqlalchemy import Connection, insert

from hub.clock import now
from hub.errors import NeedsPerson
from hub.ids import random_id
from portal_api.access.people import ROLES, PersonAt, places_of, staff_role
from store.access_tables import Session

API_TOKEN_DAYS = 365


def new_secret() -> str:
    """256 random bits as 43 characters that fit an address and a cookie."""
    return secrets.token_urlsafe(32)


def hashed(secret: str) -> bytes:
    """What the store keeps of a secret. Plain SHA-256: the secret is random, there is nothing to guess."""
    return sha256(secret.encode()).digest()


def create_api_token(
    connection: Connection, email: str, staff: bool = False, client: str | None = None, *, days: int = API_TOKEN_DAYS
) -> str:
    """A bearer token for /api/v1, for a person of a client or for staff (who read /ops/status there). Shown once.

    `client`: the name or id of one, for a person at several. Raises NeedsPerson when nobody with that address may sign
    in, or it cannot be told where.
    """
    token, moment = new_secret(), now()
    connection.execute(
        insert(Session).values(
            id=random_id(),
            token_hash=hashed(token),
            via="api",
            created_at=moment,
            seen_at=moment,
            expires_at=moment + dt.timedelta(days=days),
            **_owner(connection, email.strip().lower(), client, staff=staff),
        )
    )
    return token


def _owner(connection: Connection, email: str, client: str | None, *, staff: bool) -> dict[str, str | None]:
    if staff:
        role = staff_role(connection, email)
        if role is not None:
            return {"staff_email": email, "email": email, "role": role}
        raise NeedsPerson(f"{email} is no staff member.", step=f"Run `frontdesk staff add {email}` first.")
    if places := places_of(connection, email):
        place = _place(places, email, client)
        return {"client_id": place.client_id, "person_id": place.person_id, "email": email, "role": place.role}
    if staff_role(connection, email) is not None:
        step = f"`frontdesk token {email} --staff` makes one that reads /api/v1/ops/status."
        raise NeedsPerson(f"{email} is staff, and belongs to no client.", step=step)
    raise NeedsPerson(
        f"Nobody with the address {email} may sign in.",
        step=f"Give a contact with this address a portal role in the CRM ({', '.join(ROLES)}), then sync.",
    )


def _place(places: Sequence[PersonAt], email: str, client: str | None) -> PersonAt:
    """The one that is meant; a token is for one client, and none is taken by chance."""
    wanted = None if client is None else client.strip().casefold()
    found = [p for p in places if wanted is None or wanted in {p.client_name.casefold(), p.client_id.casefold()}]
    if len(found) == 1:
        return found[0]
    names = [p.client_name for p in places]
    # Two of one name are told apart by their ids.
    known = ", ".join(p.client_id if names.count(p.client_name) > 1 else p.client_name for p in places)
    if client is None or found:
        raise NeedsPerson(f"{email} is at {len(places)} clients: {known}.", step="Say which one by --client.")
    raise NeedsPerson(f"{email} is not at {client}.", step=f"--client takes one of these: {known}.")
