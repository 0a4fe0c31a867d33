"""What a page changed, written where it was changed: for notifications, for ops, for "what did the client see then"."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Connection, insert, select

from hub.clock import instant_text, now
from store import rows
from store.hub_tables import Change
from store.tables import ENTITIES

STANDING = ("added", "updated", "restored")
NOT_CONTENT = frozenset({"id", "external_id", "source_at"})


@dataclass(frozen=True, slots=True)
class Changed:
    """Rows of one noun by what happened to them, as (id, client); `removed` as ids. `left`: gone to another client."""

    entity: str
    run_id: str
    added: Sequence[tuple[str, str | None]] = ()
    updated: Sequence[tuple[str, str | None]] = ()
    restored: Sequence[tuple[str, str | None]] = ()
    left: Sequence[tuple[str, str]] = ()
    removed: Sequence[str] = ()


class Was(NamedTuple):
    """A row before it changed: whose it was, and the values of the columns that changed."""

    client_id: str | None
    values: dict[str, Any]


def before(
    connection: Connection, entity: str, columns: Sequence[str], new: Mapping[str, Sequence[Any]]
) -> dict[str, Was]:
    """What is about to change, as it was, by row id. Call before the rows are written."""
    table = ENTITIES[entity]
    content = [(position, name) for position, name in enumerate(columns) if name not in NOT_CONTENT]
    found: dict[str, Was] = {}
    for chunk in rows.chunks(list(new)):
        query = select(table.c.id, table.c.client_id, *(table.c[name] for _, name in content))
        for old in connection.execute(query.where(table.c.id.in_(chunk))):
            pairs = ((name, new[old.id][position], getattr(old, name)) for position, name in content)
            values = {name: _plain(was) for name, value, was in pairs if not same(value, was)}
            found[old.id] = Was(old.client_id, values)
    return found


def same(value: Any, was: Any) -> bool:
    """Whether a row's prepared value (text, int, bool) is what the store has."""
    if value == was:
        return True
    if isinstance(was, list | dict):
        return value is not None and orjson.loads(value) == was
    return bool(value == _plain(was))


def _plain(was: Any) -> Any:
    if isinstance(was, dt.datetime):
        return instant_text(was)
    return was.isoformat() if isinstance(was, dt.date) else was


def record(connection: Connection, changed: Changed, old: Mapping[str, Was]) -> None:
    """Write the changes of a page; belongs in the transaction that made them.

    A new client never had the old values, and is told none.
    """
    moment = now()
    values = [
        {"run_id": changed.run_id, "entity": changed.entity, "entity_id": key, "kind": kind, "client_id": client,
         "before": old[key].values if kind == "updated" else None, "at": moment}
        for kind, key, client in _each(connection, changed)
    ]  # fmt: skip
    if values:
        connection.execute(insert(Change), values)


def _each(connection: Connection, changed: Changed) -> Iterator[tuple[str, str, str | None]]:
    for kind, each in (("removed", changed.left), *((kind, getattr(changed, kind)) for kind in STANDING)):
        for key, client in each:
            yield kind, key, client
    table = ENTITIES[changed.entity]
    for chunk in rows.chunks(changed.removed):
        for key, client in connection.execute(select(table.c.id, table.c.client_id).where(table.c.id.in_(chunk))):
            yield "removed", key, client
