"""Bulk writing of prepared rows, each database by its fastest safe way (docs/decisions/0004).

SQLite: executemany of an upsert. PostgreSQL: COPY for new rows, COPY into a staging table and one INSERT from it for
changed ones, and for all where row-level security binds our role: COPY is then refused. Rows arrive as text, int, bool,
None and bytes, which both drivers take as they are; SQLAlchemy's types would cost more than the writing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy import ARRAY, ColumnElement, Connection, String, any_, bindparam, func, select
from sqlalchemy.exc import DBAPIError, IntegrityError

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
            _insert_on_postgresql(connection, table, names, [row + tail for row in rows] if tail else rows)
        else:
            # Part of the statement: binding what never changes costs a twentieth of a load.
            values = ["?"] * len(columns) + [_literal(value) for value in same.values()]
            connection.exec_driver_sql(_insert_sql(table, names, values), list(rows))
    except IntegrityError as error:
        raise AlreadyThere(table) from error


def upsert(connection: Connection, table: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
    """Insert or replace rows by `id`; `columns[0]` must be `id`."""
    if not rows:
        return
    changes = ", ".join(f"{column} = excluded.{column}" for column in columns[1:])
    if connection.dialect.name == "postgresql" and len(rows) >= COPY_FROM:
        _insert_from_stage(connection, table, columns, rows, f"ON CONFLICT (id) DO UPDATE SET {changes}")
        return
    mark = "%s" if connection.dialect.name == "postgresql" else "?"
    sql = f"{_insert_sql(table, columns, [mark] * len(columns))} ON CONFLICT (id) DO UPDATE SET {changes}"
    connection.exec_driver_sql(sql, list(rows))


def _insert_on_postgresql(connection: Connection, table: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
    """COPY, which the server refuses where row-level security binds our role: then by way of a staging table."""
    if not _is_bound(connection, table):
        _copy(connection, table, columns, rows)
    elif len(rows) >= COPY_FROM:
        _insert_from_stage(connection, table, columns, rows)
    else:
        connection.exec_driver_sql(_insert_sql(table, columns, ["%s"] * len(columns)), list(rows))


def _is_bound(connection: Connection, table: str) -> bool:
    """Whether row-level security binds us in this table; asked once for each connection."""
    known: dict[str, bool] = connection.info.setdefault("bound by row-level security", {})
    if table not in known:
        known[table] = connection.execute(select(func.row_security_active(table))).scalar_one()
    return known[table]


def _insert_from_stage(
    connection: Connection, table: str, columns: Sequence[str], rows: Iterable[Row], conflict: str = ""
) -> None:
    stage, names = f"stage_{table}", ", ".join(columns)
    connection.exec_driver_sql(
        f"CREATE TEMP TABLE IF NOT EXISTS {stage} (LIKE {table} INCLUDING DEFAULTS) ON COMMIT DELETE ROWS"
    )
    connection.exec_driver_sql(f"TRUNCATE {stage}")
    _copy(connection, stage, columns, rows)
    connection.exec_driver_sql(f"INSERT INTO {table} ({names}) SELECT {names} FROM {stage} {conflict}")


def _insert_sql(table: str, columns: Sequence[str], values: Sequence[str]) -> str:
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join(values)})"


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _copy(connection: Connection, table: str, columns: Sequence[str], rows: Iterable[Row]) -> None:
    cursor, sql = connection.connection.cursor(), f"COPY {table} ({', '.join(columns)}) FROM STDIN"
    try:
        with cursor.copy(sql) as copy:
            for row in rows:
                copy.write_row(row)
    except connection.dialect.loaded_dbapi.Error as error:
        raise _as_sqlalchemy_says(connection, sql, error) from error
    finally:
        cursor.close()


def _as_sqlalchemy_says(connection: Connection, sql: str, error: Exception) -> Exception:
    """What the driver raised past SQLAlchemy, so that it is known for what it is (store.trouble)."""
    dialect, lost = connection.dialect, connection.connection.dbapi_connection
    away = dialect.is_disconnect(error, lost, None)  # type: ignore[arg-type]
    if away:
        connection.invalidate(error)
    return DBAPIError.instance(
        sql, None, error, dialect.loaded_dbapi.Error, connection_invalidated=away, dialect=dialect
    )


def chunks(items: Sequence[Any], size: int = 500) -> Iterable[Sequence[Any]]:
    """Slices small enough for any database's limit on bound values."""
    return (items[start : start + size] for start in range(0, len(items), size))


def among(connection: Connection, column: ColumnElement[str], ids: Iterable[str]) -> ColumnElement[bool]:
    """`column IN ids` with one bound value, whatever their number: a list would be spelled out anew every time."""
    if connection.dialect.name == "postgresql":
        return column == any_(bindparam(None, list(ids), type_=ARRAY(String)))
    return column.in_(select(func.json_each(orjson.dumps(list(ids)).decode()).table_valued("value").c.value))
