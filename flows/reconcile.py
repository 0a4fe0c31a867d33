"""Reconcile: set our copy beside the source, record by record, and certify that they agree or name every difference."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from flows.compare import StreamCertificate, compare
from flows.hub import Hub, Source
from flows.pull import Progress
from hub.clock import now
from hub.ids import entity_id
from mappings.mapping import Mapping as StreamMapping
from store.certificates import distrust, save
from store.engine import writing
from store.runs import Stand, stand_of


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


def reconcile_source(hub: Hub, source: str, progress: Progress | None = None) -> Certificate:
    """Compare all streams of a source, and keep the certificate. NeedsPerson without any mapping.

    Each stream's cursor is taken before it is read, so what changes meanwhile is known for it. Nothing is mended here:
    `sync --full` does, which writes what differs, brings what is missing and sweeps what is too much.
    """
    connected = hub.source(source)
    connected.require_mapped()
    at = now()
    with connected.connector.open(connected.settings, hub.tokens(source)) as session:
        streams = [_compared(hub, session, connected, mapping, progress) for mapping in connected.mappings]
    with writing(hub.engine) as connection:
        for mapping, stream in zip(connected.mappings, streams, strict=True):
            if not stream.unread:
                save(connection, source, stream, at)
                differing = [entity_id(source, stream.stream, external_id) for external_id in stream.differing]
                distrust(connection, mapping.into, differing)
    return Certificate(source, at, tuple(streams))


def _compared(
    hub: Hub, session: Any, source: Source, mapping: StreamMapping, progress: Progress | None
) -> StreamCertificate:
    with hub.engine.connect().execution_options(reading=True) as connection:
        stand = stand_of(connection, source.name, mapping.stream)
    if not _is_whole(stand, mapping, source.connector.place(session)):
        return StreamCertificate(mapping.stream, unread=True)
    assert stand.cursor is not None
    return compare(hub, session, source.connector.stream(mapping.stream), mapping, stand.cursor, progress)


def _is_whole(stand: Stand, mapping: StreamMapping, place: str) -> bool:
    """Whether all that is stored was read with this mapping and in this place."""
    return stand.settled and stand.cursor is not None and (stand.mapping, stand.place) == (mapping.fingerprint, place)
