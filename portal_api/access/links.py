"""Sign-in links: mailed, good once, for 15 minutes. Reading one never uses it up; a person's press does."""

from __future__ import annotations

import datetime as dt
import hmac
import secrets
from hashlib import sha256
from typing import NamedTuple
from urllib.parse import urlencode

from sqlalchemy import Connection, func, insert, or_, select, update
from sqlalchemy.sql.elements import ColumnElement

from hub.clock import now as clock
from hub.ids import random_id
from portal_api.access.tokens import hashed, new_secret
from store.access_tables import SignInLink

MINUTES = 15
DIGITS = 6
TRIES = 5
PER_ADDRESS = 6
"""Links that may be asked for an address within MINUTES; all are good at once."""
PER_PLACE = 3
"""How many of them by one network: nobody alone can use up what an address may ask for."""


class Asked(NamedTuple):
    """A link as it is mailed. `token` and `code` exist nowhere else in clear."""

    token: str
    code: str


class Used(NamedTuple):
    """What a redeemed link said."""

    email: str
    target: str


def own_path(target: str | None) -> str:
    """A path of ours to go to, `/` for anything that could lead elsewhere."""
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")):
        return "/"
    plain = all(character.isprintable() and character not in "\\\x7f" for character in target)
    return target[:255] if plain else "/"


def choosing(target: str) -> str:
    """Where somebody of several clients says which one is meant, on the way to `target`."""
    return "/clients" if target in {"/", "/clients"} else "/clients?" + urlencode({"next": target})


def create_link(
    connection: Connection, email: str, target: str = "/", minutes: int = MINUTES, *, public_url: str = ""
) -> str:
    """A sign-in link for that address, good once. It does not check that anybody has the address.

    Other links of the same address stay good: this is for the shell and the demo, not for the form.
    """
    token = new_secret()
    _insert(connection, email, target, clock(), minutes, token_hash=hashed(token))
    return f"{public_url.rstrip('/')}/sign-in/{token}"


def ask(connection: Connection, email: str, target: str, browser: str, now: dt.datetime, key: str) -> Asked | None:
    """A new link and code; older ones stay good, for whoever asks need not be whose address it is. None: too often.

    The same work is done for an address that nobody has, so that the answer takes the same time.
    """
    since = now - dt.timedelta(minutes=MINUTES)
    recent = select(func.count()).where(SignInLink.c.email == email, SignInLink.c.created_at > since)
    if connection.execute(recent).scalar_one() >= PER_ADDRESS:
        return None
    asked = Asked(new_secret(), f"{secrets.randbelow(10**DIGITS):0{DIGITS}d}")
    token_hash = hashed(asked.token)
    hashes = {"token_hash": token_hash, "code_hash": _code_hash(asked.code, token_hash, key)}
    _insert(connection, email, target, now, MINUTES, browser_hash=hashed(browser), **hashes)
    return asked


def withdraw(connection: Connection, email: str, now: dt.datetime) -> int:
    """End the links of an address that are still good; says how many there were."""
    mine = SignInLink.c.email == email.strip().lower()
    return connection.execute(update(SignInLink).where(*_good(now), mine).values(expires_at=now)).rowcount


def needs(connection: Connection, token: str, browser: str, now: dt.datetime) -> str | None:
    """What a link wants of this browser: a `press`, or the `code` of its mail. None: it is no longer good."""
    row = connection.execute(select(SignInLink.c.browser_hash).where(*_good(now), _by(token))).first()
    if row is None:
        return None
    return "press" if row.browser_hash in {None, hashed(browser)} else "code"


def redeem(
    connection: Connection, token: str, now: dt.datetime, *, browser: str = "", code: str = "", key: str = ""
) -> Used | None:
    """Use a link up. Of many at the same moment exactly one gets it: the UPDATE decides.

    A mail scanner may press buttons too. So a link that was asked for by a form is good by itself in the browser that
    asked; in any other it needs the code that stands beside it in the mail.
    """
    mine = or_(SignInLink.c.browser_hash.is_(None), SignInLink.c.browser_hash == hashed(browser))
    return _use(connection, now, _by(token), mine) or _redeem_by_code(connection, code, key, now, _by(token))


def redeem_code(connection: Connection, code: str, browser: str, now: dt.datetime, key: str) -> Used | None:
    """Use a link up by its code alone, in the browser that asked for it."""
    return _redeem_by_code(connection, code, key, now, SignInLink.c.browser_hash == hashed(browser))


def _redeem_by_code(
    connection: Connection, code: str, key: str, now: dt.datetime, which: ColumnElement[bool]
) -> Used | None:
    """Every try counts against all links that it could fit, before it is looked at."""
    if len(code) != DIGITS:
        return None
    tried = connection.execute(
        update(SignInLink)
        .where(*_good(now), which, SignInLink.c.tries < TRIES)
        .values(tries=SignInLink.c.tries + 1)
        .returning(SignInLink.c.id, SignInLink.c.token_hash, SignInLink.c.code_hash)
    ).all()
    fits = [row.id for row in tried if hmac.compare_digest(row.code_hash or b"", _code_hash(code, row.token_hash, key))]
    return _use(connection, now, SignInLink.c.id.in_(fits)) if fits else None


def _use(connection: Connection, now: dt.datetime, *which: ColumnElement[bool]) -> Used | None:
    used = connection.execute(
        update(SignInLink)
        .where(*_good(now), *which)
        .values(used_at=now)
        .returning(SignInLink.c.email, SignInLink.c.target)
    ).first()
    return Used(used.email, own_path(used.target)) if used else None


def _good(now: dt.datetime) -> tuple[ColumnElement[bool], ...]:
    return SignInLink.c.used_at.is_(None), SignInLink.c.expires_at > now


def _by(token: str) -> ColumnElement[bool]:
    return SignInLink.c.token_hash == hashed(token)


def _code_hash(code: str, token_hash: bytes, key: str) -> bytes:
    # Keyed with the firm's secret: six digits alone could be guessed from a stolen table.
    return hmac.new(key.encode(), token_hash + code.encode(), sha256).digest()


def _insert(connection: Connection, email: str, target: str, now: dt.datetime, minutes: int, **hashes: bytes) -> None:
    connection.execute(
        insert(SignInLink).values(
            id=random_id(),
            email=email.strip().lower(),
            target=own_path(target),
            tries=0,
            created_at=now,
            expires_at=now + dt.timedelta(minutes=minutes),
            **hashes,
        )
    )
