"""Several lists in one round trip: each query's rows come back as one JSON array.

A page with seven lists costs seven round trips, and on PostgreSQL the trips cost ten times what the rows do
(docs/decisions/0005). `Bundle` wraps each SELECT in the database's own JSON aggregate, and decodes by column type, so
that a row of a bundle looks like a row of a query.
"""

from __future__ import annotations

import datetime as dt
from collections import namedtuple
from collections.abc import Callable, Mapping
from typing import Any

import orjson
from sqlalchemy import (
    Boolean,
    Connection,
    Date,
    Dialect,
    LargeBinary,
    Select,
    Text,
    bindparam,
    func,
    literal_column,
    select,
)
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.types import TypeEngine

from store.types import Instant, Json

CLIENT = "scope_client_id"
"""The parameter by which a statement over `store.scope.visible` knows its reader's client."""

Decoder = Callable[[Any], Any]

_AGGREGATE = {"sqlite": (func.json_group_array, func.json_array), "postgresql": (func.json_agg, func.json_build_array)}


def _decoder(type_: TypeEngine[Any], dialect: Dialect) -> Decoder | None:
    if isinstance(type_, Instant):
        return dt.datetime.fromisoformat
    if isinstance(type_, Date):
        return dt.date.fromisoformat
    if isinstance(type_, Boolean):
        return bool
    if isinstance(type_, Json) and dialect.name == "sqlite":
        return orjson.loads
    if isinstance(type_, LargeBinary):
        return _bytes
    return None


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("\\x"))


class Bundle:
    """Named SELECTs that are fetched together. Build it once, at import; parameters come with each fetch."""

    def __init__(self, **queries: Select[*tuple[Any, ...]]) -> None:
        self.queries = queries
        self._prepared: dict[str, tuple[Any, list[tuple[str, Any, list[tuple[int, Decoder]]]]]] = {}

    def fetch(self, connection: Connection, params: Mapping[str, object]) -> dict[str, list[Any]]:
        """Each query's rows as named tuples, in one statement. Aware UTC instants, as from any query."""
        statement, shapes = self._prepare(connection.dialect)
        row = connection.execute(statement, params).one()
        return {name: _rows(text, shape, decoders) for text, (name, shape, decoders) in zip(row, shapes, strict=False)}

    def _prepare(self, dialect: Dialect) -> tuple[Any, list[tuple[str, Any, list[tuple[int, Decoder]]]]]:
        if dialect.name not in self._prepared:
            columns, shapes = [], []
            for name, query in self.queries.items():
                columns.append(_as_json(query, dialect).label(name))
                exported = list(query.exported_columns)
                shape = namedtuple(name, [column.key for column in exported])  # type: ignore[misc]  # noqa: PYI024 -- fields are known at run time only
                decoders = [(i, d) for i, c in enumerate(exported) if (d := _decoder(c.type, dialect)) is not None]
                shapes.append((name, shape, decoders))
            self._prepared[dialect.name] = (_naming_the_client(columns, dialect), shapes)
        return self._prepared[dialect.name]


def _naming_the_client(columns: list[Any], dialect: Dialect) -> Select[*tuple[Any, ...]]:
    """On PostgreSQL the statement itself tells row-level security whose rows it may see.

    The setting is local to the statement's own transaction and is made where the row comes from, before the lists
    beside it are computed; so a page needs no transaction around it, which would cost three more round trips.
    """
    if dialect.name != "postgresql":
        return select(*columns)
    named = select(func.set_config("app.client_id", bindparam(CLIENT), True).label("client")).subquery("named")
    return select(*columns, named.c.client)


def _as_json(query: Select[*tuple[Any, ...]], dialect: Dialect) -> ColumnElement[str]:
    aggregate, array = _AGGREGATE[dialect.name]
    inner = query.subquery()
    rows = select(aggregate(array(*inner.c), type_=Text)).scalar_subquery()
    return func.coalesce(rows.cast(Text) if dialect.name == "postgresql" else rows, literal_column("'[]'"))


def _rows(text: str, shape: Any, decoders: list[tuple[int, Decoder]]) -> list[Any]:
    rows = orjson.loads(text)
    for row in rows:
        for index, decode in decoders:
            if row[index] is not None:
                row[index] = decode(row[index])
    return [shape._make(row) for row in rows]
