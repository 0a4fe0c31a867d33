"""The one way rows enter the portal store: rows, tombstones, held records, changes and cursor in ONE transaction.

What must happen to each row is decided here, in plain sight, against what the store has (`classify`); the databases
only carry it out. The stream's lease, renewed in the same transaction, makes sure that nobody else decides meanwhile.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, select, update

from hub.clock import instant_text, now
from hub.ids import entity_id
from store import changes, crosswalk, held, left_out, parts, rows
from store.runs import renew_lease, save_cursor
from store.tables import ENTITIES

OWNER = 3
"""Where a batch's rows have their owner_id."""


class Gone(NamedTuple):
    """A record that the source no longer shows."""

    external_id: str
    at: dt.datetime | None
    reason: str


@dataclass(slots=True)
class Batch:
    """One page, mapped. `rows` follow `columns`, which begin with id, external_id, source_at, owner_id."""

    source: str
    stream: str
    entity: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[Any, ...]]
    hashes: Sequence[bytes]
    batch: str
    run_id: str
    cursor: Mapping[str, Any] | None
    high_water: dt.datetime | None
    gone: Sequence[Gone] = ()
    held: Sequence[held.HeldRow] = ()
    left_out: Sequence[crosswalk.OwnerRecord] = ()
    sifted: bool = False
    """Whether some of this stream are left out, or were until now: then what is taken may be one of them."""
    deciding: bool = False
    """Whether owner records that are matched come and go with it, and what they own with them."""
    owners: Sequence[crosswalk.OwnerRecord] = ()
    anchor: bool = False
    notify: bool = True
    settled: bool = True
    """Whether what is stored was read with the same mapping; otherwise a difference may be the mapping's, no news."""
    sweep: bool = False


def burial(
    source: str, stream: str, entity: str, run_id: str, gone: Iterable[str], reason: str, *, notify: bool = True
) -> Batch:
    """What takes records away that no page tells of, and brings none."""
    buried = [Gone(external_id, None, reason) for external_id in gone]
    return Batch(source, stream, entity, (), (), (), "", run_id, None, None, buried, notify=notify)


@dataclass(slots=True)
class Counts:
    """What happened to the records of a page, a stream or a run."""

    seen: int = 0
    added: int = 0
    updated: int = 0
    unchanged: int = 0
    removed: int = 0
    held: int = 0
    left_out: int = 0

    def add(self, other: Counts) -> None:
        """Sum up."""
        for name in ("seen", "added", "updated", "unchanged", "removed", "held", "left_out"):
            setattr(self, name, getattr(self, name) + getattr(other, name))


@dataclass(slots=True)
class Sorted:
    """A page's rows by what must happen to them: positions in the batch, each id once (its last appearance)."""

    new: list[int] = field(default_factory=list)
    changed: list[int] = field(default_factory=list)
    restored: list[int] = field(default_factory=list)
    unchanged: int = 0


def classify(ids: Sequence[str], hashes: Sequence[bytes], stored: Mapping[str, tuple[bytes, bool]]) -> Sorted:
    """Which rows are new, changed, back from the dead, or as they were. `stored` is (hash, is a tombstone) by id."""
    latest = {id_: position for position, id_ in enumerate(ids)}
    result = Sorted(unchanged=len(ids) - len(latest))
    if not stored:
        result.new.extend(latest.values())
        return result
    for position in latest.values():
        known = stored.get(ids[position])
        if known is None:
            result.new.append(position)
        elif known[1]:
            result.restored.append(position)
        elif known[0] != hashes[position]:
            result.changed.append(position)
        else:
            result.unchanged += 1
    return result


