"""Certificates kept: each comparison of a stream with its source, and the last of each."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any, Protocol

from sqlalchemy import Connection, Select, func, insert, select, update

from store import rows
from store.hub_tables import Certificate, StreamState
from store.tables import ENTITIES

NAMED = 1_000
"""Of so many differences the ids are kept; all are counted. More of them means one cause, not so many."""


class Compared(Protocol):
    """What came of comparing one stream."""

    @property
    def stream(self) -> str: ...
    @property
    def agrees(self) -> bool: ...
    @property
    def theirs(self) -> int: ...
    @property
    def ours(self) -> int: ...
    @property
    def held(self) -> int: ...
    @property
    def left_out(self) -> int: ...
    @property
    def on_the_way(self) -> int: ...
    @property
    def missing(self) -> Sequence[str]: ...
    @property
    def surplus(self) -> Sequence[str]: ...
    @property
    def differing(self) -> Mapping[str, Sequence[str]]: ...
    @property
    def totals(self) -> Sequence[Any]: ...


def save(connection: Connection, source: str, one: Compared, at: dt.datetime) -> None:
    """Keep what came of comparing a stream at `at` (aware UTC)."""
    plain = ("stream", "agrees", "theirs", "ours", "held", "left_out", "on_the_way")
    counts = {name: len(getattr(one, name)) for name in ("missing", "surplus", "differing")}
    totals = [total._asdict() for total in one.totals]
    kept = {name: getattr(one, name) for name in plain} | counts
    connection.execute(
        insert(Certificate), {"source": source, "at": at, **kept, "differences": _named(one), "totals": totals}
    )
    here = (StreamState.c.source == source, StreamState.c.stream == one.stream)
    connection.execute(update(StreamState).where(*here).values(matched_at=at if one.agrees else None))


def could_not(connection: Connection, source: str, stream: str, sentence: str | None) -> None:
    """Keep why a stream could not be compared, beside its last certificate; None: it could."""
    here = (StreamState.c.source == source, StreamState.c.stream == stream)
    connection.execute(update(StreamState).where(*here).values(not_compared=sentence))


def _named(one: Compared) -> list[dict[str, Any]]:
    by_kind: tuple[tuple[str, Mapping[str, Sequence[str]]], ...] = (
        ("missing", dict.fromkeys(one.missing, ())),
        ("surplus", dict.fromkeys(one.surplus, ())),
        ("differing", one.differing),
    )
    every = (
        {"external_id": external_id, "kind": kind, "fields": list(fields)}
        for kind, found in by_kind
        for external_id, fields in found.items()
    )
    return list(islice(every, NAMED))


def distrust(connection: Connection, entity: str, ids: Sequence[str]) -> None:
    """Rows that are not what their content hash says: the next reading that meets them writes them again."""
    table = ENTITIES[entity]
    for chunk in rows.chunks(ids):
        connection.execute(update(table).where(table.c.id.in_(chunk)).values(content_hash=b""))


def last() -> Select[Any]:
    """The last certificate of each stream."""
    keys = (Certificate.c.source, Certificate.c.stream)
    newest = select(*keys, func.max(Certificate.c.at).label("at")).group_by(*keys).subquery("newest")
    here = (Certificate.c.source == newest.c.source) & (Certificate.c.stream == newest.c.stream)
    return select(Certificate).join(newest, here & (Certificate.c.at == newest.c.at))


_LAST = last().subquery("last_certificate")
COMPARED = (_LAST.c.at.label("compared_at"), (_LAST.c.missing + _LAST.c.surplus + _LAST.c.differing).label("apart"))
"""Columns beside those of stream_state, in a statement that goes through `beside`; NULL for what was never compared."""


def beside(streams: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    """A statement over stream_state with the last certificate of each stream beside it."""
    here = (_LAST.c.source == StreamState.c.source) & (_LAST.c.stream == StreamState.c.stream)
    return streams.select_from(StreamState).outerjoin(_LAST, here)
