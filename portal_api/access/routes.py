"""Signing in and out, and choosing between clients.

The mailed link opens a page with one button; only the button signs in. Mail scanners fetch links with GET and HEAD,
and those change nothing.
"""

from __future__ import annotations

import re
from typing import Annotated
from urllib.parse import urlencode

from email_validator import EmailNotValidError, validate_email
from fastapi import APIRouter, Cookie, Depends, Form, Request
from sqlalchemy import Connection
from starlette.responses import Response

from portal_api.access import links, people, sessions
from portal_api.access.limits import Limit, place_of
from portal_api.access.scope import SignInNeeded, cookie_name, visitor
from portal_api.access.tokens import new_secret
from portal_api.access.visitor import Visitor
from portal_api.activity import record
from portal_api.mail import compose
from portal_api.pages import SEVERAL_COOKIE, NotFound, problem, redirect, render, words_of
from portal_api.portal import portal_of

router = APIRouter(include_in_schema=False)

ASKED_COOKIE = "frontdesk_asked"
MANY = 60
"""Tries of one kind from one network within WINDOW_SECONDS: an office may come in together."""
WINDOW_SECONDS = 15 * 60.0
SECRET = re.compile(r"[\w-]{43}")
WRONG_CODE = "That code did not fit. Codes work once, for 15 minutes, in the browser that asked for them."
NO_FIT = "That code did not fit. It stands in the mail that the link came with."
TOO_MANY = "That was tried too often from your network."
LATER = "Links that came by mail already stay good. Otherwise try again in a quarter of an hour."
MISTYPED = "That does not look like an email address."

Maybe = Annotated[Visitor | None, Depends(visitor)]


@router.get("/sign-in", name="sign_in_form")
async def form(request: Request, known: Maybe, next: str = "/") -> Response:  # noqa: A002 -- the word in the address
    """Ask for the address."""
    target = links.own_path(next)
    if known is not None:
        return redirect(target)
    return render(request, "access/sign_in.html", {"target": target, "email": "", "mistake": ""})


@router.post("/sign-in")
async def ask(
    request: Request,
    email: Annotated[str, Form(max_length=255)],
    next: Annotated[str, Form(max_length=1000)] = "/",  # noqa: A002
    frontdesk_asked: Annotated[str, Cookie()] = "",
) -> Response:
    """Mail a link and a code. Whether anybody has the address, the answer is the same."""
    address, target = email.strip().lower(), links.own_path(next)
    if not _is_address(address):
        mistake = {"target": target, "email": email, "mistake": MISTYPED}
        return render(request, "access/sign_in.html", mistake, status=400)
    if not _within_limit(request, "ask") or not _within_limit(request, "ask for", address, times=links.PER_PLACE):
        return _too_many(request)
    # One secret a browser: what it asked for before stays good in it.
    browser = frontdesk_asked if SECRET.fullmatch(frontdesk_asked) else new_secret()
    await _mail_link(request, address, target, browser)
    answer = redirect("/sign-in/code?" + urlencode({"to": address}))
    _set_cookie(request, answer, ASKED_COOKIE, browser, seconds=links.MINUTES * 60)
    return answer


@router.get("/sign-in/code")
async def code_form(request: Request, to: str = "") -> Response:
    """Say that mail is under way, and take the code."""
    return _code_page(request, to if _is_address(to) else "")


@router.post("/sign-in/code")
async def enter_code(
    request: Request,
    code: Annotated[str, Form(max_length=20)],
    frontdesk_asked: Annotated[str, Cookie()] = "",
    to: Annotated[str, Form(max_length=255)] = "",
) -> Response:
    """Sign in by the mailed code, in the browser that asked for it."""
    if not _within_limit(request, "code"):
        return _too_many(request)
    portal, used = portal_of(request), None
    if frontdesk_asked:
        digits, now, key = _digits(code), portal.clock(), portal.settings.require_secret_key()
        used = await portal.store.write(lambda c: links.redeem_code(c, digits, frontdesk_asked, now, key))
    if used is None:
        return _code_page(request, to, WRONG_CODE)
    return await _let_in(request, used)


