"""Rows of the portal store as CSV files that DuckDB reads: one read-only snapshot, nothing held in memory.

DuckDB's own SQLite and PostgreSQL readers are extensions that have to be downloaded; a plain install has none.
PostgreSQL writes the CSV itself (COPY); SQLite builds each line in SQL, which is as fast as its own shell.
An unquoted empty field is NULL and a quoted one is empty text, in both.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import URL

from hub.errors import FrontdeskError, NeedsPerson
from hub.store_address import store_address
from hub.trouble import told
from warehouse.exports import INSTANT, TEXT, Export

BUSY_SECONDS = 30.0
UNDEFINED = ("42P01", "42703")
"""PostgreSQL's SQLSTATE for a table and a column that it does not know."""
SNAPSHOT = (
    "-c app.access=all",
    "-c default_transaction_read_only=on",
    "-c default_transaction_isolation=repeatable\\ read",
    "-c client_encoding=utf8",
)


class Snapshot(Protocol):
    """The store at one instant."""

    def write(self, export: Export, file: Path, above: int | None = None) -> None:
        """The export's rows as CSV without a header; only those with a cursor beyond `above`, if given."""

    def tally(self, export: Export) -> tuple[int, int]:
        """How many rows there are, and the sum of their cursors: equal tallies mean that no row is missing."""


@contextmanager
def snapshot(database_url: str) -> Iterator[Snapshot]:
    """The store behind a SQLAlchemy URL, read-only and unchanging while the block runs."""
    url = store_address(database_url)
    opener = _sqlite if url.get_backend_name() == "sqlite" else _postgres
    with opener(url) as opened:
        yield opened


def _where(export: Export, above: int | None) -> str:
    terms = [export.only] if export.only else []
    if above is not None:
        terms.append(f"{export.cursor} > {int(above)}")
    return f" WHERE {' AND '.join(terms)}" if terms else ""


def _refused(database: str, error: Exception) -> FrontdeskError:
    """Why the store cannot be read, with the step that fits: what is the matter with itself, tables, or neither."""
    if known := told(error):
        return known
    if getattr(error, "sqlstate", None) in UNDEFINED or "no such " in str(error):
        step = "Run `frontdesk migrate`, then try again."
        return NeedsPerson("The store has no tables yet, or older ones.", step=step, detail=str(error))
    return NeedsPerson(
        f"The portal store {database} cannot be read for the warehouse.",
        step="Check FRONTDESK_DATABASE_URL; --verbose tells more.",
        detail=str(error),
    )


@contextmanager
def _sqlite(url: URL) -> Iterator[Snapshot]:
    path = Path(url.database or "")
    try:
        address = f"{path.resolve().as_uri()}?mode=ro"
        connection = sqlite3.connect(address, uri=True, isolation_level=None, timeout=BUSY_SECONDS)
    except sqlite3.OperationalError as error:
        raise _refused(str(path), error) from None
    with closing(connection):
        try:
            connection.execute("BEGIN")
            yield _Sqlite(connection)
        except sqlite3.DatabaseError as error:
            raise _refused(str(path), error) from None


class _Sqlite:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection

    def write(self, export: Export, file: Path, above: int | None = None) -> None:
        fields = " || ',' || ".join(_field(name, type_) for name, type_ in export.columns.items())
        rows = self.connection.execute(f"SELECT {fields} || char(10) FROM {export.table}{_where(export, above)}")
        with file.open("w", encoding="utf-8", newline="") as lines:
            while chunk := rows.fetchmany(10_000):
                lines.write("".join(line for (line,) in chunk))

    def tally(self, export: Export) -> tuple[int, int]:
        query = f"SELECT count(*), coalesce(sum({export.cursor}), 0) FROM {export.table}"
        count, total = self.connection.execute(query).fetchone()
        return count, total


def _field(name: str, type_: str) -> str:
    if type_ == TEXT:
        return f"""CASE WHEN "{name}" IS NULL THEN '' ELSE '"' || replace("{name}", '"', '""') || '"' END"""
    if type_ == INSTANT:
        return f"""ifnull(rtrim("{name}", 'Z'), '')"""
    return f"""ifnull("{name}", '')"""


@contextmanager
def _postgres(url: URL) -> Iterator[Snapshot]:
    import psycopg

    asked = url.query.get("options", ())
    plain = url.set(drivername="postgresql").difference_update_query(["options"])
    address = plain.render_as_string(hide_password=False)
    # Row-level security shows a connection nothing until it says whose eyes it has; the warehouse sees every client.
    options = " ".join([*([asked] if isinstance(asked, str) else asked), *SNAPSHOT])
    shown = url.database or ""
    try:
        connection = psycopg.connect(address, options=options, connect_timeout=10)
    except psycopg.OperationalError as error:
        raise _refused(shown, error) from None
    with closing(connection):
        try:
            yield _Postgres(connection)
        except psycopg.Error as error:
            raise _refused(shown, error) from None


class _Postgres:
    def __init__(self, connection: Any) -> None:
        self.connection = connection

    def write(self, export: Export, file: Path, above: int | None = None) -> None:
        fields = ", ".join(_utc(name, type_) for name, type_ in export.columns.items())
        query = f'COPY (SELECT {fields} FROM "{export.table}"{_where(export, above)}) TO STDOUT (FORMAT csv)'
        with self.connection.cursor() as cursor, cursor.copy(query) as copy, file.open("wb") as lines:
            for block in copy:
                lines.write(block)

    def tally(self, export: Export) -> tuple[int, int]:
        query = f'SELECT count(*), coalesce(sum({export.cursor}), 0)::bigint FROM "{export.table}"'
        count, total = self.connection.execute(query).fetchone()
        return count, total


def _utc(name: str, type_: str) -> str:
    return f"""("{name}" AT TIME ZONE 'UTC') AS "{name}\"""" if type_ == INSTANT else f'"{name}"'
