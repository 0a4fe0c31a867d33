"""What the named queries share: keyset pages, sums, searches, the hub's own state beside a card."""

from __future__ import annotations

import datetime as dt
import unicodedata
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Date,
    Integer,
    Select,
    String,
    bindparam,
    cast,
    func,
    literal,
    literal_column,
    select,
    tuple_,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from hub.clock import UTC
from store.hub_tables import StreamState
from store.scope import visible
from store.types import Instant

LAST_ID = "z" * 27
"""Sorts after every id, in every collation: ids are 26 lower-case letters and digits."""

LAST_DAY = dt.date(9999, 12, 31)
LAST_INSTANT = dt.datetime(9999, 12, 31, 23, 59, 59, 999_000, UTC)
FIRST_INSTANT = dt.datetime(1970, 1, 1, tzinfo=UTC)

today = bindparam("today", type_=Date)
now = bindparam("now", type_=Instant)
limit = bindparam("limit", type_=Integer)


def since_ever(column: ColumnElement[dt.datetime | None]) -> ColumnElement[dt.datetime]:
    """An instant that may be missing, as one that sorts: a row without it comes last in a list of the newest."""
    return func.coalesce(column, literal(FIRST_INSTANT, Instant), type_=Instant())


def keyed(column: ColumnElement[Any]) -> ColumnElement[str]:
    """A source's word as `states.key` has it: `On Hold` and `on_hold` are one."""
    small = func.lower(func.trim(column))
    for gap in ("' '", "'-'"):
        small = func.replace(small, literal_column(gap), literal_column("'_'"))
    return small


class end_of_day(FunctionElement[dt.datetime]):  # noqa: N801 -- a function of SQL
    """A day's last millisecond in UTC, to sort among instants; NULL stays NULL."""

    name = "end_of_day"
    type = Instant()
    inherit_cache = True


@compiles(end_of_day)
def _as_text(element: end_of_day, compiler: SQLCompiler, **options: Any) -> str:
    return f"({compiler.process(element.clauses, **options)} || 'T23:59:59.999Z')"


@compiles(end_of_day, "postgresql")
def _as_timestamp(element: end_of_day, compiler: SQLCompiler, **options: Any) -> str:
    return f"(({compiler.process(element.clauses, **options)} + time '23:59:59.999') AT TIME ZONE 'UTC')"


def newest_first(
    statement: Select[*tuple[Any, ...]], moment: ColumnElement[Any], id_: ColumnElement[str]
) -> Select[*tuple[Any, ...]]:
    """One page of a list, newest first, after the row (`after`, `after_id`); `limit` rows. Ends on a unique key."""
    after = bindparam("after", type_=moment.type)
    page = statement.where(tuple_(moment, id_) < tuple_(after, bindparam("after_id", type_=String)))
    return page.order_by(moment.desc(), id_.desc()).limit(limit)


def total(column: ColumnElement[int]) -> ColumnElement[int]:
    """A sum of minor units as an integer on both databases (PostgreSQL would widen it to NUMERIC)."""
    return cast(func.coalesce(func.sum(column), 0), BigInteger)


def like(column: ColumnElement[Any], pattern: str = "pattern") -> ColumnElement[bool]:
    """Case-blind 'contains'. The caller binds what `sought` makes of the words."""
    return _Small(column).like(bindparam(pattern, type_=String), escape="\\")


def sought(query: str) -> dict[str, str]:
    """What `like` compares with."""
    return {"pattern": f"%{escaped(query)}%", **letters_of(query)}


def small(query: str) -> str:
    """What somebody looks for, in small letters; each with its accent is one, as it is stored."""
    return unicodedata.normalize("NFC", query).lower()


def escaped(query: str) -> str:
    r"""In small letters, with `\` before what LIKE would take for a joker."""
    return small(query).replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def letters_of(query: str) -> dict[str, str]:
    """The letters beyond ASCII that are looked for, big and small."""
    letters = [letter for letter in sorted(set(small(query))) if not letter.isascii() and len(letter.upper()) == 1]
    return {"big": "".join(map(str.upper, letters)), "small": "".join(letters)}


class _Small(FunctionElement[str]):
    """A text in small letters. PostgreSQL's own knows no umlauts where a database has the C locale, so it is told those
    that are looked for.
    """

    type = String()
    inherit_cache = True


@compiles(_Small)
def _small(element: Any, compiler: Any, **options: Any) -> str:
    return f"lower({compiler.process(element.clauses, **options)})"


@compiles(_Small, "postgresql")
def _small_on_postgresql(element: Any, compiler: Any, **options: Any) -> str:
    big, small = bindparam("big", type_=String), bindparam("small", type_=String)
    told: str = compiler.process(func.translate(func.lower(*element.clauses), big, small), **options)
    return told


STREAMS = select(
    StreamState.c.source,
    StreamState.c.stream,
    StreamState.c.high_water,
    StreamState.c.checked_at,
    StreamState.c.error,
    StreamState.c.matched_at,
)
"""How fresh each stream is. The hub's own table: names no client."""


def held(*entities: str) -> Select[int]:
    """How many of the reader's records of these kinds are being checked."""
    table = visible["held_record"]
    return select(func.count().label("n")).select_from(table).where(table.c.entity.in_(entities))
