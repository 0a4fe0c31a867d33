"""Reading a stream: one window of time, in keyset order, page by page.

A window is [cursor - overlap, upper bound], the bound frozen by the source's clock when the reading began. Once it is
done the cursor is {"at"}: one request tells that nothing has changed. Within it, {"at", "id", "until"} names the last
row of the page and the frozen bound: a reading that was broken off goes on after that row up to the same bound, then
reads on to the present, so that the overlap covers what committed late all the same.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from operator import itemgetter
from typing import Any
from urllib.parse import quote_plus

from connectors.contract import Deleted, Page, Record, Want
from connectors.rows import id_in, ids_in, instant_in
from connectors.salesforce.client import Org
from connectors.salesforce.describing import explain
from connectors.salesforce.failures import code_of
from connectors.salesforce.library import SalesforceError
from hub.clock import UTC, iso, parse_instant
from hub.errors import FrontdeskError, NeedsPerson, RetryLater

# Salesforce takes 16,384 bytes of address and headers; the token and the address itself need some of them.
LONGEST_QUERY = 15_000
SHORT_ID, LONG_ID = 15, 18
STAMP = "SystemModstamp"
# These have no recycle bin: a user is made inactive, never deleted.
WITHOUT_BIN = frozenset({"User", "Profile", "UserRole", "Organization", "RecordType"})
SECOND = dt.timedelta(seconds=1)
IS_DELETED = itemgetter("IsDeleted")
SHORTEST = dt.timedelta(minutes=1)
"""A window is not halved below it: bulk changes share a second, and each query that times out takes two minutes."""
BEGINNING = dt.datetime(1970, 1, 1, tzinfo=UTC)
LOST, TOO_MUCH = "INVALID_QUERY_LOCATOR", frozenset({"QUERY_TIMEOUT", "OPERATION_TOO_LARGE"})


@dataclass(frozen=True, slots=True)
class Window:
    """What one query reads: up to and including `until`, from `since` on or, once begun, after (`at`, `id`)."""

    until: dt.datetime
    since: dt.datetime | None = None
    at: dt.datetime | None = None
    id: str = ""

    def where(self) -> str:
        """The condition in SOQL; its literals are unquoted and in UTC."""
        parts = [f"{STAMP} <= {iso(self.until)}"]
        if self.at is not None:
            # Said with >= first, so that Salesforce can use its index on the stamp.
            parts[:0] = [f"{STAMP} >= {iso(self.at)}", f"({STAMP} > {iso(self.at)} OR Id > '{self.id}')"]
        elif self.since is not None:
            parts.insert(0, f"{STAMP} >= {iso(self.since)}")
        return " AND ".join(parts)

    def cursor(self) -> dict[str, str]:
        """Where to go on after the row (`at`, `id`), or where this began as long as no row has told its place."""
        if self.at is not None:
            return {"at": iso(self.at), "id": self.id, "until": iso(self.until)}
        return {"at": iso(self.since)} if self.since is not None else {}

    def after(self, records: Sequence[Any]) -> Window:
        """What remains behind these: after the last of them that says its id and stamp."""
        told = next((record for record in reversed(records) if stamp_of(record) and id_in(record, "Id")), None)
        return self if told is None else replace(self, at=stamp_of(told), id=told["Id"])


def stamp_of(record: Any) -> dt.datetime | None:
    """When a record was last changed; None for one that does not say so."""
    return instant_in(record, STAMP)


def read(org: Org, name: str, want: Want) -> Iterator[Page]:
    """Pages of the object's changes since the cursor, deleted ones included."""
    begun = _begun(want)
    if begun is not None:
        yield from _pages(org, name, want, begun)
        yield from _pages(org, name, want, _fresh(org, begun.until))
    else:
        yield from _pages(org, name, want, _fresh(org, _at(want)))


