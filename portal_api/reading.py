"""How a request reaches the store.

On SQLite a query takes less time than a thread hop, and threads fight over the interpreter, so reading happens inline;
on PostgreSQL it happens in as many threads as there are connections (docs/decisions). Writing may wait for a lock that
a sync holds, so it never happens on the event loop.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import anyio
import anyio.to_thread
from sqlalchemy import Connection, Engine, func, select
from sqlalchemy.exc import DBAPIError
from starlette.requests import Request

from store.engine import create_engine
from store.scope import Reader, Scope

T = TypeVar("T")
POOL = 4

_ASK = select(1)
_SET_ALL = select(func.set_config("app.access", "all", True))


def oversee(connection: Connection) -> Connection:
    """Open every client's rows for this transaction: sign-in and ops only (row-level security, PostgreSQL)."""
    if connection.dialect.name == "postgresql":
        connection.execute(_SET_ALL)
    return connection


class Store:
    """The portal's engine with its two ways in. Engines of its own (`owned`) end with it."""

    def __init__(self, engine: Engine, readers: Engine | None = None, *, owned: bool = False) -> None:
        self.engine = engine
        self._owned = owned
        self._inline = engine.dialect.name == "sqlite"
        # Each reading statement on PostgreSQL is a transaction of its own: BEGIN and ROLLBACK would double its trips.
        alone: dict[str, Any] = {"reading": True} if self._inline else {"isolation_level": "AUTOCOMMIT"}
        self._readers = readers or engine.execution_options(**alone)
        self._read_limit = anyio.CapacityLimiter(POOL)
        self._write_limit = anyio.CapacityLimiter(1 if self._inline else POOL)

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Run `work` on a connection that reads."""
        if self._inline:
            return self.read_now(work)
        return await anyio.to_thread.run_sync(self.read_now, work, limiter=self._read_limit)

    async def oversee(self, work: Callable[[Connection], T]) -> T:
        """Run `work` on a connection that reads every client's rows."""
        if self._inline:
            return self.read_now(work)
        return await anyio.to_thread.run_sync(self._oversee_now, work, limiter=self._read_limit)

    async def write(self, work: Callable[[Connection], T]) -> T:
        """Run `work` in one transaction, in a thread."""
        return await anyio.to_thread.run_sync(self.write_now, work, limiter=self._write_limit)

    def close(self) -> None:
        """Close the connections, if they are the portal's own."""
        if self._owned:
            self.engine.dispose()
            self._readers.dispose()

    def read_now(self, work: Callable[[Connection], T]) -> T:
        """`read` for code that is already in a thread."""
        return _on_a_connection_that_stands(self._readers, work)

    def _oversee_now(self, work: Callable[[Connection], T]) -> T:
        return _on_a_connection_that_stands(self.engine, lambda connection: work(oversee(connection)))

    def write_now(self, work: Callable[[Connection], T]) -> T:
        """`write` for code that is already in a thread."""
        if not self._inline:
            # Nothing may be done twice, so whether the server was restarted is found out before.
            _on_a_connection_that_stands(self.engine, lambda connection: connection.scalar(_ASK))
        with self.engine.begin() as connection:
            return work(connection)


def own_store(url: str) -> Store:
    """A store with engines of its own, confined to one client a request.

    Who reads from PostgreSQL has connections of its own: one that also writes would be told before and after each
    reading how transactions begin, which takes a tenth of the reading's time.
    """
    engine = create_engine(url, pool_size=POOL, portal=True)
    if engine.dialect.name == "sqlite":
        return Store(engine, owned=True)
    return Store(engine, create_engine(url, pool_size=POOL, portal=True, alone=True), owned=True)


def _on_a_connection_that_stands(engine: Engine, work: Callable[[Connection], T]) -> T:
    """Read; once more where the connection was one from before the server's restart: the pool has dropped them all."""
    try:
        with engine.connect() as connection:
            return work(connection)
    except DBAPIError as error:
        if not error.connection_invalidated:
            raise
    with engine.connect() as connection:
        return work(connection)


async def reading(request: Request, function: Callable[..., T], *args: object) -> T:
    """`function(reader, *args)` as the client of this request; declare `client_scope` on the route first."""
    scope: Scope = request.state.scope
    store: Store = request.app.state.portal.store
    return await store.read(lambda connection: function(Reader(connection, scope), *args))


async def overseeing(request: Request, function: Callable[..., T], *args: object) -> T:
    """`function(connection, *args)` over every client's rows; declare `staff(...)` on the route first."""
    store: Store = request.app.state.portal.store
    return await store.oversee(lambda connection: function(connection, *args))


async def writing(request: Request, function: Callable[..., T], *args: object) -> T:
    """`function(connection, *args)` in one transaction over every client's rows: the function names its client."""
    store: Store = request.app.state.portal.store
    return await store.write(lambda connection: function(oversee(connection), *args))