@router.get("/sign-in/{token}")
async def press(request: Request, token: str, known: Maybe, frontdesk_asked: Annotated[str, Cookie()] = "") -> Response:
    """The page behind a mailed link: one button, and elsewhere than asked its code. Reading it uses nothing up."""
    return await _press(request, token, frontdesk_asked, known=known)


@router.post("/sign-in/{token}")
async def use(
    request: Request,
    token: str,
    code: Annotated[str, Form(max_length=20)] = "",
    frontdesk_asked: Annotated[str, Cookie()] = "",
) -> Response:
    """The button: sign in. Of many presses one counts."""
    if not _within_limit(request, "use"):
        return _too_many(request)
    portal, now = portal_of(request), portal_of(request).clock()
    by = {"browser": frontdesk_asked, "code": _digits(code), "key": portal.settings.require_secret_key()}
    used = await portal.store.write(lambda connection: links.redeem(connection, token, now, **by))
    if used is None:
        return await _press(request, token, frontdesk_asked, mistake=NO_FIT)
    return await _let_in(request, used)


@router.post("/sign-out")
async def sign_out(request: Request, known: Maybe) -> Response:
    """End this session, here and on the server."""
    portal = portal_of(request)
    if known is not None:
        now = portal.clock()
        record(request, "sign_out")
        await portal.store.write(lambda connection: sessions.revoke(connection, known.session_id, now))
    # Pages that the browser still holds must not come back with its back button.
    answer = redirect("/signed-out", headers={"clear-site-data": '"cache"'})
    for name in (cookie_name(portal.secure), SEVERAL_COOKIE):
        answer.delete_cookie(name, path="/", secure=portal.secure, httponly=True, samesite="lax")
    return answer


@router.get("/signed-out")
async def signed_out(request: Request) -> Response:
    """Say so, and offer the way back in."""
    return render(request, "access/signed_out.html")


@router.get("/clients")
async def clients(request: Request, known: Maybe, next: str = "/") -> Response:  # noqa: A002
    """Choose between the clients that this person belongs to."""
    me = _person(known)
    portal = portal_of(request)
    places = await portal.store.oversee(lambda connection: people.places_of(connection, me.email))
    answer = render(request, "access/clients.html", {"places": places, "target": links.own_path(next)})
    _remember(request, answer, several=len(places) > 1)
    return answer


@router.post("/clients/{client_id}")
async def switch(
    request: Request,
    client_id: str,
    known: Maybe,
    next: Annotated[str, Form(max_length=1000)] = "/",  # noqa: A002
) -> Response:
    """Go on as the same person at the client that is meant, with a new session."""
    me = _person(known)
    portal, now = portal_of(request), portal_of(request).clock()

    def move(connection: Connection) -> tuple[str, bool] | None:
        places = people.places_of(connection, me.email)
        for place in places:
            if place.client_id == client_id:
                sessions.revoke(connection, me.session_id, now)
                return sessions.open_for_person(connection, place, now), len(places) > 1
        return None

    moved = await portal.store.write(move)
    if moved is None:
        raise NotFound
    token, several = moved
    await _record_sign_in(request, token)
    return _signed_in(request, token, links.own_path(next), several=several)


def _code_page(request: Request, to: str, mistake: str = "") -> Response:
    context = {"email": to, "mistake": mistake, "late": portal_of(request).mailer.late}
    return render(request, "access/code.html", context, status=400 if mistake else 200)


def _person(known: Visitor | None) -> Visitor:
    if known is None:
        raise SignInNeeded
    if known.person_id is None:
        raise NotFound
    return known


async def _press(
    request: Request, token: str, browser: str, *, mistake: str = "", known: Visitor | None = None
) -> Response:
    portal, now = portal_of(request), portal_of(request).clock()
    needs = await portal.store.read(lambda connection: links.needs(connection, token, browser, now))
    if needs is None and known is not None:
        return redirect("/")  # Pressed a second time, in the browser that it let in.
    if needs is None:
        return render(request, "access/used.html", status=410)
    facts = {"token": token, "needs_code": needs == "code", "mistake": mistake}
    headers = {"cache-control": "no-store"}
    return render(request, "access/press.html", facts, status=400 if mistake else 200, headers=headers)


