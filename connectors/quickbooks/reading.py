"""Reading a stream: all of it by windows of time, then what changed by CDC, and its keys.

QuickBooks pages by position in a list that moves while it is read: an edited row goes to the end and the others close
up, so a page skips rows. Windows of time do not move: each page starts at the time of the last row (its second is read
again), and the upper bound is the server's clock at the beginning. Rows can only leave such a window, and those come
with the next reading.

Cursors: {"from", "until"} inside a load, {"since"} after it; instants.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from connectors.contract import Deleted, Page, Record, Want
from connectors.quickbooks.client import Company, Reply, literal
from connectors.quickbooks.facts import CDC_CAP, CDC_LOOK_BACK, PAGE, Entity
from connectors.quickbooks.failures import Gone, Invalid
from connectors.rows import id_in, ids_in, instant_in
from hub.clock import iso, now, parse_instant
from hub.errors import NeedsPerson

UPDATED, CREATED = "MetaData.LastUpdatedTime", "MetaData.CreateTime"
TICK = dt.timedelta(seconds=1)
KEY_OVERLAP = 50
"""Positions that two pages of keys share, in case equal times come in another order the second time."""


def read(company: Company, entity: Entity, want: Want) -> Iterator[Page]:
    """Pages from the cursor on; see the module."""
    cursor = want.cursor or {}
    if "since" in cursor:
        yield from _changes(company, entity, parse_instant(str(cursor["since"])))
        return
    low, high = (parse_instant(str(cursor[name])) if name in cursor else None for name in ("from", "until"))
    yield from _windows(company, entity, low, high)


def _windows(company: Company, entity: Entity, low: dt.datetime | None, high: dt.datetime | None) -> Iterator[Page]:
    """Everything last updated between two instants. Without an upper bound, the first reply's clock becomes it."""
    while True:
        reply = company.query(f"{_select(entity, low, high)} ORDERBY {UPDATED} MAXRESULTS {PAGE}")
        high = high or reply.time
        rows = reply.rows(entity.name)
        if len(rows) < PAGE:
            yield Page(rows, reply.raw, {"since": iso(high)}, high)
            return
        last = _reached(rows, entity)
        if low is not None and last <= low:
            # A whole page within one second, as a bulk import leaves it: time alone leads no further.
            yield from _second(company, entity, last, high)
            low = last + TICK
        else:
            yield Page(rows, reply.raw, _inside(last, high), last - TICK)
            low = last


def _reached(rows: Sequence[Record], entity: Entity) -> dt.datetime:
    """When the last row that says so was written."""
    for row in reversed(rows):
        if (moment := updated(row)) is not None:
            return moment
    raise NeedsPerson(
        f"QuickBooks sends a whole page of {entity.name} without the time of its last change.",
        step="Sync again later, and report it to the vendor if it stays.",
    )


def _inside(low: dt.datetime, high: dt.datetime) -> dict[str, str]:
    return {"from": iso(low), "until": iso(high)}


def _second(company: Company, entity: Entity, moment: dt.datetime, high: dt.datetime) -> Iterator[Page]:
    where = _where(entity, [f"{UPDATED} = '{literal(moment)}'"])
    for reply in _from_the_back(company, entity, "*", where, "Id"):
        yield Page(reply.rows(entity.name), reply.raw, _inside(moment, high), moment - TICK)


def _from_the_back(
    company: Company, entity: Entity, what: str, where: str, order: str, step: int = PAGE
) -> Iterator[Reply]:
    """All rows by position, the last page first.

    Rows that vanish meanwhile make the others close up towards the front, which is still to be read: some come twice,
    none is skipped.
    """
    total = _count(company, entity, where)
    for start in reversed(range(1, total + 1, step)):
        yield company.query(
            f"SELECT {what} FROM {entity.name}{where} ORDERBY {order} STARTPOSITION {start} MAXRESULTS {PAGE}"
        )


