"""QuickBooks' errors: Faults of the service (capital keys) and of the gateway in front of it (lower-case keys).

Codes and words: the vendor's page of common errors, and fixtures in public clients' tests.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.responses import HTMLResponse, Response

from sandbox.quickbooks.wire import ZONE, headers, reply

VALIDATION, SYSTEM, SERVICE = "ValidationFault", "SystemFault", "SERVICE"
GATEWAY_TYPES = {401: "AUTHENTICATION", 403: "AUTHORIZATION"}
HTML = (
    "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n"
    "<hr><center>Intuit Gateway</center>\r\n</body>\r\n</html>\r\n"
)


class Fault(Exception):
    """An error of the service, as QuickBooks words it."""

    def __init__(
        self, code: str, message: str, detail: str, *, status: int = 400, kind: str = VALIDATION, element: str = ""
    ) -> None:
        super().__init__(detail)
        self.code, self.message, self.detail = code, message, detail
        self.status, self.kind, self.element = status, kind, element

    def body(self) -> dict[str, Any]:
        """The Fault alone, as batch items carry it."""
        error = {"Message": self.message, "Detail": self.detail, "code": self.code, "element": self.element}
        return {"Fault": {"Error": [error], "type": self.kind}}


class GatewayFault(Fault):
    """An error of the gateway: another shape, and a time in ms."""

    def envelope(self, time_ms: int) -> dict[str, Any]:
        """The whole body."""
        error = {"message": self.message, "detail": self.detail, "code": self.code, "element": None}
        return {
            "warnings": None,
            "intuitObject": None,
            "fault": {"error": [error], "type": self.kind},
            "report": None,
            "queryResponse": None,
            "batchItemResponse": [],
            "attachableResponse": [],
            "syncErrorResponse": None,
            "requestId": None,
            "time": time_ms,
            "status": None,
            "cdcresponse": [],
        }


def gateway(status: int, code: str, words: str, detail: str) -> GatewayFault:
    """A gateway error; its message repeats code and status."""
    message = f"message={words}; errorCode={code.zfill(6)}; statusCode={status}"
    return GatewayFault(code, message, detail, status=status, kind=GATEWAY_TYPES.get(status, SERVICE))


def not_found() -> Fault:
    """610: deleted, or never there."""
    detail = (
        "Object Not Found : Something you're trying to use has been made inactive. "
        "Check the fields with accounts, customers, items, vendors or employees."
    )
    return Fault("610", "Object Not Found", detail)


def stale(name: str) -> Fault:
    """5010: the SyncToken is not the current one."""
    detail = (
        "Stale Object Error : You and sandbox were working on this at the same time. "
        "sandbox finished before you did, so your work was not saved."
    )
    return Fault("5010", "Stale Object Error", detail, element=name)


def missing(element: str) -> Fault:
    """2020: a required field was not sent."""
    detail = f"Required parameter {element} is missing in the request"
    return Fault(
        "2020", "Required param missing, need to supply the required value for the API", detail, element=element
    )


def misshapen(detail: str, element: str = "") -> Fault:
    """2010: the body is no JSON object, or not of the shape that it should have."""
    return Fault("2010", "Request has invalid or unsupported property", detail, element=element)


def unread_report(name: str, value: str) -> Fault:
    """A report's parameter that cannot be read."""
    return misshapen(f"Invalid value {value} for {name}", name)


def unsupported(what: str) -> Fault:
    """500: this entity cannot do that."""
    return Fault("500", "Unsupported Operation", f"Operation {what} is not supported.")


def expired() -> GatewayFault:
    """3200: the access token is not good, or no longer."""
    return gateway(401, "3200", "AuthenticationFailed", "Token expired: AB01176")


def wrong_company() -> GatewayFault:
    """3100: another company's, or another environment's, token."""
    return gateway(403, "3100", "ApplicationAuthorizationFailed", "Application authorization failed")


