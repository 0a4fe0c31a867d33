"""Letting people in, and out: sign-in links, API tokens, staff, signing out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from cli import say
from cli.app import LET_IN, group
from hub.errors import NeedsPerson

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from hub.settings import Settings

STAFF_ROLES = ("ops", "analyst", "admin")


def add_to(app: typer.Typer) -> None:
    app.command("login-link", rich_help_panel=LET_IN)(login_link)
    app.command(rich_help_panel=LET_IN)(token)
    app.command("sign-out", rich_help_panel=LET_IN)(sign_out)
    staff = group(help="The firm's own people.")
    staff.command("add")(staff_add)
    staff.command("list")(staff_list)
    staff.command("remove")(staff_remove)
    app.add_typer(staff, name="staff", rich_help_panel=LET_IN)


def login_link(
    email: str,
    minutes: Annotated[int, typer.Option(help="How long the link is good.", min=1, max=10080)] = 15,
) -> None:
    """A sign-in link for one person, good once."""
    from portal_api.access.links import create_link

    with _store() as (settings, connection):
        require_known(connection, email)
        print(create_link(connection, email, minutes=minutes, public_url=settings.public_url))


def token(
    email: str,
    staff: Annotated[bool, typer.Option("--staff", help="Of staff: it reads /api/v1/ops/status.")] = False,
    client: Annotated[str | None, typer.Option(help="Of somebody at several clients: the one it is for.")] = None,
) -> None:
    """An API token, good for a year and shown once."""
    from portal_api.access.tokens import create_api_token

    with _store() as (_, connection):
        print(create_api_token(connection, email, staff, client))


def sign_out(email: str) -> None:
    """End what is open for one address: its sessions, API tokens and mailed links, of clients' people and of staff."""
    from hub.clock import now
    from portal_api.access.links import withdraw
    from portal_api.access.sessions import revoke_all

    address, moment = email.strip().lower(), now()
    with _store() as (_, connection):
        ended = revoke_all(connection, address, moment)
        counts = {"session": ended["page"], "API token": ended["api"], "link": withdraw(connection, address, moment)}
    if not any(counts.values()):
        print(f"Nothing is open for {address}: no session, no API token, no link.")
        return
    listed = ", ".join(f"{count:,} {what}{'' if count == 1 else 's'}" for what, count in counts.items())
    print(f"Ended for {address}: {listed}.")
    say.note("They may sign in again: take their role away in the source and sync, or run `frontdesk staff remove`.")


def staff_add(
    email: str,
    name: Annotated[str | None, typer.Option(help="As colleagues see it.")] = None,
    role: Annotated[str, typer.Option(help="ops, analyst or admin.")] = "ops",
) -> None:
    """Let somebody of the firm into /ops, or change their role."""
    from sqlalchemy import delete, insert

    from store.access_tables import Staff

    if role not in STAFF_ROLES:
        raise NeedsPerson(f"There is no role {role!r}.", step=f"Roles are {', '.join(STAFF_ROLES)}.")
    address = email.strip().lower()
    if "@" not in address:
        raise NeedsPerson(f"{email!r} is no e-mail address.", step="Write it as name@firm.example.")
    with _store() as (_, connection):
        connection.execute(delete(Staff).where(Staff.c.email == address))
        connection.execute(insert(Staff), {"email": address, "name": name, "role": role})
    print(f"{address} is {role}. `frontdesk login-link {address}` lets them in at once.")


def staff_list() -> None:
    """Who of the firm may come in."""
    from sqlalchemy import select

    from store.access_tables import Staff

    with _store() as (_, connection):
        rows = connection.execute(select(Staff.c.email, Staff.c.name, Staff.c.role).order_by(Staff.c.email)).all()
    print(say.table(("email", "name", "role"), rows) if rows else "Nobody yet. See `frontdesk staff add`.")


def staff_remove(email: str) -> None:
    """Keep somebody of the firm out from now on; their open sessions and tokens end at once."""
    from sqlalchemy import delete

    from hub.clock import now
    from portal_api.access.sessions import revoke_all
    from store.access_tables import Staff

    address = email.strip().lower()
    with _store() as (_, connection):
        gone = connection.execute(delete(Staff).where(Staff.c.email == address)).rowcount
        if gone:  # Whoever is let in again later signs in anew.
            revoke_all(connection, address, now())
    if not gone:
        raise NeedsPerson(f"No staff member has the address {address}.", step="See `frontdesk staff list`.")
    print(f"{address} may not come in any more.")


def require_known(connection: Connection, email: str) -> None:
    """NeedsPerson unless somebody with that address may sign in."""
    from portal_api.access.people import ROLES, places_of, staff_role

    if not places_of(connection, email) and not staff_role(connection, email):
        raise NeedsPerson(
            f"Nobody with the address {email} may sign in.",
            step=f"Give the person a role in the source ({', '.join(ROLES)}) and sync, or run `frontdesk staff add`.",
        )


@contextmanager
def _store() -> Iterator[tuple[Settings, Connection]]:
    from hub.settings import load
    from store.engine import create_engine

    settings = load()
    engine = create_engine(settings.database_url)
    try:
        with engine.begin() as connection:
            yield settings, connection
    finally:
        engine.dispose()
