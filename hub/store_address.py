"""The store's address: what FRONTDESK_DATABASE_URL may say. Its text may hold a password, so no error repeats it."""

from __future__ import annotations

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from hub.errors import NeedsPerson

BACKENDS = ("sqlite", "postgresql")


def store_address(url: str) -> URL:
    """The address in parts. NeedsPerson when it is none, or that of a database that Frontdesk cannot use."""
    parsed = _parsed(url)
    if parsed.get_backend_name() not in BACKENDS:
        raise NeedsPerson(
            f"FRONTDESK_DATABASE_URL names {parsed.get_backend_name()!r}, which Frontdesk cannot use.",
            step="Use sqlite:///path/to/file or postgresql://user:password@host/database.",
        )
    return parsed


def _parsed(url: str) -> URL:
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        parsed = None
    if parsed is None or "@" in (parsed.host or ""):  # the rest of a password with an @ in it
        raise NeedsPerson(
            "FRONTDESK_DATABASE_URL is no address of a store.",
            step="Use sqlite:///path/to/file or postgresql://user:password@host/database; in the password, write "
            "letters such as @ : / # % as %40 %3A %2F %23 %25.",
        )
    return parsed
