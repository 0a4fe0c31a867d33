"""Database engines: SQLite (WAL) or PostgreSQL by psycopg, set up so that both keep the same promises."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import URL, Connection, Engine, event, func, select, text
from sqlalchemy import create_engine as _create_engine
from sqlalchemy.exc import DBAPIError

from hub.store_address import store_address
from store.names import sorted_as
from store.trouble import trouble

BUSY_SECONDS = 30
CONNECT_SECONDS = 10
PRAGMAS = (
    # Counts for a new file only, and must come before WAL. Four times the default: a fifth less time for a load.
    "page_size=16384",
    "journal_mode=WAL",
    "synchronous=NORMAL",
    "foreign_keys=ON",
    f"busy_timeout={BUSY_SECONDS}000",
    "wal_autocheckpoint=1000",
)
CACHE_KIB = {True: 8_192, False: 32_768}
"""Page cache of a connection, for the portal and for the hub. Where a source's ids have no order (Drive), ours have
none either, and a load touches the whole index with every page: the default of 2 MB thrashes. More than this gains
nothing at a million rows: rows that wait for their transaction are the better use of the memory."""


def create_engine(url: str, *, pool_size: int = 5, portal: bool = False, alone: bool = False) -> Engine:
    """An engine for `sqlite:///path` or `postgresql://...`.

    With `portal=True` a PostgreSQL connection starts without access to any client's rows (row-level security): each
    request names its client first. Otherwise it is the hub's own and sees all. With `alone=True` each statement is a
    transaction of its own there.
    """
    address = store_address(url)
    if address.get_backend_name() == "sqlite":
        return _sqlite(url, address.database, CACHE_KIB[portal])
    return _create_engine(
        address.set(drivername="postgresql+psycopg"),
        pool_size=pool_size,
        # Who lives long asks whether a connection still stands; the portal's readers find out by using it.
        pool_pre_ping=not portal,
        json_serializer=_dumps,
        json_deserializer=orjson.loads,
        paramstyle="numeric_dollar" if portal else None,
        connect_args=_connecting(address, portal=portal),
        **({"isolation_level": "AUTOCOMMIT"} if alone else {}),
    )


def _connecting(url: URL, *, portal: bool) -> dict[str, Any]:
    """What each connection begins with, besides what the address itself asks for."""
    asked, access = url.query.get("options", ()), "none" if portal else "all"
    options = " ".join([asked] if isinstance(asked, str) else asked)
    # Instants within JSON are written in the session's zone.
    own: dict[str, Any] = {
        "options": f"{options} -c app.access={access} -c TimeZone=UTC".strip(),
        "client_encoding": "utf8",
    }
    if "connect_timeout" not in url.query:
        own["connect_timeout"] = CONNECT_SECONDS
    return {**own, "cursor_factory": _raw_cursor()} if portal else own


def _raw_cursor() -> Any:
    """For statements in PostgreSQL's own form, `$1`, which psycopg sends as they are.

    It looks for `%s` in the others, and beyond 4,096 characters does so anew each time. A page's lists are one longer
    statement (store.bundle): that was a sixth of the time which reading them takes.
    """
    from psycopg import RawCursor

    return RawCursor


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """One transaction. What a store cannot do for reasons of its own is said in plain words (`trouble`)."""
    try:
        with engine.begin() as connection:
            yield connection
    except DBAPIError as error:
        raise trouble(error) or error from error


def is_above_row_security(engine: Engine) -> bool:
    """Whether our role passes by row-level security, which is the portal's second lock. SQLite has none."""
    if engine.dialect.name != "postgresql":
        return False
    with engine.connect() as connection:
        asked = text("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user")
        return bool(connection.execute(asked).scalar_one())


def take_turns(connection: Connection, about: str, *, shared: bool = False) -> None:
    """Wait until no other transaction has its turn about this; hold it until the end of the transaction.

    Several may have a `shared` turn together. SQLite has one writer at a time anyway. Call first in a transaction:
    taken late, after rows have been locked, it can deadlock.
    """
    if connection.dialect.name == "postgresql":
        lock = func.pg_advisory_xact_lock_shared if shared else func.pg_advisory_xact_lock
        connection.execute(select(lock(func.hashtextextended(f"frontdesk {about}", 0))))


def _lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def _dumps(value: Any) -> str:
    return orjson.dumps(value).decode()


def _sqlite(url: str, path: str | None, cache_kib: int) -> Engine:
    if path and path != ":memory:":
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    engine = _create_engine(
        url,
        connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False},
        json_serializer=_dumps,
        json_deserializer=orjson.loads,
    )

    @event.listens_for(engine, "connect")
    def connect(connection: Any, _record: Any) -> None:
        # The driver must not begin transactions by itself: a read would otherwise turn into a write too late to wait.
        connection.isolation_level = None
        # SQLite's own knows ASCII only: who looks for "müller" must find "MÜLLER".
        connection.create_function("lower", 1, _lower, deterministic=True)
        connection.create_function("sorted_as", 1, sorted_as, deterministic=True)
        for pragma in (*PRAGMAS, f"cache_size=-{cache_kib}"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Any) -> None:
        reading = connection.get_execution_options().get("reading", False)
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")

    return engine
