"""The catalogue of faults, and the check of a wish to arm one: what was received, and what is accepted instead."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sandbox.vendors import VENDORS, lacking, own_faults, usual_places

CATALOGUE: dict[str, str] = {
    "expired_token": "The request's access token ends with it, and is refused ever after; a new sign-in works.",
    "rate_limited": "The vendor's own 'too many requests', with Retry-After when `retry_after` (seconds) is given.",
    "server_error": "500 with the vendor's JSON error.",
    "html_body": "503 with an HTML page instead of JSON, as an edge server sends it.",
    "cut_connection": "The right answer, cut in the middle of its body.",
    "slow_answer": "The right answer, after `seconds`.",
    "short_pages": "A page holds half the rows that it could, and says where the next one begins.",
    "lost_locator": "The vendor has forgotten where a paged reading stood.",
}
LONGEST_WAIT = 600
SIGN_IN = ("/services/oauth2/", "/oauth2/v1/", "/connect/oauth2", "/.well-known/", "/token")
ANYWHERE, DATA = ("", ""), ("", f"^(?!{'|'.join(SIGN_IN)})")
CARRIED = ("server_error", "html_body", "cut_connection", "slow_answer")
"""What any server on the way may do, at the sign-in too. The rest is what a vendor's data API says."""


def whole(least: int) -> Callable[[Any], bool]:
    """Whether something is a whole number, and not below the least."""
    return lambda value: isinstance(value, int) and not isinstance(value, bool) and value >= least


def seconds(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= LONGEST_WAIT


WORDS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "vendor": (lambda value: value in ("", *VENDORS), f"none for any, or one of {', '.join(VENDORS)}"),
    "path": (lambda value: isinstance(value, str), "a part of the path and query, as text"),
    "times": (whole(1), "a whole number of 1 or more"),
    "after": (whole(0), "a whole number of 0 or more"),
    "retry_after": (lambda value: value is None or whole(0)(value), "a whole number of 0 or more, in seconds"),
    "seconds": (seconds, f"seconds from 0 to {LONGEST_WAIT}"),
}
"""What a wish may say besides its fault: how each word is checked, and how that reads."""


def checked(wish: Mapping[str, Any]) -> dict[str, Any]:
    """The wish with its vendor. ValueError names what is wrong with it and what is accepted."""
    for word, value in wish.items():
        if word == "fault":
            continue
        if word not in WORDS:
            raise ValueError(f"unknown word {word!r}; accepted are {', '.join(sorted(['fault', *WORDS]))}")
        if not WORDS[word][0](value):
            raise ValueError(f"{word} was {value!r}; accepted is {WORDS[word][1]}")
    return {**wish, "vendor": vendor_for(wish.get("fault", ""), wish.get("vendor", ""))}


def vendor_for(name: Any, vendor: str) -> str:
    """Whose requests a fault spoils: empty for any vendor's; one that a single vendor knows is that vendor's."""
    if isinstance(name, str) and name in CATALOGUE:
        if vendor and name in lacking(vendor):
            raise ValueError(f"{vendor} cannot have {name!r}: {lacking(vendor)[name]}")
        return vendor
    knowing = [known for known in VENDORS if name in list(own_faults(known))]
    if knowing and vendor in ("", knowing[0]):
        return knowing[0]
    whose = f"{knowing[0]} alone has {name!r}" if knowing else f"unknown fault {name!r}"
    own = (fault for known in VENDORS for fault in own_faults(known))
    raise ValueError(f"{whose}; there are {', '.join([*CATALOGUE, *own])}")


def usual(vendor: str, name: str) -> tuple[str, str]:
    """The calls that a fault strikes where the wish names no path: methods (none for any), and a pattern in path and
    query.
    """
    return usual_places(vendor).get(name, ANYWHERE if name in CARRIED else DATA)