def _begun(want: Want) -> Window | None:
    """The window that an earlier reading left unfinished."""
    cursor = want.cursor or {}
    if "until" not in cursor:
        return None
    until, at = parse_instant(str(cursor["until"])), parse_instant(str(cursor["at"]))
    return Window(until, at=at, id=str(cursor["id"]))


def _at(want: Want) -> dt.datetime | None:
    return parse_instant(str(want.cursor["at"])) if want.cursor else None


def _fresh(org: Org, at: dt.datetime | None) -> Window:
    """From the cursor less the overlap to the source's present.

    The clock that we see may be a second behind; the bound lies that much ahead instead, so that what was written just
    now is read now. The overlap makes good for it.
    """
    settings = org.settings
    until = (org.source_now() + SECOND - dt.timedelta(seconds=settings.lag_seconds)).replace(microsecond=0)
    since = None if at is None else at - dt.timedelta(seconds=settings.overlap_seconds)
    return Window(until, since)


def _pages(org: Org, name: str, want: Want, window: Window) -> Iterator[Page]:
    now, following, seen, begun = org.source_now(), "", 0, window
    while True:
        try:
            body = _more(org, following) if following else _first(org, name, want, window)
        except FrontdeskError as error:
            if not following and _said(error) in TOO_MUCH:
                yield from _halves(org, name, want, window, error)
                return
            if not following or _said(error) != LOST:
                raise
            # The locator is gone; the rows are not: ask again from after the last one that was handed out.
            following, seen, begun = "", 0, window
            continue
        ahead, seen = window.after(body["records"]), seen + len(body["records"])
        done = body["done"] and is_whole(name, body, seen, moved=ahead != begun)
        window = window if done else ahead
        yield _page(org, body, window, min(now, window.until), done=done)
        if done:
            return
        following = body.get("nextRecordsUrl", "")
        if not following:
            seen, begun = 0, window


def _halves(org: Org, name: str, want: Want, window: Window, error: FrontdeskError) -> Iterator[Page]:
    """A window that is too much for one query, as two of half its time each, as far down as time can help."""
    low = window.at or window.since or BEGINNING
    if window.until - low < 2 * SHORTEST:
        raise NeedsPerson(
            f"Salesforce cannot answer for {name}, not even for two minutes of its changes ({_said(error)}).",
            step=f"Read fewer fields in the mapping of {name}, most of all of parents; for Task and Event, give "
            "the user View All Data. If neither helps, ask Salesforce's support.",
            detail=error.detail,
        ) from error
    middle = (low + (window.until - low) / 2).replace(microsecond=0)
    yield from _pages(org, name, want, replace(window, until=middle))
    yield from _pages(org, name, want, Window(window.until, since=middle))


def is_whole(name: str, body: dict[str, Any], seen: int, *, moved: bool) -> bool:
    """Whether a list that says it is done has come to its own total; the rest is asked for from its last row on.

    Rows that were edited meanwhile may have left it: then that costs a query and brings nothing. RetryLater where a
    list has `moved` no further and another query would bring the same.
    """
    total = int(body.get("totalSize", 0))
    if seen < total and not moved:
        raise RetryLater(f"Salesforce says that there are {total:,} records of {name} and sends {seen or 'none'}.")
    return seen >= total


def _page(org: Org, body: dict[str, Any], window: Window, end: dt.datetime, *, done: bool) -> Page:
    assert org.adapter.last is not None
    records, deleted = split(body["records"])
    if done:
        return Page(records, org.adapter.last.content, {"at": iso(window.until)}, end, deleted)
    reached = min(window.at or window.since or BEGINNING, end)
    return Page(records, org.adapter.last.content, window.cursor(), reached, deleted)


