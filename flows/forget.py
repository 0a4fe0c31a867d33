"""Forget: take what a stream brought out of clients' sight, once it has no mapping any more and nobody reads it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select

from flows.hub import Hub
from flows.turn import turn
from hub.errors import NeedsPerson
from mappings.standing import unread
from store import crosswalk
from store.engine import writing
from store.forgetting import FORGET, forget, in_sight
from store.hub_tables import StreamState
from store.live import held_ids


@dataclass(frozen=True, slots=True)
class LeftBehind:
    """What a stream that nobody reads any more has in sight: live rows by noun, and records that are held."""

    rows: Mapping[str, int]
    held: int


def left_behind(hub: Hub, source: str, stream: str) -> LeftBehind:
    """What forgetting the stream would take. NeedsPerson when nothing of it is stored, or it still has a mapping."""
    query = select(StreamState.c.source, StreamState.c.stream).order_by(StreamState.c.source, StreamState.c.stream)
    with hub.engine.connect().execution_options(reading=True) as connection:
        stored = [f"{row.source} {row.stream}" for row in connection.execute(query)]
        if f"{source} {stream}" not in stored:
            known = ", ".join(stored) or "nothing yet"
            raise NeedsPerson(f"Nothing is stored of {source} {stream}.", step=f"Stored: {known}.")
        _refuse_mapped(hub, source, stream)
        return LeftBehind(in_sight(connection, source, stream), len(held_ids(connection, source, stream)))


def forget_stream(hub: Hub, source: str, stream: str) -> int:
    """Do it; returns how many rows were taken. A mapping that comes back has all read again, and brings them back.

    NeedsPerson while the stream has a mapping, RetryLater while another worker is on it.
    """
    with turn(hub, source, stream, FORGET, lambda: _refuse_mapped(hub, source, stream)) as taken:
        with writing(hub.engine) as connection:
            taken.counts = forget(connection, source, stream, taken.run_id)
        crosswalk.match_undecided(hub.engine)
    return taken.counts.removed


def _refuse_mapped(hub: Hub, source: str, stream: str) -> None:
    """NeedsPerson when the next sync would bring everything back."""
    if unread(hub.known(), source, stream) is None:
        raise NeedsPerson(
            f"{source} {stream} still has a mapping: the next sync would bring everything back.",
            step=f"Take its file out of {hub.folder.path / source} first, or {source} out of frontdesk.toml.",
        )
