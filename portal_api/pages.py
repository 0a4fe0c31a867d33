"""How every page is answered: one render function, one set of errors, one caching rule."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from portal_api.access.links import own_path
from portal_api.access.visitor import Visitor
from portal_api.portal import Portal, portal_of
from portal_api.profiles import Place, Profile
from portal_api.wording import Words, language, zone

HTML = "text/html; charset=utf-8"
PRIVATE = "private, no-cache"
SEVERAL_COOKIE = "frontdesk_several"
"""Set at sign-in for somebody who belongs to several clients. It opens nothing: the menu offers to switch."""

_HOME = Place(label="Home", path="/", icon="home")
_REST = (
    Place(label="Documents", path="/documents", icon="document"),
    Place(label="Invoices", path="/invoices", icon="invoice"),
    Place(label="Requests", path="/requests", icon="request"),
)
_PERSONAL = (
    Place(label="Account", path="/account", icon="account"),
    Place(label="Contracts", path="/contracts", icon="contract"),
    Place(label="Statement", path="/statement", icon="invoice"),
)


class NotFound(Exception):
    """Not there, or not yours: the same page, the same status."""


@dataclass(frozen=True, slots=True)
class Frame:
    """What the layout shows around a page."""

    visitor: Visitor | None
    profile: Profile
    menu: tuple[Place, ...]
    personal: tuple[Place, ...]
    here: str
    searchable: bool
    ops: bool
    several: bool


def words_of(request: Request) -> Words:
    """How to speak to this request's reader: the client's zone or the firm's, the firm's language, now."""
    portal, visitor = portal_of(request), getattr(request.state, "visitor", None)
    firm = portal.settings.firm
    return Words(language(firm.locale), zone(visitor.time_zone if visitor else None, firm.time_zone), portal.clock())


def render(
    request: Request,
    template: str,
    context: Mapping[str, Any] | None = None,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    words: Words | None = None,
) -> Response:
    """The page `templates/{template}`. Templates find `frame`, `words` and the context's own names.

    Private, revalidated by ETag: a browser asks again and is told 304 when nothing changed.
    """
    portal = portal_of(request)
    words = words or words_of(request)
    body = portal.templates.render(template, _context(request, portal, words, context or {}), words).encode()
    answer = {"cache-control": PRIVATE, "vary": "cookie", **(headers or {})}
    if status == 200:  # noqa: PLR2004 -- OK
        answer["etag"] = tag = f'W/"{blake2b(body, digest_size=12).hexdigest()}"'
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=answer)
    return Response(body, status, answer, media_type=HTML)


def _context(request: Request, portal: Portal, words: Words, context: Mapping[str, Any]) -> dict[str, Any]:
    return {"frame": frame_of(request, portal), "words": words, **context}


def frame_of(request: Request, portal: Portal) -> Frame:
    """Header and menu for this reader. Only places that exist are in a menu."""
    visitor: Visitor | None = getattr(request.state, "visitor", None)
    profile = portal.profiles.of(visitor.profile if visitor else None)
    menu: tuple[Place, ...] = ()
    personal: tuple[Place, ...] = ()
    if visitor is not None and visitor.client_id is not None:
        menu, personal = _menus(profile, portal.paths)
    several = SEVERAL_COOKIE in request.cookies
    is_staff = visitor is not None and visitor.staff_email is not None
    path = own_path(request.url.path)
    return Frame(visitor, profile, menu, personal, path, "/search" in portal.paths, is_staff, several)


def _menus(profile: Profile, paths: frozenset[str]) -> tuple[tuple[Place, ...], tuple[Place, ...]]:
    places = (_HOME, profile.noun, *_REST)
    menu = tuple(place for place in places if place.path in paths)
    taken = {place.path for place in menu}
    return menu, tuple(place for place in _PERSONAL if place.path in paths and place.path not in taken)


def redirect(path: str, *, headers: Mapping[str, str] | None = None) -> Response:
    """Go there with a GET, after a form."""
    return RedirectResponse(path, 303, headers={"cache-control": "no-store", **(headers or {})})


def wants_json(request: Request) -> bool:
    """Whether a program asks: the API answers errors as JSON."""
    return request.url.path.startswith("/api/")


def problem(
    request: Request, status: int, code: str, sentence: str, step: str = "", *, reference: str = ""
) -> Response:
    """An error: JSON for the API, a page with a way on for people."""
    if wants_json(request):
        return problem_json(status, sentence, step, reference)
    context = {"sentence": sentence, "step": step, "reference": reference}
    return render(request, f"errors/{code}.html", context, status=status, headers={"cache-control": "no-store"})


def problem_json(status: int, title: str, detail: str = "", reference: str = "") -> Response:
    """An error for programs (RFC 9457): what happened, and what would have been accepted."""
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    headers = {"www-authenticate": "Bearer"} if status == 401 else {}  # noqa: PLR2004 -- Unauthorized
    return JSONResponse(
        {**body, "reference": reference} if reference else body,
        status,
        headers={"cache-control": "no-store", **headers},
        media_type="application/problem+json",
    )


def new_reference() -> str:
    """A number that a person can read out on the telephone, and that the log carries too."""
    return secrets.token_hex(4).upper()
