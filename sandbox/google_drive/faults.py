"""Drive's own bodies for the fault catalogue: what Google sends when a request is refused or cannot be served.

Sources: GUIDE handle-errors for reasons and messages. Faults that break the connection itself are not here: the
middleware does them to any vendor.
"""

from __future__ import annotations

from dataclasses import dataclass

from starlette.responses import HTMLResponse, JSONResponse, Response

from sandbox.google_drive.wire import DriveError

HTML = (
    "<!DOCTYPE html><html lang=en><title>Error 502 (Server Error)!!1</title>"
    "<p><b>502.</b> <ins>That’s an error.</ins><p>The server encountered a temporary error and could not complete your "
    "request.<p>Please try again in 30 seconds.</html>"
)


@dataclass(frozen=True)
class Fault:
    """One error: status, reason, message, domain and, for a parameter, its name."""

    status: int
    reason: str
    message: str
    domain: str = "global"
    location: str = ""
    location_type: str = "parameter"


USAGE = "usageLimits"
FAULTS = {
    "rate_limited": Fault(403, "userRateLimitExceeded", "User Rate Limit Exceeded", USAGE),
    "too_many_requests": Fault(429, "rateLimitExceeded", "Rate Limit Exceeded", USAGE),
    "daily_limit": Fault(403, "dailyLimitExceeded", "Daily Limit Exceeded", USAGE),
    "download_quota": Fault(403, "downloadQuotaExceeded", "The download quota for this file has been exceeded."),
    "storage_full": Fault(403, "storageQuotaExceeded", "The user's Drive storage quota has been exceeded.", USAGE),
    "sharing_limit": Fault(403, "sharingRateLimitExceeded", "Rate limit exceeded."),
    "domain_policy": Fault(403, "domainPolicy", "The domain administrators have disabled Drive apps."),
    "export_too_large": Fault(403, "exportSizeLimitExceeded", "This file is too large to be exported."),
    "server_error": Fault(500, "backendError", "Backend Error"),
    "unavailable": Fault(503, "backendError", "Transient failure"),
    "lost_locator": Fault(400, "invalid", "Invalid Value", location="pageToken"),
    "insufficient_permissions": Fault(
        403, "insufficientFilePermissions", "The user does not have sufficient permissions for this file."
    ),
    "not_enabled": Fault(403, "accessNotConfigured", "Google Drive API has not been used in this project.", USAGE),
}
OWN = {
    "too_many_requests": "429 instead of Drive's usual 403 for too many requests.",
    "daily_limit": "The project's daily quota is used up.",
    "download_quota": "One file was downloaded too often; that lasts a day or more.",
    "storage_full": "The user's storage is used up; nothing can be uploaded.",
    "sharing_limit": "The user has shared too much in a short time.",
    "domain_policy": "The domain's admins have forbidden apps to use Drive.",
    "export_too_large": "A native document is too large to be exported.",
    "unavailable": "503, which passes.",
    "insufficient_permissions": "The user may not do this with this file.",
    "not_enabled": "The project has not switched the Drive API on.",
    "incomplete_search": "files.list has not searched everything, and says so.",
}
"""Faults that only this vendor knows."""
USUAL = {
    "lost_locator": ("", "ageToken="),
    "download_quota": ("GET POST", r"alt=media|/files/[^/?]+/download"),
    "export_too_large": ("GET", r"/export"),
    "short_pages": ("GET", r"/drive/v3/(files|changes)\?"),
    "incomplete_search": ("GET", r"/drive/v3/files\?"),
    "unavailable": ("", ""),
}
"""Where Google says so: methods (none for any), and a pattern in path and query."""
PLAYED = ("short_pages", "incomplete_search")
"""Those that are no error but another answer."""
SIGN_IN = "/token"
AT_SIGN_IN = {
    "server_error": (500, "internal_failure"),
    "unavailable": (503, "temporarily_unavailable"),
    "rate_limited": (429, "rate_limit_exceeded"),
}
"""What the token endpoint says instead: status and OAuth's word, as google-auth knows them."""


def fault_response(name: str, *, retry_after: int | None = None, path: str = "") -> Response | None:
    """The vendor's answer for a fault of the catalogue. `retry_after` in seconds becomes the header. None for a fault
    that Drive has no body of its own for.
    """
    headers = {"retry-after": str(retry_after)} if retry_after is not None else {}
    if name == "html_body":
        return HTMLResponse(HTML, 502, headers)
    if path.startswith(SIGN_IN) and name in AT_SIGN_IN:
        status, word = AT_SIGN_IN[name]
        return JSONResponse({"error": word}, status, headers)
    fault = FAULTS.get(name)
    if fault is None:
        return None
    error = DriveError(
        fault.status,
        fault.reason,
        fault.message,
        domain=fault.domain,
        location=fault.location,
        location_type=fault.location_type,
        headers=headers,
    )
    return error.response()
