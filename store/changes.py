"""What a page changed, written where it was changed: for notifications, for ops, for "what did the client see then"."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Connection, insert, select

from hub.clock import instant_text, now
from store import rows
from store.hub_tables import Change
from store.tables import ENTITIES

NOT_CONTENT = frozenset({"id", "external_id", "source_at"})


@dataclass(frozen=True, slots=True)
class Changed:
    """Rows of one noun by what happened to them, as (id, client); `removed` as ids."""

    entity: str
    run_id: str
    added: Sequence[tuple[str, str | None]] = ()
    updated: Sequence[tuple[str, str | None]] = ()
    restored: Sequence[tuple[str, str | None]] = ()
    removed: Sequence[str] = ()


def before(
    connection: Connection, entity: str, columns: Sequence[str], new: Mapping[str, Sequence[Any]]
) -> dict[str, dict[str, Any]]:
    """The old values of what is about to change, by row id. Call before the rows are written."""
    table = ENTITIES[entity]
    content = [(position, name) for position, name in enumerate(columns) if name not in NOT_CONTENT]
    found: dict[str, dict[str, Any]] = {}
    for chunk in rows.chunks(list(new)):
        query = select(table.c.id, *(table.c[name] for _, name in content)).where(table.c.id.in_(chunk))
        for old in connection.execute(query):
            pairs = ((name, new[old.id][position], getattr(old, name)) for position, name in content)
            found[old.id] = {name: _plain(was) for name, value, was in pairs if not same(value, was)}
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


def record(connection: Connection, changed: Changed, old: Mapping[str, dict[str, Any]]) -> None:
    """Write the changes of a page; belongs in the transaction that made them."""
    moment = now()
    values = [
        {"run_id": changed.run_id, "entity": changed.entity, "entity_id": key, "kind": kind, "client_id": client,
         "before": old.get(key), "at": moment}
        for kind, key, client in _each(connection, changed)
    ]  # fmt: skip
    if values:
        connection.execute(insert(Change), values)


def _each(connection: Connection, changed: Changed) -> Iterator[tuple[str, str, str | None]]:
    for kind in ("added", "updated", "restored"):
        for key, client in getattr(changed, kind):
            yield kind, key, client
    table = ENTITIES[changed.entity]
    for chunk in rows.chunks(changed.removed):
        for key, client in connection.execute(select(table.c.id, table.c.client_id).where(table.c.id.in_(chunk))):
            yield "removed", key, client
