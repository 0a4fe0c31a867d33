"""Google's failures as what to do about them. Facts are in the tables; `failure` decides.

Sources: GUIDE handle-errors for Drive's reasons; google-auth for what the token endpoint refuses.
"""

from __future__ import annotations

import http.client
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import httplib2
import orjson
from google.auth.exceptions import GoogleAuthError, RefreshError
from googleapiclient.errors import HttpError

from connectors.google_drive.settings import SCOPE
from connectors.waiting import wait_asked
from hub.errors import AWAY, BadRecord, FrontdeskError, NeedsPerson, RetryLater

TRANSPORT = (httplib2.HttpLib2Error, http.client.HTTPException, OSError)
FAILURES = (HttpError, GoogleAuthError, *TRANSPORT, ValueError)
"""Everything that a call can fail with; ValueError is a body that is no JSON."""

DAY, HOUR = 86_400.0, 3_600.0
WAIT: dict[str, float | None] = {
    "userRateLimitExceeded": None,
    "rateLimitExceeded": None,
    "sharingRateLimitExceeded": None,
    "quotaExceeded": None,
    "backendError": None,
    "dailyLimitExceeded": HOUR,
    # Google lifts a file's download quota after a day at the earliest.
    "downloadQuotaExceeded": DAY,
}
"""Reasons that pass by themselves, and after how many seconds where Google tells."""

PASSING = (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS)

ONE_FILE: dict[str, str] = {
    "cannotDownloadFile": "The file's owner has switched its download off.",
    "cannotDownloadAbusiveFile": "Google takes the file for malware and does not hand it out.",
    "fileNotDownloadable": "The file has no content that can be downloaded.",
    "fileNotExportable": "The file cannot be exported.",
    "exportSizeLimitExceeded": "The document is too large for Google to export.",
    "badRequest": "Google cannot convert the document.",
    "notFound": "The file is not there any more, or no longer shared with us.",
}
"""Reasons that concern one file's content; the others go on."""

PERMISSIONS: dict[str, tuple[str, str]] = {
    "insufficientPermissions": ("The access token does not cover reading Drive.", f"Delegate the scope {SCOPE}."),
    "insufficientFilePermissions": ("{user} may not read a file.", "Share the root folder with {user} as a viewer."),
    "appNotAuthorizedToFile": ("The app may not open a file.", f"Delegate the scope {SCOPE}."),
    "domainPolicy": (
        "The Workspace domain forbids apps to read Drive.",
        "Ask the Workspace admin to allow Drive apps.",
    ),
    "accessNotConfigured": (
        "The Google Drive API is not switched on.",
        "Enable the Google Drive API in the Google Cloud project {project}.",
    ),
}


@dataclass(frozen=True, slots=True)
class Account:
    """The service account that reads, as failures name it."""

    email: str
    client_id: str
    project: str
    subject: str
    base_url: str = ""

    @property
    def user(self) -> str:
        """Whose eyes are used."""
        return self.subject or self.email

    def host(self, googles: str) -> str:
        """Who is asked in place of Google's host, or that host."""
        return urlsplit(self.base_url).netloc or googles


def failure(error: Exception, account: Account) -> FrontdeskError:
    """The failure of a call in our own kinds."""
    if isinstance(error, HttpError):
        return refused(error, account)
    if isinstance(error, RefreshError) and is_verdict(error):
        return no_token(error, account)
    if isinstance(error, (RefreshError, GoogleAuthError)):
        sentence = f"Google's sign-in at {account.host('oauth2.googleapis.com')} cannot be reached, or is in trouble."
        return RetryLater(sentence, step=AWAY, detail=str(error))
    if isinstance(error, TRANSPORT):
        sentence = f"Google Drive at {account.host('www.googleapis.com')} cannot be reached, or broke off."
        return RetryLater(sentence, step=AWAY, detail=repr(error))
    return RetryLater("Google Drive's answer could not be read.", detail=repr(error))


def reason_of(error: HttpError) -> str:
    """Drive's reason, such as `userRateLimitExceeded`; empty where the body is none of Drive's."""
    try:
        return str(orjson.loads(error.content)["error"]["errors"][0]["reason"])
    except (ValueError, KeyError, IndexError, TypeError):
        return ""


def location_of(error: HttpError) -> str:
    """The parameter that Drive complains about."""
    try:
        return str(orjson.loads(error.content)["error"]["errors"][0].get("location", ""))
    except (ValueError, KeyError, IndexError, TypeError):
        return ""


def refused(error: HttpError, account: Account) -> FrontdeskError:
    """An answer that is an error."""
    status, reason = int(error.resp.status), reason_of(error)
    detail = f"{status} {reason} {error.reason}"
    if reason in WAIT or status in PASSING or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        after = wait_asked(error.resp.get("retry-after")) or WAIT.get(reason)
        return RetryLater("Google Drive asks us to come back later.", after=after, detail=detail)
    if status == HTTPStatus.UNAUTHORIZED:
        return NeedsPerson(
            "Google does not accept our access any more.",
            step=f"Check the key of {account.email}; create a new one if it was deleted.",
            detail=detail,
        )
    if reason in PERMISSIONS:
        sentence, step = PERMISSIONS[reason]
        facts = {"user": account.user, "project": account.project}
        return NeedsPerson(sentence.format(**facts), step=step.format(**facts), detail=detail)
    return NeedsPerson(
        f"Google Drive refused a request: {error.reason}", step="The log has the details; report it.", detail=detail
    )


def about_one_file(error: HttpError, account: Account) -> FrontdeskError:
    """An error while a single file's content was read: some of them concern that file alone."""
    reason = reason_of(error)
    if reason in ONE_FILE:
        return BadRecord(ONE_FILE[reason], code=f"drive_{reason}", detail=str(error.reason))
    return refused(error, account)


def is_verdict(error: RefreshError) -> bool:
    """Whether the sign-in has judged our credentials, in OAuth's words (RFC 6749, 5.2).

    An edge server's page is no verdict: google-auth calls a 502 final too.
    """
    return not error.retryable and isinstance(_answer_of(error).get("error"), str)


def _answer_of(error: RefreshError) -> dict[str, Any]:
    answered = error.args[1] if len(error.args) > 1 else None
    return answered if isinstance(answered, dict) else {}


def no_token(error: RefreshError, account: Account) -> NeedsPerson:
    """Why there is no access token, and who must do what."""
    body = _answer_of(error)
    code, description = str(body.get("error", "")), str(body.get("error_description", error))
    if code == "unauthorized_client":
        return NeedsPerson(
            f"The Workspace admin has not allowed {account.email} to read Drive for {account.user}.",
            step="Admin console, Security, API controls, Domain-wide delegation: "
            f"add the client id {account.client_id} with the scope {SCOPE}.",
            detail=description,
        )
    sentence, step = grant_problem(description, account)
    return NeedsPerson(sentence, step=step, detail=f"{code}: {description}")


def grant_problem(description: str, account: Account) -> tuple[str, str]:
    """What an `invalid_grant` is about, by Google's words."""
    words = description.lower()
    if "email or user" in words:
        return f"There is no Workspace user {account.subject}.", "Set `subject` to a user of your domain."
    if "timeframe" in words or "iat and exp" in words:
        return "This machine's clock is wrong.", "Set the clock by network time, then try again."
    if "signature" in words or "account not found" in words:
        return f"Google does not know the key of {account.email}.", "Create a new key for it and configure that one."
    return f"Google gives {account.email} no access.", "Check the service account, its key and `subject`."
