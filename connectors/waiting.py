"""How long a source asks to be left in peace."""

from __future__ import annotations

import datetime as dt
from email.utils import parsedate_to_datetime

from hub.clock import now


def wait_asked(retry_after: str | None) -> float | None:
    """A Retry-After header, in either of its forms, as seconds from now; None where it is absent or unreadable."""
    text = (retry_after or "").strip()
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    # `-0000` says UTC, and is read as no zone at all.
    aware = moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
    return max((aware - now()).total_seconds(), 0.0)
