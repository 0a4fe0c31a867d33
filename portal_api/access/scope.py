"""Who may: the dependencies that a route declares. Nothing else decides access.

    @router.get("/invoices")
    async def invoices(request: Request, scope: Client) -> Response: ...

`Client` is a client's person, or staff viewing as one. `Ops` and `Analyst` are staff.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends, Request
from starlette.requests import HTTPConnection

from portal_api.access import sessions
from portal_api.access.visitor import Visitor
from portal_api.portal import portal_of
from store.scope import Scope

BEARER = "bearer "
ADMIN = "admin"


class SignInNeeded(Exception):
    """Nobody has signed in: pages lead to the sign-in form, the API answers 401."""


class NotAllowed(Exception):
    """Signed in, but not for this. Looks the same as something that does not exist."""


def cookie_name(secure: bool) -> str:
    """The session cookie; `__Host-` binds it to this host and to HTTPS."""
    return "__Host-frontdesk" if secure else "frontdesk"


def _token(request: HTTPConnection) -> str | None:
    authorization = request.headers.get("authorization", "")
    if authorization[: len(BEARER)].lower() == BEARER:
        return authorization[len(BEARER) :].strip() if request.url.path.startswith("/api/") else None
    return request.cookies.get(cookie_name(portal_of(request).secure))


async def visitor(request: Request) -> Visitor | None:
    """Whoever has signed in, or None. Looked up once a request."""
    if hasattr(request.state, "visitor"):
        known: Visitor | None = request.state.visitor
        return known
    portal, token = portal_of(request), _token(request)
    request.state.visitor = found = None
    if token:
        now = portal.clock()
        found = await portal.store.read(lambda connection: sessions.find(connection, token, now))
        if found is not None and found.via == "api" and not request.url.path.startswith("/api/"):
            found = None
        if found is not None and now - found.seen_at > sessions.SEEN_EVERY:
            portal.activities.seen(found.session_id, now)
        request.state.visitor = found
    return found


async def client_scope(request: Request) -> Scope:
    """The scope of a client's person. SignInNeeded without one; staff who view as nobody are NotAllowed."""
    found = await visitor(request)
    if found is None:
        raise SignInNeeded
    scope = found.scope
    if scope is None:
        raise NotAllowed
    request.state.scope = scope
    return scope


def staff(*roles: str) -> Callable[[Request], Awaitable[Visitor]]:
    """A dependency that lets staff with one of these roles in (admin always); to anybody else the page is not there."""

    async def allowed(request: Request) -> Visitor:
        found = await visitor(request)
        if found is None:
            raise SignInNeeded
        if found.staff_email is None or found.role not in {*roles, ADMIN}:
            raise NotAllowed
        return found

    return allowed


Client = Annotated[Scope, Depends(client_scope)]
Ops = Annotated[Visitor, Depends(staff("ops"))]
Analyst = Annotated[Visitor, Depends(staff("ops", "analyst"))]
