"""Salesforce's own bodies for the fault catalogue."""

from __future__ import annotations

from starlette.responses import HTMLResponse, JSONResponse, Response

from sandbox.salesforce.auth import ACCESS_ERRORS

BODIES: dict[str, tuple[int, str, str]] = {
    "rate_limited": (
        403,
        "REQUEST_LIMIT_EXCEEDED",
        "ConcurrentRequests (Concurrent API Requests) Limit exceeded.",
    ),
    "server_error": (500, "UNKNOWN_EXCEPTION", "An unexpected error occurred. Please include this ErrorId: 1469-7"),
    "lost_locator": (400, "INVALID_QUERY_LOCATOR", "invalid query locator"),
    "calls_used_up": (403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."),
    "api_disabled": (403, "API_DISABLED_FOR_ORG", "The REST API is not enabled for this Organization."),
    "query_timeout": (400, "QUERY_TIMEOUT", "Your query request was running for too long."),
    "row_locked": (
        400,
        "UNABLE_TO_LOCK_ROW",
        "unable to obtain exclusive access to this record or 1 records: 001RO00000000001AAA",
    ),
    "duplicate_found": (400, "DUPLICATES_DETECTED", "Use one of these records?"),
    "validation_rule": (400, "FIELD_CUSTOM_VALIDATION_EXCEPTION", "A shipment on hold needs a reason."),
    "query_too_large": (400, "OPERATION_TOO_LARGE", "exceeded 100000 distinct who/what's"),
    "server_unavailable": (503, "SERVER_UNAVAILABLE", "Server unavailable. Please try again later."),
}
EDGE: dict[str, tuple[int, str]] = {
    "edge_406": (406, ""),
    "edge_420": (420, "<html><head><title>Salesforce</title></head><body>We are setting things up.</body></html>"),
}
"""What an edge server answers by itself: a status and hardly a body."""
OWN = {
    "calls_used_up": "The org's daily number of API calls is used up.",
    "api_disabled": "The edition or the user has no API access.",
    "query_timeout": "A query ran for too long.",
    "row_locked": "Somebody else holds the row that a write is for.",
    "duplicate_found": "A duplicate rule refuses a write.",
    "validation_rule": "A validation rule of the firm's refuses a write.",
    "query_too_large": "A query touches more records than a user without View All Data may.",
    "server_unavailable": "503, which passes.",
    "edge_406": "406 without a body, from the edge; it passes.",
    "edge_420": "420 with a page, from the edge; it passes.",
}
"""Faults that only this vendor knows."""
QUERY, RECORDS = r"/services/data/v[\d.]+/query", r"/services/data/v[\d.]+/sobjects/"
WRITING = "POST PATCH DELETE"
USUAL = {
    "lost_locator": ("GET", r"/query(All)?/0"),
    "query_timeout": ("GET", QUERY),
    "short_pages": ("GET", QUERY),
    "query_too_large": ("GET", QUERY),
    "row_locked": (WRITING, RECORDS),
    "duplicate_found": (WRITING, RECORDS),
    "validation_rule": (WRITING, RECORDS),
    "server_unavailable": ("", ""),
    **dict.fromkeys(EDGE, ("", "")),
}
"""Where the vendor says so: methods, and a pattern in path and query."""
PLAYED = ("short_pages",)
"""Those that are no error but another answer."""
SIGN_IN, BULK_ONE = "/services/oauth2/", "/services/async/"
MAINTENANCE = (
    "<html><head><title>Salesforce Maintenance</title></head><body><h1>We are down for maintenance.</h1></body></html>"
)


def fault_response(name: str, *, retry_after: int | None = None, path: str = "") -> Response | None:
    """The vendor's answer for a fault of the catalogue, or None where it has none.

    The edge answers 429 with Retry-After (seconds); the API itself 403 without. The sign-in's errors are objects; in
    trouble it sends a page. Bulk 1.0 has a shape of its own.
    """
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    if name == "html_body":
        return HTMLResponse(MAINTENANCE, 503, headers=headers)
    if name in EDGE:
        return HTMLResponse(EDGE[name][1], EDGE[name][0], headers=headers)
    if name not in BODIES:
        return None
    status, code, message = BODIES[name]
    if name == "rate_limited" and retry_after is not None:
        status = 429
    if path.startswith(SIGN_IN) and (name in ACCESS_ERRORS or status >= 500):
        return _at_sign_in(name, status, headers)
    if path.startswith(BULK_ONE):
        return JSONResponse({"exceptionCode": code, "exceptionMessage": message}, status, headers=headers)
    of_a_write: dict[str, list[str]] = {"fields": []} if USUAL.get(name) == (WRITING, RECORDS) else {}
    return JSONResponse([{"message": message, "errorCode": code, **of_a_write}], status, headers=headers)


def _at_sign_in(name: str, status: int, headers: dict[str, str]) -> Response:
    if name not in ACCESS_ERRORS:
        return HTMLResponse(MAINTENANCE, status, headers=headers)
    error, description = ACCESS_ERRORS[name]
    return JSONResponse({"error": error, "error_description": description}, 400, headers=headers)
