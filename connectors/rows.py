"""Rows as vendors send them, which may be anything: what one says of itself, and nothing where it does not.

A row that cannot be read is no reason to stop its page. It goes on as it came, and the mapping holds it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from hub.clock import parse_instant


def value_in(row: Any, *path: str) -> Any:
    """What stands in a row, or in the objects within it; None as soon as something is not there, or no object."""
    for name in path:
        row = row.get(name) if isinstance(row, dict) else None
    return row


def instant_in(row: Any, *path: str) -> dt.datetime | None:
    """An instant that stands in a row; None where it has none, or none that can be read."""
    try:
        return parse_instant(value_in(row, *path))
    except (TypeError, ValueError):
        return None


def id_in(row: Any, name: str) -> str:
    """A row's id as text; empty for one that does not say it."""
    value = value_in(row, name)
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def ids_in(rows: Iterable[Any], name: str) -> list[str]:
    """The ids of all rows that say theirs."""
    return [id_ for row in rows if (id_ := id_in(row, name))]
