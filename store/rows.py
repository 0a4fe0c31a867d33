"""Bulk writing of prepared rows, each database by its fastest safe way (docs/decisions/0004).

SQLite: executemany of an upsert. PostgreSQL: COPY for new rows, COPY into a staging table and one UPDATE for changed
ones. Rows arrive as text, int, bool, None and bytes, which both drivers take as they are; SQLAlchemy's types would cost
more than the writing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy import ARRAY, ColumnElement, Connection, String, any_, bindparam, func, select
from sqlalchemy.exc import IntegrityError

Row = tuple[Any, ...]


class AlreadyThere(Exception):
    """A row that was said to be new is known already. The transaction must be undone."""


COPY_FROM = 50
"""Below so many rows a staging table costs more than it saves."""


def insert(
    connection: Connection,
    table: str,
    columns: Sequence[str],
    rows: Sequence[Row],
    same: Mapping[str, str] | None = None,
) -> None:
    """Insert rows whose ids are new. Raises AlreadyThere when one is not.

    `same` are further columns that have one value in all rows.
    """
    if not rows:
        return
    same = same or {}
    names = (*columns, *same)
    try:
        if connection.dialect.name == "postgresql":
            tail = tuple(same.values())
            _copy(connection, table, names, (row + tail for row in rows) if tail else rows)
        else:
            # Part of the statement: binding what never changes costs a twentieth of a load.
            values = ["?"] * len(columns) + [_literal(value) for value in same.values()]
            connection.exec_driver_sql(_insert_sql(table, names, values), list(rows))
    except (IntegrityError, connection.dialect.loaded_dbapi.IntegrityError) as error:
        raise AlreadyThere(table) from error


def upsert(connection: Connection, table: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
    """Insert or replace rows by `id`; `columns[0]` must be `id`."""
    if not rows:
        return
    changes = ", ".join(f"{column} = excluded.{column}" for column in columns[1:])
    if connection.dialect.name == "postgresql" and len(rows) >= COPY_FROM:
        stage = f"stage_{table}"
        names = ", ".join(columns)
        connection.exec_driver_sql(
            f"CREATE TEMP TABLE IF NOT EXISTS {stage} (LIKE {table} INCLUDING DEFAULTS) ON COMMIT DELETE ROWS"
        )
        connection.exec_driver_sql(f"TRUNCATE {stage}")
        _copy(connection, stage, columns, rows)
        connection.exec_driver_sql(
            f"INSERT INTO {table} ({names}) SELECT {names} FROM {stage} ON CONFLICT (id) DO UPDATE SET {changes}"
        )
        return
    mark = "%s" if connection.dialect.name == "postgresql" else "?"
    sql = f"{_insert_sql(table, columns, [mark] * len(columns))} ON CONFLICT (id) DO UPDATE SET {changes}"
    connection.exec_driver_sql(sql, list(rows))


def _insert_sql(table: str, columns: Sequence[str], values: Sequence[str]) -> str:
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join(values)})"


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _copy(connection: Connection, table: str, columns: Sequence[str], rows: Iterable[Row]) -> None:
    cursor = connection.connection.cursor()
    try:
        with cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
    finally:
        cursor.close()


def chunks(items: Sequence[Any], size: int = 500) -> Iterable[Sequence[Any]]:
    """Slices small enough for any database's limit on bound values."""
    return (items[start : start + size] for start in range(0, len(items), size))


def among(connection: Connection, column: ColumnElement[str], ids: Iterable[str]) -> ColumnElement[bool]:
    """`column IN ids` with one bound value, whatever their number: a list would be spelled out anew every time."""
    if connection.dialect.name == "postgresql":
        return column == any_(bindparam(None, list(ids), type_=ARRAY(String)))
    return column.in_(select(func.json_each(orjson.dumps(list(ids)).decode()).table_valued("value").c.value))
