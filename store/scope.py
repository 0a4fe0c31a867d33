"""The one access rule: a client sees its own live rows, and nothing else.

Portal queries are written over `visible["invoice"]` and its sisters, never over the tables. Each of them is the table
already filtered by the reader's client and freed of tombstones, so that a forgotten WHERE cannot leak. `Reader` runs
statements with the reader's scope and refuses one that reaches a client-owned table by another way. On PostgreSQL
row-level security enforces the same rule again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, FromClause, Select, Table, bindparam, select
from sqlalchemy.sql.selectable import Subquery

from store.bundle import CLIENT, Bundle
from store.columns import METADATA, ClientOwned
from store.hub_tables import HeldRecord
from store.tables import ENTITIES


@dataclass(frozen=True, slots=True)
class Scope:
    """Who reads, for which client, with which abilities.

    `role` is owner, member or viewer; `staff_email` is set when somebody of the firm views as this client (read-only).
    """

    client_id: str
    person_id: str | None
    role: str
    session_id: str
    staff_email: str | None = None

    @property
    def read_only(self) -> bool:
        """Whether this reader may act at all."""
        return self.staff_email is not None or self.role == "viewer"


def _visible(table: Table[ClientOwned]) -> Subquery:
    mine = select(table).where(table.c.client_id == bindparam(CLIENT))
    alive = "deleted_at" if "deleted_at" in table.c else "resolved_at"
    return mine.where(table.c[alive].is_(None)).subquery(table.name)


visible: Mapping[str, FromClause] = {
    **{name: _visible(table) for name, table in ENTITIES.items()},
    "held_record": _visible(HeldRecord),
}
"""Each client-owned table as the reader's client may see it."""

_OWNED = {id(table) for table in METADATA.tables.values() if "client_id" in table.c}
_DOORS = {id(door) for door in visible.values()}


class UnscopedStatementError(RuntimeError):
    """A portal query reaches a client-owned table directly: a bug, stopped before it reads."""


@lru_cache(maxsize=1024)
def _approve(statement: Select[*tuple[Any, ...]]) -> None:
    """Refuse a statement that reads a client-owned table other than through `visible`. Once per statement object."""
    waiting: list[Any] = [statement]
    while waiting:
        element = waiting.pop()
        if id(element) in _DOORS:
            continue
        if id(element) in _OWNED:
            raise UnscopedStatementError(f"statement reads {element.name} directly; use store.scope.visible")
        waiting.extend(element.get_children())


@lru_cache(maxsize=1024)
def _alone(statement: Select[*tuple[Any, ...]]) -> Bundle:
    """A statement as a bundle of one: on PostgreSQL the bundle is what names the client to row-level security."""
    return Bundle(rows=statement)


class Reader:
    """Runs scoped statements for one reader on one connection."""

    def __init__(self, connection: Connection, scope: Scope) -> None:
        self.connection = connection
        self.scope = scope

    def all(self, statement: Select[*tuple[Any, ...]], /, **params: object) -> Sequence[Any]:
        """All rows of a statement over `visible`."""
        _approve(statement)
        if self.connection.dialect.name == "postgresql":
            return _alone(statement).fetch(self.connection, self._bound(params))["rows"]
        return self.connection.execute(statement, self._bound(params)).all()

    def first(self, statement: Select[*tuple[Any, ...]], /, **params: object) -> Any | None:
        """The first row, or None: not there and not yours look the same."""
        return next(iter(self.all(statement, **params)), None)

    def bundle(self, bundle: Bundle, /, **params: object) -> Mapping[str, list[Any]]:
        """Several lists in one round trip (store.bundle)."""
        for statement in bundle.queries.values():
            _approve(statement)
        return bundle.fetch(self.connection, self._bound(params))

    def _bound(self, params: Mapping[str, object]) -> dict[str, object]:
        if CLIENT in params:
            raise UnscopedStatementError("a caller may not name the client; the scope does")
        return {**params, CLIENT: self.scope.client_id}