def _changes(company: Company, entity: Entity, since: dt.datetime) -> Iterator[Page]:
    """What CDC says, if its answer is surely complete; otherwise that, and windows of time for the rest."""
    start = since - dt.timedelta(seconds=company.settings.overlap_seconds)
    try:
        reply = company.changes(entity, start)
    except Invalid:
        # Older than the vendor looks back: what was deleted meanwhile is the sweep's to find, now. Or an entity that
        # CDC does not know, which is read so each time: then the nightly sweep finds it.
        asleep = now() - start >= CDC_LOOK_BACK
        yield from (replace(page, sweep=asleep) for page in _windows(company, entity, start, None))
        return
    if reply.change_count() < CDC_CAP and reply.time - start < CDC_LOOK_BACK:
        yield _page(reply, entity, {"since": iso(reply.time)}, reply.time)
        return
    yield from _incomplete(company, entity, since, start, reply)


def _incomplete(
    company: Company, entity: Entity, since: dt.datetime, start: dt.datetime, reply: Reply
) -> Iterator[Page]:
    """A capped or clamped answer: ask on from its latest change for more deletions, then read the window itself.

    The cursor stays at `since` until the window's last page. Deletions that no answer showed are the sweep's, which the
    first page calls for.
    """
    yield replace(_page(reply, entity, {"since": iso(since)}, since), sweep=True)
    latest = start
    while reply.change_count() >= CDC_CAP and (further := _latest(reply, entity)) > latest:
        latest = further
        reply = company.changes_of(entity, latest)
        yield _page(reply, entity, {"since": iso(since)}, since)
    yield from _windows(company, entity, start, reply.time)


def _latest(reply: Reply, entity: Entity) -> dt.datetime:
    return max(moment for row in reply.changes(entity.name) if (moment := updated(row)) is not None)


def _page(reply: Reply, entity: Entity, cursor: dict[str, str], high_water: dt.datetime) -> Page:
    changes = reply.changes(entity.name)
    gone = [Deleted(id_in(row, "Id"), updated(row), "deleted") for row in changes if _is_stub(row)]
    return Page([row for row in changes if not _is_stub(row)], reply.raw, cursor, high_water, gone)


def _is_stub(row: Any) -> bool:
    """Whether a row only says that it was deleted. What does not say which was stays a row: the mapping holds it."""
    return isinstance(row, dict) and row.get("status") == "Deleted" and bool(id_in(row, "Id"))


def updated(row: Any) -> dt.datetime | None:
    """When a row was last written, by the vendor's clock; None for one that does not say so."""
    return instant_in(row, "MetaData", "LastUpdatedTime")


def keys(company: Company, entity: Entity) -> Iterator[Sequence[str]]:
    """Every live id, inactive members of name lists included."""
    where = _where(entity, [])
    for reply in _from_the_back(company, entity, "Id", where, CREATED, PAGE - KEY_OVERLAP):
        yield ids_in(reply.rows(entity.name), "Id")


def count(company: Company, entity: Entity) -> int:
    """How many live objects the company has, inactive ones included."""
    return _count(company, entity, _where(entity, []))


def _count(company: Company, entity: Entity, where: str) -> int:
    answer: Any = company.query(f"SELECT count(*) FROM {entity.name}{where}").body
    return int(answer["QueryResponse"].get("totalCount", 0))


def one(company: Company, entity: Entity, id_: str) -> Record | None:
    """The object as it is now, or None when it is gone. Ids are numbers; anything else names nothing."""
    if not (id_.isascii() and id_.isdigit()):
        return None
    try:
        body: Record = company.get(f"{entity.path}/{id_}").body[entity.name]
    except Gone:
        return None
    return None if _is_stub(body) else body


def _select(entity: Entity, low: dt.datetime | None, high: dt.datetime | None) -> str:
    parts = [f"{UPDATED} >= '{literal(low)}'"] if low else []
    parts += [f"{UPDATED} <= '{literal(high)}'"] if high else []
    return f"SELECT * FROM {entity.name}{_where(entity, parts)}"


def _where(entity: Entity, parts: list[str]) -> str:
    # Without this a name list hides its inactive members, and their going inactive.
    every = [*parts, *(["Active IN (true, false)"] if entity.named else [])]
    return f" WHERE {' AND '.join(every)}" if every else ""