def split(records: list[Any]) -> tuple[Sequence[Record], Sequence[Deleted]]:
    """Live records and deleted ones; the list itself, untouched, where none is deleted.

    What is no object, or does not say what was deleted, stays among the live ones: the mapping holds it.
    """
    with suppress(KeyError, TypeError):
        # Nearly every page: asked without a Python-level call a record, a twentieth of a first load.
        if not any(map(IS_DELETED, records)):
            return records, ()
    gone = {n: _deleted(record) for n, record in enumerate(records) if _is_deleted(record)}
    if not gone:
        return records, ()
    return [record for n, record in enumerate(records) if n not in gone], list(gone.values())


def _is_deleted(record: Any) -> bool:
    return isinstance(record, dict) and bool(record.get("IsDeleted") and id_in(record, "Id"))


def _deleted(record: dict[str, Any]) -> Deleted:
    return Deleted(record["Id"], stamp_of(record), "deleted")


def _first(org: Org, name: str, want: Want, window: Window) -> dict[str, Any]:
    soql = f"SELECT {columns(name, want)} FROM {name} WHERE {window.where()} ORDER BY {STAMP}, Id"
    return query(org, name, soql, deleted=True)


def _more(org: Org, following: str) -> dict[str, Any]:
    body: dict[str, Any] = org.call(lambda client: client.query_more(following, identifier_is_url=True))
    return body


def _said(error: FrontdeskError) -> str:
    """Salesforce's own word for a failure."""
    cause = error.__cause__
    return code_of(cause.content)[0] if isinstance(cause, SalesforceError) else ""


def columns(name: str, want: Want) -> str:
    """What the query selects: identity and stamp first, then what the mapping reads, each once."""
    system = ["Id", STAMP] if name in WITHOUT_BIN else ["Id", STAMP, "IsDeleted"]
    return ", ".join({column.lower(): column for column in (*system, *want.fields)}.values())


def query(org: Org, name: str, soql: str, *, deleted: bool = False) -> dict[str, Any]:
    """The first page of a query. NeedsPerson for one that is too long, or that names what is not there."""
    if len(quote_plus(soql)) > LONGEST_QUERY:
        raise NeedsPerson(
            f"The mapping of {name} reads more fields than one Salesforce query can name (16 KB).",
            step=f"Leave fields out of the mapping of {name}.",
        )
    options = {"Sforce-Query-Options": f"batchSize={org.settings.page_size}"}
    try:
        body: dict[str, Any] = org.call(lambda client: client.query(soql, include_deleted=deleted, headers=options))
    except NeedsPerson as error:
        raise explain(org, name, error) from None
    return body


def one(org: Org, name: str, id_: str, want: Want) -> Record | None:
    """The record as it is now; None when it is deleted, gone or no id of Salesforce's."""
    if len(id_) not in (SHORT_ID, LONG_ID) or not (id_.isascii() and id_.isalnum()):
        return None
    body = query(org, name, f"SELECT {columns(name, want)} FROM {name} WHERE Id = '{id_}'")
    return body["records"][0] if body["records"] else None


def keys(org: Org, name: str) -> Iterator[Sequence[str]]:
    """Every live id, page by page; a lost locator, or a list that was cut short, costs one more query."""
    last, following, seen, begun = "", "", 0, ""
    while True:
        where = f" WHERE Id > '{last}'" if last else ""
        try:
            soql = f"SELECT Id FROM {name}{where} ORDER BY Id"
            body = _more(org, following) if following else query(org, name, soql)
        except FrontdeskError as error:
            if not following or _said(error) != LOST:
                raise
            following, seen, begun = "", 0, last
            continue
        ids, seen = ids_in(body["records"], "Id"), seen + len(body["records"])
        last, following = (ids[-1] if ids else last), body.get("nextRecordsUrl", "")
        if ids:
            yield ids
        if body["done"] and is_whole(name, body, seen, moved=last != begun):
            return
        if not following:
            seen, begun = 0, last


def count(org: Org, name: str) -> int:
    """How many live records the org says there are."""
    return int(query(org, name, f"SELECT COUNT() FROM {name}")["totalSize"])