def _digits(text: str) -> str:
    return "".join(character for character in text if character in "0123456789")


async def _mail_link(request: Request, address: str, target: str, browser: str) -> None:
    portal, now = portal_of(request), portal_of(request).clock()

    def prepare(connection: Connection) -> tuple[links.Asked | None, bool]:
        known = bool(people.places_of(connection, address)) | bool(people.staff_role(connection, address))
        return links.ask(connection, address, target, browser, now, portal.settings.require_secret_key()), known

    asked, known = await portal.store.write(prepare)
    if asked is None or not known:
        return
    url = f"{portal.public_url}/sign-in/{asked.token}"
    facts = {"url": url, "code": f"{asked.code[:3]} {asked.code[3:]}", "minutes": links.MINUTES}
    portal.mailer.send_soon(compose(portal.templates, "sign_in", facts, words_of(request)), address)


async def _let_in(request: Request, used: links.Used) -> Response:
    portal, now = portal_of(request), portal_of(request).clock()

    def enter(connection: Connection) -> tuple[str, str, bool] | None:
        role = people.staff_role(connection, used.email)
        if role is not None:
            return sessions.open_for_staff(connection, used.email, role, now), "/ops", False
        places = people.places_of(connection, used.email)
        if not places:
            return None
        home = "/" if sessions.has_been_here(connection, places[0].person_id) else "/?welcome=1"
        return sessions.open_for_person(connection, places[0], now), home, len(places) > 1

    entered = await portal.store.write(enter)
    if entered is None:
        return render(request, "access/used.html", status=410)
    token, home, several = entered
    # Which of several clients is visited is not known yet: `switch` counts it.
    await _record_sign_in(request, token, counted=not several)
    target = used.target if used.target != "/" else home
    return _signed_in(request, token, links.choosing(used.target) if several else target, several=several)


async def _record_sign_in(request: Request, token: str, *, counted: bool = True) -> None:
    portal, now = portal_of(request), portal_of(request).clock()
    request.state.visitor = await portal.store.read(lambda connection: sessions.find(connection, token, now))
    record(request, "sign_in", counted=counted)


def _signed_in(request: Request, token: str, target: str, *, several: bool) -> Response:
    answer = redirect(target)
    _remember(request, answer, several=several)
    seconds = int(sessions.ABSOLUTE.total_seconds())
    _set_cookie(request, answer, cookie_name(portal_of(request).secure), token, seconds=seconds)
    return answer


def _remember(request: Request, answer: Response, *, several: bool) -> None:
    """Whether there is something to switch to: for the menu only, so that no page asks the store for it."""
    if several:
        _set_cookie(request, answer, SEVERAL_COOKIE, "1", seconds=int(sessions.ABSOLUTE.total_seconds()))
    elif SEVERAL_COOKIE in request.cookies:
        answer.delete_cookie(SEVERAL_COOKIE, path="/", secure=portal_of(request).secure, httponly=True, samesite="lax")


def _set_cookie(request: Request, answer: Response, name: str, value: str, *, seconds: int) -> None:
    secure = portal_of(request).secure
    answer.set_cookie(name, value, max_age=seconds, path="/", secure=secure, httponly=True, samesite="lax")


def _within_limit(request: Request, what: str, about: str = "", *, times: int = MANY) -> bool:
    limits: dict[str, Limit] = portal_of(request).limits
    limit = limits.setdefault(what, Limit(times, WINDOW_SECONDS))
    return limit.allows(f"{place_of(request.client.host if request.client else '')} {about}")


def _too_many(request: Request) -> Response:
    return problem(request, 429, "400", TOO_MANY, LATER)


def _is_address(text: str) -> bool:
    try:
        validate_email(text, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        return False
    return True
