"""One file for one reader: fetched, recorded, sent; a page in its place when its source does not give it."""

from __future__ import annotations

import logging
import re

from starlette.requests import Request
from starlette.responses import Response

from hub.errors import BadRecord, FrontdeskError, RetryLater
from portal_api.activity import record
from portal_api.content import Wanted, sent
from portal_api.pages import problem_json, render, wants_json
from portal_api.portal import portal_of

log = logging.getLogger(__name__)


async def serve(request: Request, wanted: Wanted, kind: str, id_: str) -> Response:
    """The file as a download. The caller has found its row through the reader's scope."""
    portal = portal_of(request)
    try:
        ready = await portal.contents.get(wanted)
    except FrontdeskError as error:
        log.warning("%s of %s is not available: %s %s", kind, wanted.source, error.sentence, error.detail)
        title = portal.feeds.title(wanted.source)
        return unavailable(request, error, wanted.title, title, f"/{kind}s/{id_}")
    if not _goes_on(request):
        record(request, "download", kind, id_, via="file")
    return sent(ready)


def _goes_on(request: Request) -> bool:
    """Whether a further part of a file is asked for: programs fetch one download in many parts."""
    return re.match(r"bytes=(?!0-)", request.headers.get("range", "").replace(" ", "")) is not None


def unavailable(request: Request, error: FrontdeskError, title: str, source: str, back: str) -> Response:
    """A page instead of a file: what is not there, what happens next, the way back. A problem for programs."""
    gone = isinstance(error, BadRecord)
    if wants_json(request):
        detail = "It was removed there." if gone else "Try again in a minute; the file is kept there."
        return problem_json(404 if gone else 503, f"{source} does not give us {title}.", detail)
    context = {"title": title, "source": source, "gone": gone, "retry": isinstance(error, RetryLater), "back": back}
    headers = {"cache-control": "no-store"} if gone else {"cache-control": "no-store", "retry-after": "60"}
    return render(request, "documents/unavailable.html", context, status=404 if gone else 503, headers=headers)
