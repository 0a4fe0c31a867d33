"""Rows that nobody sees though no owner record waits to be matched: their source names no owner, or one not here, or
one that is gone.

An unmatched owner record is listed for ops, and all that it owns follows once it is linked. These have none to link.
Held records and their parts are not among them: the quarantine lists those. Rows whose owner its mapping leaves out are
counted apart: they are as they are meant to be.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import (
    CTE,
    ColumnElement,
    CompoundSelect,
    Connection,
    Integer,
    Select,
    Table,
    bindparam,
    case,
    exists,
    func,
    literal,
    or_,
    select,
    union_all,
)

from store.hub_tables import Crosswalk, HeldRecord
from store.left_out import is_left_out
from store.parts import PARTS
from store.tables import ENTITIES
from store.unmatched import gone_clients

WHOLES = dict(PARTS.values())
"""By noun of a part: its column that names the whole."""
LABELS = ("number", "name", "subject", "reference", "code")
"""Columns by which people know a record, the best first."""
STEP = (
    "Give them an owner in the source, or mend `owner` in the mapping; if their owner's record is held, it must be "
    "taken first."
)


class Ownerless(NamedTuple):
    """How many rows of a stream no client sees for want of an owner, and how many because that one is left out."""

    source: str
    stream: str
    n: int
    below: int


class OwnerlessRow(NamedTuple):
    """One of them. `label` is what people call it, where that is known."""

    source: str
    stream: str
    external_id: str
    label: str | None


def sentence(n: int) -> str:
    """What is to be said of so many."""
    if n == 1:
        return "1 record names no owner that is here, so no client sees it."
    return f"{n:,} records name no owner that is here, so no client sees them."


def count(connection: Connection) -> list[Ownerless]:
    """By stream, those that have any; one statement."""
    return [Ownerless(*row) for row in connection.execute(_counts())]


def some(connection: Connection, at_most: int) -> list[OwnerlessRow]:
    """Some of them, a few of each noun; one statement."""
    return [OwnerlessRow(*row) for row in connection.execute(_some(), {"at_most": at_most})]


@cache
def _counts() -> Select[Any]:
    gone = gone_clients()
    each = union_all(
        *(one for table in ENTITIES.values() for one in _of(table, gone, table.c.source, table.c.stream, _below(table)))
    ).subquery()
    keys = (each.c.source, each.c.stream)
    sums = (func.count(case((~each.c.below, 1))), func.count(case((each.c.below, 1))))
    return select(*keys, *sums).group_by(*keys).order_by(*keys)


@cache
def _some() -> CompoundSelect[Any]:
    limit, gone = bindparam("at_most", type_=Integer), gone_clients()
    each = [
        select(one.where(~is_left_out(table.c.owner_id)).limit(limit).subquery())
        for table in ENTITIES.values()
        for one in _of(table, gone, table.c.source, table.c.stream, table.c.external_id, _label(table))
    ]
    return union_all(*each).order_by("source", "stream", "external_id").limit(limit)


def _of(table: Table[Any], gone: CTE, *columns: ColumnElement[Any]) -> Iterator[Select[Any]]:
    """Rows of nobody, and rows of a client that is gone with their owner; apart, so that each has its index."""
    live = exists().where(Crosswalk.c.id == table.c.owner_id, Crosswalk.c.deleted_at.is_(None))
    # The first condition is that of the partial index on owners: rows of a client cost nothing here.
    nobodys = (table.c.client_id.is_(None), or_(table.c.owner_id.is_(None), ~live))
    left = (table.c.client_id.in_(select(gone.c.id)), ~live)
    for conditions in (nobodys, left):
        found = select(*columns).where(*conditions, table.c.deleted_at.is_(None), ~_held(table.c.id))
        yield found.where(~_held(table.c[WHOLES[table.name]])) if table.name in WHOLES else found


def _below(table: Table[Any]) -> ColumnElement[bool]:
    return is_left_out(table.c.owner_id).label("below")


def _held(id_: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether a record waits in quarantine."""
    return exists().where(HeldRecord.c.id == id_, HeldRecord.c.resolved_at.is_(None))


def _label(table: Table[Any]) -> ColumnElement[Any]:
    known = [table.c[name] for name in LABELS if name in table.c]
    return func.coalesce(*known, None).label("label") if known else literal(None).label("label")
