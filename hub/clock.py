"""Time, always aware and UTC inside."""

from __future__ import annotations

import datetime as dt

UTC = dt.UTC


def now() -> dt.datetime:
    """This moment, aware UTC, whole microseconds."""
    return dt.datetime.now(UTC)


def parse_instant(text: str) -> dt.datetime:
    """An ISO 8601 instant with its offset as aware UTC.

    Reads every form our vendors send: `2024-05-28T21:15:07.000+0000`, `...Z`, `...-07:00`, and nanoseconds cut to
    microseconds. ValueError for text without an offset (a zone is never guessed), and for an instant that lies in no
    year of ours in UTC.
    """
    moment = dt.datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} names no time zone; expected an offset such as +00:00 or Z")
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"{text!r} lies outside the years 1 to 9999 in UTC") from None


def iso(moment: dt.datetime) -> str:
    """An aware instant as `2024-05-28T21:15:07Z` (microseconds only where there are any)."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment!r} is naive; instants must be aware")
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def instant_text(moment: dt.datetime) -> str:
    """An aware instant as fixed-width UTC text, `2024-05-28T21:15:07.000Z`: sorts as text, reads as ISO 8601."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment!r} is naive; instants must be aware")
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
