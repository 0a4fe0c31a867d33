"""Pages of a query and the locators between them.

A locator remembers its statement and, for each position handed out, where the next page starts: by value where the
order allows it, else by counting. A page that was lost on the way can therefore be asked for again.
"""

from __future__ import annotations

import secrets
import sqlite3
import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from sandbox.salesforce.errors import Fault
from sandbox.salesforce.org import Org
from sandbox.salesforce.query import Child, Statement
from sandbox.salesforce.rows import rendered
from sandbox.state import State

PAGE_ROWS = 2000
FEWEST_ROWS = 200
OPEN_LOCATORS = 10
"""As many as a user may have; the sandbox has one user."""
LIFE_MS = 2 * 86_400_000
PLACES = {"r.id": 0, "r.modified": 3}

Row = tuple[Any, ...]


@dataclass(slots=True)
class Locator:
    """An open query, since when (ms). `starts` holds, by position, the keyset values after which that page begins."""

    statement: Statement
    size: int
    total: int
    opened: int
    starts: dict[int, Row] = field(default_factory=dict)


class Cursors:
    """The user's open locators: usable for two days; the oldest is dropped when there are too many."""

    def __init__(self, state: State) -> None:
        self.state = state
        self._lock = threading.Lock()
        self._open: OrderedDict[str, Locator] = OrderedDict()

    def first(self, statement: Statement, size: int, base: str, *, short: bool = False) -> dict[str, Any]:
        """The first page of a query; `short`: with half of its rows."""
        if statement.counting:
            return {"totalSize": self._count(statement), "done": True, "records": []}
        rows = self._rows(statement, size + 1, (), 0)
        page = halved(rows[:size]) if short else rows[:size]
        if len(rows) == len(page):
            return self._body(statement, rows, len(rows), base)
        locator = Locator(statement, size, self._count(statement), self.state.now())
        return self._page(self._keep(locator), locator, 0, page, base)

    def more(self, name: str, base: str, *, short: bool = False) -> dict[str, Any]:
        """A further page by the last part of `nextRecordsUrl`: `0r8...-2000`."""
        key, _, position = name.rpartition("-")
        with self._lock:
            locator = self._open.get(key)
        expired = locator is not None and self.state.now() - locator.opened > LIFE_MS
        if locator is None or expired or not position.isdigit():
            raise Fault(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
        start = int(position)
        after = locator.starts.get(start, ())
        if not after and locator.statement.keyset:
            raise Fault(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
        size = min(locator.size, locator.total - start)
        rows = self._rows(locator.statement, max(size, 0), after, start)
        return self._page(key, locator, start, halved(rows) if short else rows, base)

    def each(self, statement: Statement, base: str) -> Iterator[dict[str, Any]]:
        """Every row of a query without children, as it stands now."""
        admin, limit = Org(self.state).admin, -1 if statement.limit is None else statement.limit
        sql = f"SELECT {statement.select} FROM {statement.source} WHERE {statement.where} ORDER BY {statement.order}"
        for row in self._run(f"{sql} LIMIT {limit}", statement.args):
            record = rendered(statement.root, row, base, admin)
            assert record is not None
            yield record

    def forget(self) -> None:
        """Drop every locator."""
        with self._lock:
            self._open.clear()

    def _keep(self, locator: Locator) -> str:
        key = "0r8" + secrets.token_hex(6) + "AAA"
        with self._lock:
            self._open[key] = locator
            while len(self._open) > OPEN_LOCATORS:
                self._open.popitem(last=False)
        return key

    def _page(self, key: str, locator: Locator, start: int, rows: Sequence[Row], base: str) -> dict[str, Any]:
        statement, following = locator.statement, start + len(rows)
        if rows and statement.keyset:
            locator.starts[following] = tuple(rows[-1][PLACES[column]] for column in statement.keyset)
        # Rows may have gone since the count: no rows means the end, whatever the count said.
        done = following >= locator.total or not rows
        following_url = None if done else f"{base}/query/{key}-{following}"
        return self._body(statement, rows, locator.total, base, following_url)

    def _body(
        self, statement: Statement, rows: Sequence[Row], total: int, base: str, following: str | None = None
    ) -> dict[str, Any]:
        admin = Org(self.state).admin
        records = [rendered(statement.root, row, base, admin) for row in rows]
        for child in statement.children:
            found = self._children(child, [row[0] for row in rows], base, admin)
            for row, record in zip(rows, records, strict=True):
                assert record is not None
                inner = found.get(row[0])
                record[child.name] = inner and {"totalSize": len(inner), "done": True, "records": inner}
        body: dict[str, Any] = {"totalSize": total, "done": following is None}
        return body | ({"nextRecordsUrl": following} if following else {}) | {"records": records}

    def _children(self, child: Child, ids: Iterable[str], base: str, admin: str) -> dict[str, list[Any]]:
        """Child rows of a whole page of parents in one statement; each parent's LIMIT and OFFSET apply to its own."""
        inner, wanted = child.statement, list(ids)
        link = f"json_extract(r.body, '$.{child.reference.name}')"
        sql = (
            f"SELECT {inner.select}, {link} FROM {inner.source} WHERE {inner.where} "
            f"AND {link} IN (SELECT value FROM json_each(?)) ORDER BY {inner.order}"
        )
        found: dict[str, list[Any]] = {}
        for row in self._run(sql, (*inner.args, orjson.dumps(wanted).decode())):
            found.setdefault(row[-1], []).append(rendered(inner.root, row, base, admin))
        end = None if inner.limit is None else inner.offset + inner.limit
        return {key: rows[inner.offset : end] for key, rows in found.items() if rows[inner.offset : end]}

    def _rows(self, statement: Statement, size: int, after: Row, position: int) -> list[Row]:
        where, args = statement.where, statement.args
        if after:
            marks = ", ".join("?" * len(after))
            where, args = f"{where} AND ({', '.join(statement.keyset)}) > ({marks})", (*args, *after)
        skip = 0 if after else statement.offset + position
        limit = size if statement.limit is None else min(size, max(statement.limit - position, 0))
        sql = f"SELECT {statement.select} FROM {statement.source} WHERE {where} ORDER BY {statement.order}"
        return self._run(f"{sql} LIMIT {limit} OFFSET {skip}", args).fetchall()

    def _count(self, statement: Statement) -> int:
        sql = f"SELECT count(*) FROM {statement.source} WHERE {statement.where}"
        found = int(self._run(sql, statement.args).fetchone()[0])
        rest = max(found - statement.offset, 0)
        return rest if statement.limit is None else min(rest, statement.limit)

    def _run(self, sql: str, args: Sequence[object]) -> sqlite3.Cursor:
        connection = self.state.connection
        if "sf_fold(" in sql:
            connection.create_function("sf_fold", 1, _fold, deterministic=True)
        return connection.execute(sql, args)


def halved(rows: list[Row]) -> list[Row]:
    """The first half of a page, at least one row where there is any."""
    return rows[: (len(rows) + 1) // 2]


def _fold(value: str | None) -> str | None:
    return value.casefold() if isinstance(value, str) else value


def page_size(header: str) -> int:
    """`Sforce-Query-Options: batchSize=N`, held between 200 and 2000; advisory, so nonsense is ignored."""
    _, found, number = header.partition("batchSize=")
    digits = number.split(",")[0].strip()
    return min(max(int(digits), FEWEST_ROWS), PAGE_ROWS) if found and digits.isdigit() else PAGE_ROWS
