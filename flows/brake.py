"""The brake: a run that would take away much of what clients see is held until ops let it through once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import Connection, func, select

from hub.errors import NeedsPerson
from hub.ids import entity_id
from store import rows
from store.forgetting import forgotten_at
from store.left_out import BY_MAPPING
from store.merge import Batch
from store.tables import ENTITIES

AT_LEAST = 20
"""Removals that are never suspicious, whatever their share."""
SHARE = 0.3
"""The share of a stream's live rows that may go in one reading or one sweep."""


class HeldRun(NeedsPerson):
    """A suspicious run: nothing was deleted, the cursor did not move, the last good state stays live."""


def live_rows(connection: Connection, entity: str, source: str, stream: str) -> int:
    """How many rows of a stream clients can see now."""
    table = ENTITIES[entity]
    query = select(func.count()).where(table.c.source == source, table.c.stream == stream, table.c.deleted_at.is_(None))
    return connection.scalar(query.select_from(table)) or 0


def live_among(connection: Connection, entity: str, source: str, stream: str, ids: Sequence[str]) -> int:
    """How many of these external ids are rows that clients can see now."""
    table = ENTITIES[entity]
    keys = sorted({entity_id(source, stream, external_id) for external_id in ids})
    query = select(func.count()).select_from(table).where(table.c.deleted_at.is_(None))
    return sum(connection.scalar(query.where(table.c.id.in_(chunk))) or 0 for chunk in rows.chunks(keys))


def taken_since(connection: Connection, entity: str, source: str, stream: str, since: dt.datetime | None) -> int:
    """How many rows have been taken from clients since the stream's last run that came to its end.

    What a person had it forget was taken before its first run, and is no doing of the source's; nor is what another
    mapping leaves out.
    """
    table, since = ENTITIES[entity], since or forgotten_at(connection, source, stream)
    query = select(func.count()).where(
        table.c.source == source,
        table.c.stream == stream,
        table.c.deleted_at.is_not(None),
        table.c.deleted_reason.is_distinct_from(BY_MAPPING),
    )
    if since is not None:
        query = query.where(table.c.synced_at > since)
    return connection.scalar(query.select_from(table)) or 0


def leaving(batch: Batch) -> list[str]:
    """What a page takes from clients: what is gone, and what is left out because it has changed.

    What another mapping leaves out was a person's own decision.
    """
    left = [record.external_id for record in batch.left_out] if batch.settled else []
    return [item.external_id for item in batch.gone] + left


def refuse_leaving(connection: Connection, batch: Batch, since: dt.datetime | None) -> None:
    """HeldRun when what a page takes away, with all that has been taken `since`, is too much of what clients see.

    A mass delete comes in many small pages, over several runs once it is held, or hint by hint: they are weighed
    together.
    """
    where = (batch.entity, batch.source, batch.stream)
    # A source also tells of what it took away elsewhere; only what clients can see counts.
    if removing := live_among(connection, *where, leaving(batch)):
        taken = taken_since(connection, *where, since)
        live = live_rows(connection, *where) + taken
        refuse_mass_delete(*where[1:], removing=removing + taken, live=live)


def refuse_mass_delete(source: str, stream: str, *, removing: int, live: int) -> None:
    """HeldRun when one step would remove too much of what is live."""
    if removing > AT_LEAST and removing > SHARE * live:
        raise HeldRun(
            f"{source} says that {removing:,} of {live:,} records of {stream} are gone. That is held.",
            step=f"If it is true, run `frontdesk sync {source}.{stream} --let-through` once.",
        )


def refuse_vanished(source: str, stream: str, *, seen: int, live: int) -> None:
    """HeldRun when a source that had records shows none at all."""
    if seen == 0 and live > 0:
        raise HeldRun(
            f"{source} shows no record of {stream}, where {live:,} are known. That is held.",
            step=f"Check the permissions; if it is true, run `frontdesk sync {source}.{stream} --let-through` once.",
        )


def refuse_none_meant(source: str, stream: str, *, left_out: int, live: int) -> None:
    """HeldRun when a changed mapping would leave out all that a stream has, where clients see some of it."""
    if live:
        raise HeldRun(
            f"The mapping of {source} {stream} leaves out all of the {left_out:,} records that were read, where "
            f"{live:,} are known. That is held.",
            step="Mend `only` or `except` in the mapping; `frontdesk check` says which words the source knows. "
            f"If it is meant, run `frontdesk sync {source}.{stream} --let-through` once.",
        )
