"""The log of a process that stays: what it could not do, with the reference that people were given, on standard error.

A traceback is told whole; the values that a statement was given are not, for some of them open doors.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
OURS = ("frontdesk", "portal_api")


class WithoutValues(logging.Formatter):
    """Tells a statement that failed without the values that were bound to it."""

    def formatException(self, ei: Any) -> str:  # noqa: N802 -- the library's name
        for error in _chain(ei[1]):
            if hasattr(error, "hide_parameters"):
                # SQLAlchemy's own switch, which it reads when the error is printed.
                error.hide_parameters = True
        return super().formatException(ei)


def keep_log() -> None:
    """From now on, whatever the terminal wanted. Handlers of our own: Prefect replaces those of the root."""
    handler = logging.StreamHandler()
    handler.setFormatter(WithoutValues(FORMAT))
    for name in OURS:
        logger = logging.getLogger(name)
        logger.setLevel(logging.INFO)
        logger.handlers, logger.propagate = [handler], False


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__