def merge(connection: Connection, batch: Batch, clients: dict[str, str], *, empty: bool = False) -> Counts:
    """Store a page. `empty`: the stream is thought to have none of these rows yet. `clients` remembers owner records'
    clients over the pages of one transaction; never longer, for others decide too.

    Call first in a transaction. Raises RetryLater when the stream's lease is no longer this run's, and AlreadyThere
    when `empty` was wrong: undo the transaction and call again without.
    """
    crosswalk.writing(connection, deciding=batch.deciding)
    renew_lease(connection, batch.source, batch.stream, batch.run_id)
    ids = [row[0] for row in batch.rows]
    unspoken = _taken_in(connection, batch, ids)
    stored = {} if empty else _stored(connection, batch.entity, ids)
    sorted_rows = classify(
        ids, batch.hashes, {key: (row.content_hash, row.deleted_at is not None) for key, row in stored.items()}
    )
    if batch.owners:
        wanted = {ids[p] for p in (*sorted_rows.new, *sorted_rows.changed, *sorted_rows.restored)}
        owners = [owner for owner in batch.owners if owner.id in wanted]
        crosswalk.register(connection, batch.source, batch.stream, owners, anchor=batch.anchor)
    _resolve(connection, batch, sorted_rows, clients)
    old = _before(connection, batch, sorted_rows)
    standing = {batch.rows[p][0]: batch.rows[p][OWNER] for p in (*sorted_rows.changed, *sorted_rows.restored)}
    former = parts.owners_of(connection, batch.entity, list(standing))
    _write(connection, batch, sorted_rows, clients)
    parts.take_along(connection, batch.entity, former, standing, clients)
    removed = _bury(connection, batch)
    withdrawn = held.hold(
        connection, batch.source, batch.stream, batch.entity, batch.held, clients, batch.batch, set(ids)
    )
    held.release(connection, batch.source, batch.stream, [row[1] for row in batch.rows])
    if batch.notify:
        changes.record(connection, _changed(batch, sorted_rows, removed, clients, unspoken, old, withdrawn), old)
    if batch.left_out:
        left_out.leave_out(connection, batch.source, batch.stream, batch.left_out, anchor=batch.anchor)
    if batch.cursor is not None:
        save_cursor(connection, batch.source, batch.stream, batch.cursor, batch.high_water, sweep=batch.sweep)
    return Counts(
        seen=len(batch.rows) + len(batch.held) + len(batch.left_out),
        added=len(sorted_rows.new),
        updated=len(sorted_rows.changed) + len(sorted_rows.restored),
        unchanged=sorted_rows.unchanged,
        removed=len(removed),
        held=len(batch.held),
        left_out=len(batch.left_out),
    )


def _taken_in(connection: Connection, batch: Batch, ids: Sequence[str]) -> Collection[str]:
    """Take in what was left out until now; returns of what nobody is told: what the mapping alone took or brought."""
    back: set[str] = set()
    if batch.sifted:
        held_ids = (entity_id(batch.source, batch.stream, record.external_id) for record in batch.held)
        back = left_out.take_in(connection, [*ids, *held_ids])
    return () if batch.settled else back | {record.id for record in batch.left_out}


def _stored(connection: Connection, entity: str, ids: Sequence[str]) -> dict[str, Any]:
    table = ENTITIES[entity]
    query = select(table.c.id, table.c.content_hash, table.c.deleted_at)
    if connection.dialect.name == "postgresql":
        # While a first load fills a table, its statistics still say "empty" and the prepared plan scans it all for
        # every page: 20 times slower at 100,000 rows. The primary key is never the wrong way to look up ids.
        connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
    found = connection.execute(query.where(rows.among(connection, table.c.id, ids)))
    return {row.id: row for row in found}


def _resolve(connection: Connection, batch: Batch, wanted: Sorted, clients: dict[str, str]) -> None:
    """Learn the clients of owner records not met before. A missing one is asked for again: it may match any moment."""
    positions = (*wanted.new, *wanted.changed, *wanted.restored)
    owners = {batch.rows[p][OWNER] for p in positions} | {record.owner_id for record in batch.held}
    unknown = {owner for owner in owners if owner is not None and owner not in clients}
    if unknown:
        clients.update(crosswalk.clients_of(connection, unknown))


