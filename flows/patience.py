"""How long a run waits for a source that is away, and how it reads on where it stopped."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from time import sleep
from typing import Any

from connectors.contract import Page, Stream, Want
from hub.errors import RetryLater

TRIES = 4
LONGEST_WAIT_SECONDS = 60.0
"""A source that asks for more patience than this ends the stream's run; the schedule comes back soon enough."""


def wait_for(error: RetryLater, attempt: int, tries: int) -> None:
    """Wait before the next attempt, as long as the source asks. Raises the error where that is not worth it."""
    wait = error.after if error.after is not None else float(2**attempt) / 2
    if attempt >= tries or wait > LONGEST_WAIT_SECONDS:
        raise error
    sleep(wait)


def pages(stream: Stream[Any], session: Any, want: Want, tries: int = TRIES) -> Iterator[Page]:
    """A stream's pages for a reader that stores nothing: one that fails costs what is left, not what was read."""
    attempt = 0
    while True:
        try:
            for page in stream.read(session, want):
                yield page
                want, attempt = replace(want, cursor=page.cursor), 0
        except RetryLater as error:
            attempt += 1
            wait_for(error, attempt, tries)
        else:
            return
