"""Who sees a record from now on and who no more, told where an owner record is given to another client.

Only what is no first load and no other mapping is news: where the row, its owner record, or one of the two clients came
by either, nobody is told. Nor are all records of a client who comes or goes with them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, exists, insert, literal, or_, select

from hub.clock import now
from store import rows
from store.hub_tables import Change, Crosswalk, StreamState
from store.tables import ENTITIES

NO_RUN = ""
"""Whose doing it was: no reading brought it, but the rules of identity, or ops."""
_client = Crosswalk.alias("client_record")


def tell(connection: Connection, former: Mapping[str, str | None], *, by_hand: bool) -> None:
    """Write what changes for whom, before the rows behind these owner records go to the client that they now name.

    `former`: by record, its client until now. What was nobody's is news only where ops say whose it is (`by_hand`).
    """
    if not connection.scalar(select(StreamState.c.stream).where(_read_whole()).limit(1)):
        return
    news = _news(connection, former)
    for chunk in rows.chunks(news):
        clients = sorted({client for key in chunk if (client := former[key])})
        for table in ENTITIES.values():
            mine = table.c.owner_id.in_(chunk)
            if clients:
                _record(connection, table, "removed", mine, table.c.client_id.in_(clients))
                _record(connection, table, "added", mine, table.c.client_id.in_(clients))
            if by_hand:
                _record(connection, table, "added", mine, table.c.client_id.is_(None))


def _news(connection: Connection, former: Mapping[str, str | None]) -> Sequence[str]:
    """Those of which it is news that they have another client."""
    clients = {client for client in former.values() if client}
    known = select(Crosswalk.c.id).where(
        rows.among(connection, Crosswalk.c.id, clients), _steady(Crosswalk.c.source, Crosswalk.c.stream)
    )
    steady = {None, *connection.scalars(known.where(Crosswalk.c.deleted_at.is_(None)))}
    query = (
        select(Crosswalk.c.id)
        .join(_client, _client.c.id == Crosswalk.c.client_id, isouter=True)
        .where(rows.among(connection, Crosswalk.c.id, former), _steady(Crosswalk.c.source, Crosswalk.c.stream))
        .where(or_(_client.c.id.is_(None), _steady(_client.c.source, _client.c.stream)))
    )
    return [key for key in connection.scalars(query) if former[key] in steady]


def _read_whole() -> ColumnElement[bool]:
    return StreamState.c.loaded_at.is_not(None) & (StreamState.c.mapping == StreamState.c.mapped)


def _steady(source: ColumnElement[str], stream: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether all of a record's stream was read with the present mapping."""
    return exists().where(StreamState.c.source == source, StreamState.c.stream == stream, _read_whole())


def _record(connection: Connection, table: Table[Any], kind: str, *which: ColumnElement[bool]) -> None:
    client = (table if kind == "removed" else Crosswalk).c.client_id
    values = (literal(NO_RUN), literal(table.name), table.c.id, literal(kind), client, literal(now(), Change.c.at.type))
    moved = (
        select(*values)
        .join(Crosswalk, Crosswalk.c.id == table.c.owner_id)
        .where(*which, client.is_not(None), table.c.client_id.is_distinct_from(Crosswalk.c.client_id))
        .where(table.c.deleted_at.is_(None), _steady(table.c.source, table.c.stream))
        .order_by(table.c.id)
    )
    names = ("run_id", "entity", "entity_id", "kind", "client_id", "at")
    connection.execute(insert(Change).from_select(names, moved))
