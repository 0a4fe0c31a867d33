"""What QuickBooks' refusals mean for us, as tables. Sources: the vendor's page of common errors; gateway fixtures.

Two shapes: the service says `Fault.Error[].code`, the gateway in front of it `fault.error[].code`. Codes are text,
sometimes with zeros in front. python-quickbooks drops the HTTP status, hence our own look at the response.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import orjson

from connectors.quickbooks.facts import THROTTLE_SECONDS
from connectors.waiting import wait_asked
from hub.errors import AWAY, NeedsPerson, RetryLater

if TYPE_CHECKING:
    import requests

OK, UNAUTHORIZED, FORBIDDEN, TIMED_OUT, TOO_MANY, SERVER_ERRORS = 200, 401, 403, 408, 429, 500
EXPIRED, GONE = "3200", "610"
THROTTLED = {"3001"}
RECONNECT = "Run `frontdesk connect quickbooks` and allow access as an administrator of the company."
PERSON: dict[str, tuple[str, str]] = {
    "120": ("The person who connected QuickBooks has no rights in the company any more.", RECONNECT),
    "3100": (
        "QuickBooks does not let this app into this company.",
        "Check realm_id and environment (production or sandbox), then run `frontdesk connect quickbooks`.",
    ),
    "6190": (
        "The QuickBooks subscription of this company has ended, so its data can no longer be read.",
        "Ask the owner of the company to renew it in QuickBooks under Subscriptions and billing.",
    ),
}


class TokenRejected(Exception):
    """The access token is not good, or no longer: refresh once and ask again."""


class Gone(Exception):
    """610: the object was deleted, or never was."""


class Invalid(NeedsPerson):
    """QuickBooks understood the request and refused what it asks; `code` is its own."""

    def __init__(self, code: str, message: str, detail: str) -> None:
        super().__init__(
            f"QuickBooks refused a request with code {code or 'unknown'}: {message or 'no reason given'}.",
            step="Run `frontdesk check`; if all is right there, report this with the log.",
            detail=detail,
        )
        self.code = code


def refuse(response: requests.Response) -> None:
    """Return for a good answer; otherwise raise what it means. Cheap for good ones: only refusals are decoded."""
    if response.status_code == OK:
        return
    code, message, detail = fault_in(_decoded(response))
    trace = f"HTTP {response.status_code}, intuit_tid {response.headers.get('intuit_tid', '')}: {message} {detail}"
    raise meaning(response.status_code, code, message, trace, wait_asked(response.headers.get("Retry-After")))


def meaning(status: int, code: str, message: str, trace: str, wait: float | None = None) -> Exception:
    """The error for a status and code."""
    if status == TOO_MANY or code in THROTTLED:
        after = THROTTLE_SECONDS if wait is None else wait
        return RetryLater("QuickBooks asks us to slow down.", after=after, detail=trace)
    if code in PERSON or status == FORBIDDEN:
        sentence, step = PERSON.get(code, PERSON["3100"])
        return NeedsPerson(sentence, step=step, detail=trace)
    if code == EXPIRED or status == UNAUTHORIZED:
        return TokenRejected(trace)
    if code == GONE:
        return Gone(trace)
    if status == TIMED_OUT or status >= SERVER_ERRORS:
        return RetryLater("QuickBooks has a problem of its own just now.", after=wait, detail=trace)
    return Invalid(code, message, trace)


def fault_in(body: Any) -> tuple[str, str, str]:
    """(code, message, detail) of the first error in a body of either shape; empty words when there is none."""
    if not isinstance(body, dict):
        return "", "", ""
    fault = body.get("Fault") or body.get("fault") or {}
    errors = fault.get("Error") or fault.get("error") or [{}]
    first = errors[0]
    code = str(first.get("code") or "").lstrip("0")
    message = str(first.get("Message") or first.get("message") or "")
    return code, message, str(first.get("Detail") or first.get("detail") or "")


def unreachable(error: Exception) -> RetryLater:
    """A connection that failed, timed out or broke off."""
    asked = getattr(error, "request", None)
    where = f" at {urlsplit(asked.url).netloc}" if asked is not None else ""
    sentence = f"QuickBooks could not be reached{where}, or its answer broke off."
    return RetryLater(sentence, step=AWAY, detail=type(error).__name__)


def unreadable(response: requests.Response) -> RetryLater:
    """Something that is no JSON where JSON was promised: an edge server's page."""
    trace = f"HTTP {response.status_code}, {response.headers.get('Content-Type', 'no type')}"
    return RetryLater("QuickBooks answered with something that is no data.", detail=trace)


def _decoded(response: requests.Response) -> Any:
    try:
        return orjson.loads(response.content)
    except orjson.JSONDecodeError:
        return None
