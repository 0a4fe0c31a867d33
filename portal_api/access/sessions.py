"""Sessions: kept on the server, found by the hash of a cookie or bearer token, ended at any time."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import Any

import orjson
from sqlalchemy import Connection, Select, String, bindparam, case, func, insert, null, select, update
from sqlalchemy.sql.elements import ColumnElement

from hub.ids import random_id
from portal_api.access.people import PersonAt, role_of
from portal_api.access.tokens import hashed, new_secret
from portal_api.access.visitor import ACTING, Visitor
from store.access_tables import Session, Staff
from store.tables import Client, Person
from store.types import Instant

IDLE = dt.timedelta(days=14)
ABSOLUTE = dt.timedelta(days=90)
SEEN_EVERY = dt.timedelta(minutes=5)

_now = bindparam("now", type_=Instant)
_idle = bindparam("idle_since", type_=Instant)
_ALIVE = (
    Session.c.revoked_at.is_(None),
    Session.c.expires_at > _now,
    case((Session.c.via == "page", Session.c.seen_at), else_=_now) > _idle,
)


def _facts(postgres: bool, *columns: Any) -> ColumnElement[str]:
    """Columns as one JSON array, so that one subquery brings them all."""
    return func.json_build_array(*columns) if postgres else func.json_array(*columns)


def _lookup(*, postgres: bool) -> Select[tuple[object, ...]]:
    """Session, person, client and staff in one statement.

    On PostgreSQL naming the client is part of it: the CTE runs first, and the subqueries that row-level security
    guards run once for its row. Without a live session they never run.
    """
    name_client = func.set_config("app.client_id", func.coalesce(Session.c.client_id, ""), True) if postgres else null()
    mine = Session.c.token_hash == bindparam("token_hash")
    alive = select(Session, name_client.label("named")).where(mine, *_ALIVE).cte("alive")
    s = alive.c
    client = select(_facts(postgres, Client.c.name, Client.c.profile, Client.c.time_zone))
    person = select(_facts(postgres, Person.c.name, Person.c.email, Person.c.role))
    staff = select(_facts(postgres, Staff.c.name, Staff.c.email, Staff.c.role))
    return select(
        s.id,
        s.via,
        s.client_id,
        s.person_id,
        s.staff_email,
        s.email,
        s.seen_at,
        s.named,
        client.where(Client.c.id == s.client_id, Client.c.deleted_at.is_(None)).scalar_subquery().label("client"),
        person.where(Person.c.id == s.person_id, Person.c.client_id == s.client_id, Person.c.deleted_at.is_(None))
        .scalar_subquery()
        .label("person"),
        staff.where(Staff.c.email == s.staff_email).scalar_subquery().label("staff"),
    )


_LOOKUP = {"postgresql": _lookup(postgres=True), "sqlite": _lookup(postgres=False)}


def find(connection: Connection, token: str, now: dt.datetime) -> Visitor | None:
    """The visitor that a token stands for, or None: unknown, ended, expired, or no longer allowed in. One query."""
    row = connection.execute(
        _LOOKUP[connection.dialect.name], {"token_hash": hashed(token), "now": now, "idle_since": now - IDLE}
    ).first()
    if row is None:
        return None
    client, person, staff = (_decoded(facts) for facts in (row.client, row.person, row.staff))
    who = staff if row.staff_email else person
    if who is None:
        return None
    role = who[2] if row.staff_email else role_of(who[2])
    # A role taken away, a person or a client gone: the session ends by itself.
    if role is None or (row.client_id and client is None):
        return None
    # One record, another address: the firm has made another person of its contact.
    if (who[1] or "").lower() != row.email:
        return None
    client_id = row.client_id
    if row.staff_email and role not in ACTING:  # since they began to view as one
        client_id = client = None
    client_name, profile, time_zone = client or ("", None, None)
    return Visitor(
        session_id=row.id,
        via=row.via,
        role=role,
        seen_at=row.seen_at,
        client_id=client_id,
        person_id=row.person_id,
        staff_email=row.staff_email,
        name=who[0] or "",
        email=who[1] or "",
        client_name=client_name or "",
        profile=profile,
        time_zone=time_zone,
    )


def _decoded(facts: str | list[str | None] | None) -> list[str | None] | None:
    return orjson.loads(facts) if isinstance(facts, str) else facts


def open_for_person(connection: Connection, person: PersonAt, now: dt.datetime) -> str:
    """A new session for a person at a client; returns the cookie's token."""
    of = {"client_id": person.client_id, "person_id": person.person_id, "email": person.email}
    return _open(connection, now, role=person.role, **of)


def has_been_here(connection: Connection, person_id: str) -> bool:
    """Whether this person has signed in before."""
    return connection.execute(select(Session.c.id).where(Session.c.person_id == person_id).limit(1)).first() is not None


def open_for_staff(connection: Connection, email: str, role: str, now: dt.datetime) -> str:
    """A new session for staff; returns the cookie's token."""
    return _open(connection, now, staff_email=email, email=email.lower(), role=role)


def _open(connection: Connection, now: dt.datetime, **who: str) -> str:
    token = new_secret()
    values = {"created_at": now, "seen_at": now, "expires_at": now + ABSOLUTE, "via": "page", **who}
    connection.execute(insert(Session).values(id=random_id(), token_hash=hashed(token), **values))
    return token


def revoke(connection: Connection, session_id: str, now: dt.datetime) -> None:
    """End one session."""
    connection.execute(update(Session).where(Session.c.id == session_id).values(revoked_at=now))


def revoke_all(connection: Connection, email: str, now: dt.datetime) -> Counter[str]:
    """End every session and token of an address, wherever it belongs; says how many of each `via` there were."""
    ended = (
        update(Session).where(Session.c.email == email.lower(), *_ALIVE).values(revoked_at=now).returning(Session.c.via)
    )
    return Counter(connection.scalars(ended, {"now": now, "idle_since": now - IDLE}))


_NAMED = bindparam("client", type_=String)
_VIEW = (
    update(Session)
    .where(Session.c.id == bindparam("session"), Session.c.staff_email.is_not(None), Session.c.revoked_at.is_(None))
    .values(client_id=_NAMED)
)


def view_as(connection: Connection, visitor: Visitor, client_id: str | None) -> bool:
    """Let a staff session see as one client, read-only; None ends it. False when the session is no staff session."""
    changed = connection.execute(_VIEW, {"session": visitor.session_id, "client": client_id})
    return changed.rowcount == 1