THROTTLED = ("3001", "ThrottleExceeded", "The request limit was reached. Statement ID: 1, 500 requests per minute")
CATALOGUE: Mapping[str, Fault] = {
    "rate_limited": gateway(429, *THROTTLED),
    "service_throttled": Fault(*THROTTLED, status=429, kind=SYSTEM),
    "duplicate_number": Fault(
        "6140",
        "Duplicate Document Number Error",
        "Duplicate Document Number Error : You must specify a different number. This number has already been used.",
    ),
    "period_closed": Fault(
        "6210",
        "Account Period Closed, Cannot Update Through Services",
        "Account Period Closed : The account period has closed and the account books cannot be updated.",
    ),
    "deposited": Fault(
        "6540",
        "Deposited Transaction cannot be changed",
        "Deposited Transaction cannot be changed : This transaction has been deposited. "
        "If you want to change or delete it, you must edit the deposit it appears on and remove it first.",
    ),
    "wrong_company": wrong_company(),
    "admin_lost_rights": gateway(401, "120", "AuthorizationFailed", "The admin who connected has no access any more"),
    "subscription_ended": Fault(
        "6190",
        "Invalid Company Status",
        "Subscription period has ended or canceled or there was a billing problem : You can't create data now.",
    ),
    "server_error": Fault(
        "10000", "An application error has occurred while processing your request", "System Failure Error",
        status=500, kind=SYSTEM,
    ),
}  # fmt: skip


OWN = {
    "wrong_company": "The token belongs to another company or environment.",
    "admin_lost_rights": "The admin who connected the app has no access any more.",
    "subscription_ended": "The company's subscription has ended.",
    "service_throttled": "'Too many requests' from the service itself, in another shape than the gateway's.",
    "duplicate_number": "Another document has the number of the one that is written.",
    "period_closed": "The books are closed for the day of what is written.",
    "deposited": "A payment that is changed is in a deposit already.",
}
"""Faults that only this vendor knows."""
WRITES = ("POST", r"/v3/company/[^/]+/(?!query|batch|upload)")
USUAL = dict.fromkeys(("duplicate_number", "period_closed", "deposited"), WRITES)
"""Where QuickBooks says so: methods, and a pattern in path and query."""
LACKS = {
    "lost_locator": "it pages by position, so nothing is kept that could be lost.",
    "short_pages": "a page with fewer rows than were asked for is the end of its list.",
}
"""Faults of the catalogue that this vendor cannot have."""


SIGN_IN = ("/oauth2/v1/", "/connect/oauth2", "/.well-known/")


@dataclass(frozen=True, slots=True)
class Moment:
    """The clock for a body that is made without the sandbox's state."""

    now: dt.datetime

    def body(self, fault: Fault) -> dict[str, Any]:
        if isinstance(fault, GatewayFault):
            return fault.envelope(int(self.now.timestamp() * 1000))
        return {**fault.body(), "time": self.now.isoformat(timespec="milliseconds")}


def answer(fault: Fault, now_ms: int | None = None, retry_after: int | None = None) -> Response:
    """The HTTP answer of a fault."""
    now = dt.datetime.now(ZONE) if now_ms is None else dt.datetime.fromtimestamp(now_ms / 1000, ZONE)
    response = reply(Moment(now).body(fault), fault.status)
    if retry_after is not None:
        response.headers["Retry-After"] = str(retry_after)
    return response


def fault_response(name: str, *, retry_after: int | None = None, path: str = "") -> Response | None:
    """The vendor's answer for a fault of the catalogue, or None where QuickBooks has no body of its own.

    `retry_after` in seconds becomes the header (QuickBooks promises none). The sign-in is behind the same gateway and
    not the company's service: in trouble it sends the gateway's page.
    """
    if name == "html_body":
        return HTMLResponse(HTML, 502, headers())
    if name == "server_error" and path.startswith(SIGN_IN):
        return HTMLResponse(HTML, 500, headers())
    fault = CATALOGUE.get(name)
    return None if fault is None else answer(fault, retry_after=retry_after)
