"""What a stream has in sight just now, by the source's own ids."""

from __future__ import annotations

from sqlalchemy import Connection, select

from store.hub_tables import HeldRecord
from store.tables import ENTITIES


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
