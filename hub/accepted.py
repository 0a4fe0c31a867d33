"""What a setting may say. Each function gives it back, or raises ValueError: what was found, and what is accepted."""

from __future__ import annotations

from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from hub.money import exponent

USUAL = frozenset({"EUR", "USD", "GBP", "CHF", "CAD", "AUD", "JPY"})
"""Known without the table of all currencies, which takes longer to load than most commands take."""


def time_zone(given: str) -> str:
    """An IANA time zone."""
    try:
        ZoneInfo(given)
    except (LookupError, ValueError, OSError):
        import difflib
        from zoneinfo import available_timezones

        near = difflib.get_close_matches(given, available_timezones(), n=3, cutoff=0.5) or ["Europe/Berlin", "UTC"]
        raise ValueError(f"there is no time zone {given!r}; names like it are {', '.join(near)}") from None
    return given


def currency(given: str) -> str:
    """An ISO 4217 code."""
    if given not in USUAL:
        exponent(given)
    return given


def web_address(given: str) -> str:
    """Where browsers reach something."""
    parts = urlsplit(given)
    # Asking for the port refuses one that is none.
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.port == 0 or parts.query or parts.fragment:
        raise ValueError(f"{given!r} is no web address; expected one such as https://portal.firm.example")
    return given


def folder(given: str) -> str:
    """A folder of this machine."""
    if "://" in given or not given:
        raise ValueError(f"{given!r} is no folder of this machine, and only those are supported; such as var/landing")
    return given
