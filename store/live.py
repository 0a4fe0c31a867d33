"""What a stream has in sight just now, by the source's own ids."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, select, type_coerce
from sqlalchemy.types import NULLTYPE

from store import rows
from store.hub_tables import Crosswalk, HeldRecord
from store.tables import ENTITIES

HEAD = ("external_id", "content_hash", "client_id", "owners_client_id")
"""What the rows of `contents` begin with: the last is the client that the row's owner record stands for."""


def live_ids(connection: Connection, entity: str, source: str, stream: str) -> set[str]:
    """The records of a stream that are rows and no tombstones."""
    table = ENTITIES[entity]
    query = select(table.c.external_id).where(
        table.c.source == source, table.c.stream == stream, table.c.deleted_at.is_(None)
    )
    return set(connection.scalars(query))


def held_ids(connection: Connection, source: str, stream: str) -> set[str]:
    """The records of a stream that wait in quarantine, also those that only we have given a name."""
    query = select(HeldRecord.c.external_id).where(
        HeldRecord.c.source == source, HeldRecord.c.stream == stream, HeldRecord.c.resolved_at.is_(None)
    )
    return set(connection.scalars(query))


def contents(connection: Connection, entity: str, columns: Sequence[str], ids: Iterable[str]) -> dict[str, Row[Any]]:
    """The live ones of these rows by id: HEAD, then `columns` as the driver has them (for store.changes.same).

    Decoding every value would take longer than reading it; on SQLite all are as they were written.
    """
    table = ENTITIES[entity]
    head = (table.c.external_id, table.c.content_hash, table.c.client_id, Crosswalk.c.client_id.label(HEAD[-1]))
    raw: list[ColumnElement[Any]] = [type_coerce(table.c[name], NULLTYPE) for name in columns]
    query = (
        select(table.c.id, *head, *raw)
        .join(Crosswalk, Crosswalk.c.id == table.c.owner_id, isouter=True)
        .where(rows.among(connection, table.c.id, ids), table.c.deleted_at.is_(None))
    )
    return {row[0]: row for row in connection.execute(query)}
