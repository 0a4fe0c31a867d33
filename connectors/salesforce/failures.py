"""What Salesforce's refusals mean for us, as tables. Sources: REST API guide "Status codes and error responses"."""

from __future__ import annotations

import re
from typing import Any

import requests

from connectors.waiting import wait_asked
from hub.errors import AWAY, FrontdeskError, NeedsPerson, RetryLater

LATER_STATUS = frozenset({406, 408, 420, 425, 429, 500, 502, 503, 504})
LATER_CODES = frozenset(
    {
        "QUERY_TIMEOUT",
        "UNABLE_TO_LOCK_ROW",
        "REQUEST_LIMIT_EXCEEDED",
        "SERVER_UNAVAILABLE",
        "UNKNOWN_EXCEPTION",
        "TXN_SECURITY_METERING_ERROR",
        "INVALID_QUERY_LOCATOR",
    }
)
TOO_MANY = 429
# The daily limit is a rolling window of 24 hours: soon is too soon.
DAILY_LIMIT_WAIT = 3600.0

SIGN_IN: dict[str, tuple[str, str]] = {
    "invalid_client_id": (
        "Salesforce does not know this client id.",
        "Copy the consumer key of the connected app into client_id.",
    ),
    "invalid_client": (
        "Salesforce does not accept this client id and secret.",
        "Copy the consumer secret of the connected app into client_secret; it may have been replaced.",
    ),
    "inactive_user": (
        "The Salesforce user of this integration is inactive.",
        "Ask the Salesforce administrator to activate it.",
    ),
    "inactive_org": ("This Salesforce org is inactive.", "Ask Salesforce, or the administrator, why."),
    "invalid_app_access": (
        "The integration's user may not use the connected app.",
        "Ask the Salesforce administrator to permit it: Manage Connected Apps, permission sets.",
    ),
    "unsupported_grant_type": (
        "The connected app does not allow this way of signing in.",
        "Ask the Salesforce administrator to enable the client credentials or JWT flow of the app.",
    ),
}
UNAPPROVED = (
    "The Salesforce user has not approved this app.",
    "Ask the administrator to pre-authorise the connected app (OAuth policies) for the integration's user.",
)
NOT_SIGNED_IN = "Salesforce refused the sign-in: {}."

REFUSED: dict[str, tuple[str, str]] = {
    "API_DISABLED_FOR_ORG": (
        "The API is not enabled for this org or user.",
        "Ask the Salesforce administrator for the permission API Enabled.",
    ),
    "API_CURRENTLY_DISABLED": (
        "The API is switched off for this user.",
        "Ask the Salesforce administrator for the permission API Enabled.",
    ),
    "INSUFFICIENT_ACCESS": (
        "The integration's user may not do this.",
        "Ask the Salesforce administrator for read access to the object.",
    ),
    # Salesforce counts what somebody sees who does not see all; waiting changes nothing.
    "OPERATION_TOO_LARGE": (
        "A query touches more records than the integration's user may look through at once.",
        "Ask the Salesforce administrator for the permission View All Data.",
    ),
    "URI_TOO_LONG": (
        "This query is longer than Salesforce takes.",
        "Read fewer fields in the mapping of this stream.",
    ),
}


def code_of(content: Any) -> tuple[str, str]:
    """(code, message) of an error body: an array from the API, an object from the sign-in, or anything else."""
    first = content[0] if isinstance(content, list) and content else content
    if not isinstance(first, dict):
        return "", ""
    code = first.get("errorCode") or first.get("error") or ""
    return str(code), str(first.get("message") or first.get("error_description") or "")


def failure(status: int, content: Any, retry_after: str | None = None) -> FrontdeskError:
    """What an error answer means. The vendor's words go into `detail`."""
    code, message = code_of(content)
    detail = f"HTTP {status} {code} {message}".strip()[:500]
    if code == "REQUEST_LIMIT_EXCEEDED":
        return _limited(message, retry_after, detail)
    if status in LATER_STATUS or code in LATER_CODES:
        return _later(status, code, retry_after, detail)
    if status in (414, 431):
        code = "URI_TOO_LONG"
    if code in REFUSED:
        sentence, step = REFUSED[code]
        return NeedsPerson(sentence, step=step, detail=detail)
    sentence = f"Salesforce refused the call: {_plain(message) or f'HTTP {status}'}."
    return NeedsPerson(sentence, step="Run `frontdesk check` to see what is missing.", detail=detail)


def sign_in_failure(code: str | int | None, message: str, retry_after: str | None = None) -> FrontdeskError:
    """What a refused sign-in means; `code` is the vendor's word, or the status where the body was no JSON."""
    detail = f"{code} {message}"[:500]
    if isinstance(code, int) or code in ("rate_limit_exceeded", "temporarily_unavailable", None):
        return _later(code if isinstance(code, int) else TOO_MANY, str(code), retry_after, detail)
    if "approved this consumer" in message:
        return NeedsPerson(UNAPPROVED[0], step=UNAPPROVED[1], detail=detail)
    default = (NOT_SIGNED_IN.format(_plain(message) or code), "Check the credentials, then run `frontdesk check`.")
    sentence, step = SIGN_IN.get(code, default)
    return NeedsPerson(sentence, step=step, detail=detail)


def network_failure(error: requests.RequestException, host: str) -> RetryLater:
    """What a call that brought no whole answer means."""
    if isinstance(error, requests.Timeout):
        return RetryLater(f"{host} did not answer in time.", step=AWAY, detail=str(error)[:500])
    if isinstance(error, requests.exceptions.ChunkedEncodingError | requests.exceptions.ContentDecodingError):
        return RetryLater(f"The answer of {host} broke off.", detail=str(error)[:500])
    if isinstance(error, requests.exceptions.JSONDecodeError):
        return RetryLater(f"{host} answered with something that is no JSON.", detail=str(error)[:500])
    return RetryLater(f"{host} cannot be reached.", step=AWAY, detail=str(error)[:500])


def _limited(message: str, retry_after: str | None, detail: str) -> RetryLater:
    after = wait_asked(retry_after)
    if message.startswith("TotalRequests"):
        sentence = "The org's daily number of Salesforce API calls is used up."
        step = "It frees up within 24 hours; see Setup, Company Information, API Requests."
        return RetryLater(sentence, after=after if after is not None else DAILY_LIMIT_WAIT, step=step, detail=detail)
    return RetryLater("Salesforce has too many calls to answer at once.", after=after, detail=detail)


def _later(status: int, code: str, retry_after: str | None, detail: str) -> RetryLater:
    reason = "asks us to slow down" if status == TOO_MANY else f"cannot answer now ({code or f'HTTP {status}'})"
    return RetryLater(f"Salesforce {reason}.", after=wait_asked(retry_after), detail=detail)


def _plain(message: str) -> str:
    """The sentence in a vendor's message, without its pointer into the query."""
    text = re.split(r"ERROR at Row:\d+:Column:\d+\s*", message)[-1]
    return " ".join(text.split()).rstrip(".")
