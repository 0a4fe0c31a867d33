"""Lists: pages by keyset cursor, what of them is being checked, how fresh they are."""

from __future__ import annotations

import base64
import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, NamedTuple

import orjson
from fastapi import HTTPException, Path, Request

from hub.clock import parse_instant
from portal_api.feeds import Fresh
from portal_api.portal import portal_of
from portal_api.wording import Words

ROWS = 25
"""Rows of one page of a list: 60 KB are enough for them, style and script included."""

ID = "^[a-z0-9]{26}$"
Id = Annotated[str, Path(pattern=ID, description="26 lower-case letters and digits", min_length=26, max_length=26)]

READ: Mapping[type, Any] = {dt.date: dt.date.fromisoformat, dt.datetime: parse_instant, int: int, str: str}
MOST_INT = 1000


class Standing(NamedTuple):
    """What every list says about itself: up to when it is true, how many records are being checked."""

    fresh: Fresh | None
    held: int

    @property
    def late(self) -> list[Fresh]:
        """For the banner: the source, when it is silent."""
        return [self.fresh] if self.fresh is not None and self.fresh.late else []


def standing(request: Request, noun: str, lists: Mapping[str, Sequence[Any]], words: Words) -> Standing:
    """From a bundle's `streams` and `held`."""
    held = lists.get("held")
    fresh = portal_of(request).feeds.of(noun, lists["streams"], words.now)
    return Standing(fresh, held[0].n if held else 0)


def cursor_of(*values: object) -> str:
    """A place in a list as one opaque word."""
    return base64.urlsafe_b64encode(orjson.dumps(values)).decode().rstrip("=")


def place(cursor: str, start: Mapping[str, object]) -> dict[str, object]:
    """Bind parameters of the row after which a page begins: `start` without a cursor; its values' types are the form.

    HTTPException 400 for a cursor that is none of ours.
    """
    if not cursor:
        return dict(start)
    try:
        values = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        read = {name: _read(value, kind) for (name, kind), value in zip(start.items(), values, strict=True)}
    except (ValueError, TypeError):
        sentence = f"The cursor {cursor[:60]!r} is none of ours; take it from the answer before, or leave it out."
        raise HTTPException(400, sentence) from None
    return read


def _read(value: Any, like: object) -> object:
    kind = type(like)
    if not isinstance(value, int if kind is int else str) or "\0" in str(value):
        raise ValueError(value)
    if isinstance(value, int) and abs(value) > MOST_INT:
        raise ValueError(value)
    return READ[kind](value)


def clean(text: str, most: int = 200) -> str:
    """What somebody typed, as a database can take it."""
    return text.replace("\0", "").strip()[:most]


def clip(text: str | None, most: int = 3000) -> str:
    """A long text's beginning; it says so at its end."""
    text = text or ""
    return text if len(text) <= most else f"{text[:most].rstrip()} … ({len(text)} characters in all)"


def older(request: Request, rows: Sequence[Any], limit: int, *values: str) -> str | None:
    """The address of the next page, when there were more rows than `limit`; `values` name the cursor's columns."""
    if len(rows) <= limit:
        return None
    last = rows[limit - 1]
    cursor = cursor_of(*(getattr(last, name) for name in values))
    return str(request.url.include_query_params(after=cursor).replace(scheme="", netloc=""))


def newest(request: Request) -> str | None:
    """The address of the first page, on any later one."""
    if "after" not in request.query_params:
        return None
    return str(request.url.remove_query_params("after").replace(scheme="", netloc=""))
