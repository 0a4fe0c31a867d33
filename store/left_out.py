"""Records that their mapping leaves out on purpose: known to be at their source, and nothing to anybody here.

The row of one that clients saw until then is a tombstone, and comes back as the same row. An owner record stays in the
crosswalk as one that is gone: it matches nobody, but ops can be told why what it would own has no client.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from hashlib import blake2b
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Connection, case, delete, exists, func, select, update

from hub.clock import now
from store import crosswalk, rows
from store.hub_tables import Crosswalk, CrosswalkKey, LeftOut
from store.tables import Client

REASON = "left out"
BY_MAPPING = "left out by mapping"
"""Why a row is a tombstone: its record became another one, or its mapping did. What a person's edit takes away was
never meant: it is news to nobody, and no client of any month."""
COLUMNS = ("id", "source", "stream", "external_id", "content_hash")


def leave_out(
    connection: Connection, source: str, stream: str, records: Sequence[crosswalk.OwnerRecord], *, anchor: bool
) -> None:
    """Note records that are left out, and let go what they own. What is noted already costs one look.

    Call after their rows were buried.
    """
    hashes = {one.id: blake2b(orjson.dumps([one.label, one.keys]), digest_size=16).digest() for one in records}
    here = select(LeftOut.c.id, LeftOut.c.content_hash).where(rows.among(connection, LeftOut.c.id, hashes))
    known = {row.id: row.content_hash for row in connection.execute(here)}
    fresh = [one for one in records if known.get(one.id) != hashes[one.id]]
    found = [(one.id, source, stream, one.external_id, hashes[one.id]) for one in fresh]
    rows.upsert(connection, LeftOut.name, COLUMNS, found)
    if anchor:
        _bury_anchors(connection, source, stream, fresh)
    else:
        _let_go(connection, [one.id for one in fresh if one.id not in known])


def _bury_anchors(connection: Connection, source: str, stream: str, owners: Sequence[crosswalk.OwnerRecord]) -> None:
    """Keep the keys of clients that are none, as those of one that is gone: they attract nothing."""
    if not owners:
        return
    crosswalk.register(connection, source, stream, owners, anchor=True)
    was_client = exists().where(Client.c.id == Crosswalk.c.id)
    # What belongs to one that never was a client is nobody's. Rows of one that was stay as those of one that is gone.
    values = {"client_id": case((was_client, Crosswalk.c.id)), "deleted_at": now(), "matched_at": now()}
    for chunk in rows.chunks([owner.id for owner in owners]):
        connection.execute(update(Crosswalk).where(Crosswalk.c.id.in_(chunk)).values(values))


def _let_go(connection: Connection, ids: Sequence[str]) -> None:
    """What owner records of another kind own is nobody's, and their sub-records' are decided again."""
    nobodys = {"client_id": None, "rule": None, "evidence": None, "matched_at": now(), "deleted_at": now()}
    for chunk in rows.chunks(ids):
        mine = Crosswalk.c.id.in_(chunk)
        owned = connection.execute(select(Crosswalk).where(mine, Crosswalk.c.client_id.is_not(None))).all()
        for row in owned:
            if row.rule == crosswalk.MANUAL:
                by_hand = {"linked_to": row.client_id, "evidence": row.evidence}
                connection.execute(update(LeftOut).where(LeftOut.c.id == row.id).values(by_hand))
        connection.execute(update(Crosswalk).where(mine).values(nobodys))
        crosswalk.propagate(connection, {row.id: row.client_id for row in owned})
        below = select(CrosswalkKey.c.crosswalk_id).where(
            CrosswalkKey.c.kind == crosswalk.PARENT, CrosswalkKey.c.value.in_(chunk)
        )
        connection.execute(update(Crosswalk).where(Crosswalk.c.id.in_(below)).values(matched_at=None))


def take_in(connection: Connection, ids: Collection[str]) -> set[str]:
    """Records that are left out no more, before their rows are written; returns those that were."""
    here = select(LeftOut.c.id, LeftOut.c.linked_to, LeftOut.c.evidence)
    found = connection.execute(here.where(rows.among(connection, LeftOut.c.id, ids))).all()
    drop(connection, [row.id for row in found])
    for row in found:
        if row.linked_to is not None:
            again = {"client_id": row.linked_to, "rule": crosswalk.MANUAL, "evidence": row.evidence}
            connection.execute(update(Crosswalk).where(Crosswalk.c.id == row.id).values(again))
            crosswalk.propagate(connection, {row.id: None})
    return {row.id for row in found}


def drop(connection: Connection, ids: Sequence[str]) -> None:
    """Records that their source has no more, or that are taken: nothing is left out."""
    for chunk in rows.chunks(ids):
        connection.execute(delete(LeftOut).where(LeftOut.c.id.in_(chunk)))


def forget(connection: Connection, source: str, stream: str) -> None:
    """A stream that nobody reads any more leaves nothing out."""
    connection.execute(delete(LeftOut).where(LeftOut.c.source == source, LeftOut.c.stream == stream))


def ids_of(connection: Connection, source: str, stream: str) -> set[str]:
    """The external ids of what a stream leaves out."""
    return set(
        connection.scalars(select(LeftOut.c.external_id).where(LeftOut.c.source == source, LeftOut.c.stream == stream))
    )


def has_any(connection: Connection, source: str, stream: str) -> bool:
    """Whether a stream leaves out anything."""
    query = select(LeftOut.c.id).where(LeftOut.c.source == source, LeftOut.c.stream == stream).limit(1)
    return connection.execute(query).first() is not None


def counts(connection: Connection) -> Mapping[tuple[str, str], int]:
    """How many each stream leaves out."""
    keys = (LeftOut.c.source, LeftOut.c.stream)
    query = select(*keys, func.count()).group_by(*keys)
    return {(source, stream): count for source, stream, count in connection.execute(query)}


def is_left_out(id_: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether a record of this id is left out."""
    return exists().where(LeftOut.c.id == id_)


def sentence(n: int) -> str:
    """What is to be said of so many records below those that are left out."""
    if n == 1:
        return "1 record belongs to one that the mapping leaves out, so no client sees it."
    return f"{n:,} records belong to some that the mapping leaves out, so no client sees them."
