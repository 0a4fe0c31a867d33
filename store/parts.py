"""Parts go where their whole goes: a project's milestones, a shipment's events.

A part says whose it is by its whole, and a source that moves the whole to another client does not touch the parts: no
reading ever brings them again. So they are taken along in the transaction that moves the whole.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, select, update

from store import rows
from store.tables import ENTITIES

PARTS: Mapping[str, tuple[str, str]] = {
    "project": ("milestone", "project_id"),
    "shipment": ("shipment_event", "shipment_id"),
}
"""By noun: the noun of its parts, and their column that names the whole."""

Owners = Mapping[str, str | None]


def owners_of(connection: Connection, entity: str, ids: Sequence[str]) -> Owners:
    """Whose these rows are as they stand; empty for a noun without parts. Call before they are written."""
    if entity not in PARTS:
        return {}
    table, found = ENTITIES[entity], {}
    for chunk in rows.chunks(ids):
        found.update(dict(connection.execute(select(table.c.id, table.c.owner_id).where(table.c.id.in_(chunk))).all()))
    return found


def take_along(connection: Connection, entity: str, old: Owners, new: Owners, clients: Mapping[str, str]) -> None:
    """Move the parts that were owned as their whole was. Parts with an owner of their own stay with it."""
    moved = [key for key, owner in old.items() if owner != new[key]]
    if not moved:
        return
    part, whole = PARTS[entity]
    table = ENTITIES[part]
    for key in moved:
        connection.execute(
            update(table)
            .where(table.c[whole] == key, table.c.owner_id.is_not_distinct_from(old[key]))
            .values(owner_id=new[key], client_id=clients.get(new[key] or ""))
        )
