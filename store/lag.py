"""A stream that did not fail and still is not as it should be: not read in time, behind its source, or proved wrong."""

from __future__ import annotations

import datetime as dt
from typing import Any, NamedTuple

LATE, BEHIND, DIFFERS = "late", "behind", "differs"
UNITS = ((24 * 60, "days"), (60, "hours"), (1, "minutes"))
"""In minutes."""


class Lag(NamedTuple):
    """What is to be said of it: the word, the sentence, the next step."""

    word: str
    sentence: str
    step: str


def lag_of(row: Any, late_after: dt.timedelta, now: dt.datetime) -> Lag | None:
    """What holds a stream back that was read well; None where nothing does.

    `row`: a row of stream_state with its last certificate (store.certificates.beside). `now`: aware UTC.
    """
    if now - row.checked_at > late_after:
        span = _span(now - row.checked_at)
        sentence = f"It was not read for {span}." if span else "It was not read in time."
        return Lag(LATE, sentence, "See that `frontdesk worker` and its Prefect server run.")
    # Clients are told by this one that a source is silent; ops must not read meanwhile that all is well.
    if row.high_water is not None and now - row.high_water > late_after:
        span = _span(now - row.high_water)
        sentence = f"It is read in time, but by its source's clock it ends {f'{span} ago' if span else 'too early'}."
        step = "See that this machine's clock is right, and ask the source's status page whether it lags."
        return Lag(BEHIND, sentence, step)
    if differs(row):
        one, more = "1 record is not as the source has it.", f"{row.apart:,} records are not as the source has them."
        step = f"`/ops/compared` names what differs; `frontdesk sync {row.source} --full` mends it."
        return Lag(DIFFERS, one if row.apart == 1 else more, step)
    return None


def differs(row: Any) -> bool:
    """Whether the last certificate found something, and nobody has read all of the stream again since."""
    return bool(row.apart) and (row.swept_at is None or row.swept_at < row.compared_at)


def _span(time: dt.timedelta) -> str:
    """`2 hours`; from two of a unit on, so that its plural is right. Empty below two minutes."""
    minutes = int(time.total_seconds() // 60)
    return next((f"{minutes // of} {unit}" for of, unit in UNITS if minutes >= 2 * of), "")
