"""Sign-in links: mailed, good once, for 15 minutes. Reading one never uses it up; a pressed button does."""

from __future__ import annotations

import datetime as dt
import hmac
import secrets
from hashlib import sha256
from typing import NamedTuple

from sqlalchemy import Connection, func, insert, select, update
from sqlalchemy.sql.elements import ColumnElement

from hub.clock import now as clock
from hub.ids import random_id
from portal_api.access.tokens import hashed, new_secret
from store.access_tables import SignInLink

MINUTES = 15
TRIES = 5
PER_ADDRESS = 5
"""Links that one address may ask for within MINUTES."""


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


def create_link(
    connection: Connection, email: str, target: str = "/", minutes: int = MINUTES, *, public_url: str = ""
) -> str:
    """A sign-in link for that address, good once. It does not check that anybody has the address.

    Other links of the same address stay good: this is for the shell and the demo, not for the form.
    """
    token = new_secret()
    _insert(connection, email, target, clock(), minutes, token_hash=hashed(token))
    return f"{public_url.rstrip('/')}/sign-in/{token}"


def ask(connection: Connection, email: str, target: str, browser: str, now: dt.datetime) -> Asked | None:
    """A new link and code; older ones of the address stop working. None when it has asked too often.

    The same work is done for an address that nobody has, so that the answer takes the same time.
    """
    since = now - dt.timedelta(minutes=MINUTES)
    mine = SignInLink.email == email
    recent = select(func.count()).where(mine, SignInLink.created_at > since)
    if connection.execute(recent).scalar_one() >= PER_ADDRESS:
        return None
    connection.execute(
        update(SignInLink)
        .where(mine, SignInLink.used_at.is_(None), SignInLink.browser_hash.is_not(None))
        .values(used_at=now)
    )
    asked = Asked(new_secret(), f"{secrets.randbelow(10**6):06d}")
    hashes = {"token_hash": hashed(asked.token), "code_hash": _code_hash(asked.code, browser)}
    _insert(connection, email, target, now, MINUTES, browser_hash=hashed(browser), **hashes)
    return asked


def is_good(connection: Connection, token: str, now: dt.datetime) -> bool:
    """Whether a link would still let somebody in. Changes nothing."""
    return connection.execute(select(SignInLink.id).where(*_good(now), _by(token))).first() is not None


def redeem(connection: Connection, token: str, now: dt.datetime) -> Used | None:
    """Use a link up. Of many at the same moment exactly one gets it: the UPDATE decides."""
    used = connection.execute(
        update(SignInLink)
        .where(*_good(now), _by(token))
        .values(used_at=now)
        .returning(SignInLink.email, SignInLink.target)
    ).first()
    return Used(used.email, own_path(used.target)) if used else None


def redeem_code(connection: Connection, code: str, browser: str, now: dt.datetime) -> Used | None:
    """Use a link up by its code, in the browser that asked for it. Every try counts, before it is looked at."""
    row = connection.execute(
        update(SignInLink)
        .where(*_good(now), SignInLink.browser_hash == hashed(browser), SignInLink.tries < TRIES)
        .values(tries=SignInLink.tries + 1)
        .returning(SignInLink.id, SignInLink.code_hash)
    ).first()
    if row is None or not hmac.compare_digest(row.code_hash or b"", _code_hash(code, browser)):
        return None
    used = connection.execute(
        update(SignInLink)
        .where(*_good(now), SignInLink.id == row.id)
        .values(used_at=now)
        .returning(SignInLink.email, SignInLink.target)
    ).first()
    return Used(used.email, own_path(used.target)) if used else None


def _good(now: dt.datetime) -> tuple[ColumnElement[bool], ...]:
    return SignInLink.used_at.is_(None), SignInLink.expires_at > now


def _by(token: str) -> ColumnElement[bool]:
    return SignInLink.token_hash == hashed(token)


def _code_hash(code: str, browser: str) -> bytes:
    # Keyed with the browser's 256 random bits: six digits alone could be guessed from a stolen table.
    return hmac.new(browser.encode(), code.encode(), sha256).digest()


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