def _write(connection: Connection, batch: Batch, wanted: Sorted, clients: Mapping[str, str]) -> None:
    columns = (*batch.columns, "client_id", "content_hash")
    same = {"batch": batch.batch, "source": batch.source, "stream": batch.stream, "synced_at": instant_text(now())}
    client_of = clients.get

    def full(positions: Sequence[int]) -> list[tuple[Any, ...]]:
        found = ((batch.rows[p], batch.hashes[p]) for p in positions)
        return [row + (client_of(row[OWNER]), digest) for row, digest in found]  # noqa: RUF005 -- twice as fast

    # In the order of their ids: neighbours in the index are then written together.
    rows.insert(connection, batch.entity, columns, sorted(full(wanted.new), key=itemgetter(0)), same)
    alive = (*same.values(), None, None)
    again = [row + alive for row in full((*wanted.changed, *wanted.restored))]
    rows.upsert(connection, batch.entity, (*columns, *same, "deleted_at", "deleted_reason"), again)


def _bury(connection: Connection, batch: Batch) -> list[str]:
    """Tombstones for records that are gone or left out, unless this very page shows them alive.

    Returns the ids newly buried.
    """
    if not batch.gone and not batch.left_out:
        return []
    alive = {row[0] for row in batch.rows}
    gone = {entity_id(batch.source, batch.stream, item.external_id): item for item in batch.gone}
    left_out.drop(connection, sorted(gone))
    reason = left_out.REASON if batch.settled else left_out.BY_MAPPING
    gone |= {record.id: Gone(record.external_id, None, reason) for record in batch.left_out}
    table = ENTITIES[batch.entity]
    standing: list[str] = []
    for chunk in rows.chunks(sorted(set(gone) - alive)):
        query = select(table.c.id).where(table.c.id.in_(chunk), table.c.deleted_at.is_(None))
        standing.extend(connection.scalars(query))
    moment = now()
    statement = (
        update(table)
        .where(table.c.id == bindparam("key"))
        .values(deleted_at=bindparam("at"), deleted_reason=bindparam("why"), synced_at=moment)
    )
    if standing:
        values = [{"key": key, "at": gone[key].at or moment, "why": gone[key].reason} for key in standing]
        connection.execute(statement, values)
        crosswalk.bury(connection, standing, moment)
    held.release(connection, batch.source, batch.stream, [item.external_id for item in gone.values()])
    return standing


def _before(connection: Connection, batch: Batch, wanted: Sorted) -> dict[str, changes.Was]:
    if not (batch.notify and batch.settled):
        return {}
    new = {batch.rows[p][0]: batch.rows[p] for p in wanted.changed}
    return changes.before(connection, batch.entity, batch.columns, new)


def _changed(
    batch: Batch,
    wanted: Sorted,
    removed: Sequence[str],
    clients: Mapping[str, str],
    unspoken: Collection[str],
    old: Mapping[str, changes.Was],
    withdrawn: Mapping[str, str | None],
) -> changes.Changed:
    def whose(positions: Sequence[int]) -> list[tuple[str, str | None]]:
        told = (batch.rows[p] for p in positions if batch.rows[p][0] not in unspoken)
        return [(row[0], clients.get(row[OWNER])) for row in told]

    standing = whose(wanted.changed) if batch.settled else []
    moved = [one for one in standing if one[1] != old[one[0]].client_id]
    # One that moves to another client is gone for the former one, and new to the other.
    kinds = {
        "added": whose(wanted.new) + [one for one in moved if one[1] is not None],
        "updated": [one for one in standing if one[1] == old[one[0]].client_id],
        "restored": whose(wanted.restored),
    }
    former = {key: old[key].client_id for key, _ in moved} | dict(withdrawn if batch.settled else {})
    left = [(key, client) for key, client in former.items() if client is not None]
    gone = [key for key in removed if key not in unspoken]
    return changes.Changed(batch.entity, batch.run_id, removed=gone, left=left, **kinds)


def is_empty(connection: Connection, entity: str, source: str, stream: str) -> bool:
    """Whether a stream has no row at all yet, tombstones included."""
    table = ENTITIES[entity]
    query = select(table.c.id).where(table.c.source == source, table.c.stream == stream).limit(1)
    return connection.execute(query).first() is None
