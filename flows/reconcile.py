"""Reconcile: compare what we hold with what the source says it has, by count and by key, and name every difference."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from connectors.contract import Stream
from flows.hub import Hub
from hub.clock import now
from mappings.mapping import Mapping as StreamMapping
from store import left_out
from store.live import held_ids, live_ids


@dataclass(frozen=True, slots=True)
class StreamCertificate:
    """One stream compared: `missing` here, `surplus` here, both by external id; what is held or left out is neither."""

    stream: str
    theirs: int
    ours: int
    held: int
    missing: tuple[str, ...]
    surplus: tuple[str, ...]
    left_out: int = 0

    @property
    def agrees(self) -> bool:
        """Whether every record of the source is here, held or left out, and nothing more."""
        return not self.missing and not self.surplus


@dataclass(frozen=True, slots=True)
class Certificate:
    """A source compared with our copy at one moment (aware UTC)."""

    source: str
    at: dt.datetime
    streams: tuple[StreamCertificate, ...]

    @property
    def agrees(self) -> bool:
        """Whether all streams agree."""
        return all(stream.agrees for stream in self.streams)


def reconcile_source(hub: Hub, source: str) -> Certificate:
    """Compare all streams of a source. Reads only; a sync or sweep mends what it finds. NeedsPerson without any."""
    connected = hub.source(source)
    connected.require_mapped()
    with connected.connector.open(connected.settings, hub.tokens(source)) as session:
        streams = tuple(
            _compare(hub, session, connected.connector.stream(mapping.stream), mapping)
            for mapping in connected.mappings
        )
    return Certificate(source, now(), streams)


def _compare(hub: Hub, session: Any, stream: Stream[Any], mapping: StreamMapping) -> StreamCertificate:
    theirs = {key for page in stream.keys(session) for key in page}
    with hub.engine.connect().execution_options(reading=True) as connection:
        ours = live_ids(connection, mapping.into, mapping.source, mapping.stream)
        held = held_ids(connection, mapping.source, mapping.stream)
        left = left_out.ids_of(connection, mapping.source, mapping.stream)
    missing, surplus = tuple(sorted(theirs - ours - held - left)), tuple(sorted(ours - theirs))
    return StreamCertificate(mapping.stream, len(theirs), len(ours), len(held), missing, surplus, len(left))
