"""Reconcile: set our copy beside the source, record by record, and certify that they agree or name every difference."""

from __future__ import annotations

import datetime as dt
from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from flows.compare import StreamCertificate, compare
from flows.hub import Hub, Source
from flows.patience import TRIES
from flows.pull import Progress
from flows.sweep import unexpected
from hub.clock import now
from hub.errors import FrontdeskError, RetryLater
from hub.ids import entity_id
from mappings.mapping import Mapping as StreamMapping
from store.certificates import could_not, distrust, save
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


def reconcile_source(
    hub: Hub, source: str, progress: Progress | None = None, streams: Sequence[str] | None = None
) -> Certificate:
    """Compare the streams of a source, all or some, and keep what comes of each. NeedsPerson without any mapping.

    Each stream's cursor is taken before it is read, so what changes meanwhile is known for it. One that cannot be
    compared says why, and costs the others nothing. Nothing is mended here: `sync --full` does, which writes what
    differs, brings what is missing and sweeps what is too much.
    """
    connected = hub.source(source)
    connected.require_mapped()
    at, found = now(), list[StreamCertificate]()
    with closing(_one_by_one(hub, connected, streams, progress)) as certificates:
        for mapping, one in certificates:
            found.append(one)
            with writing(hub.engine) as connection:
                _keep(connection, mapping, one, at)
    return Certificate(source, at, tuple(found))


def _one_by_one(
    hub: Hub, source: Source, streams: Sequence[str] | None, progress: Progress | None
) -> Generator[tuple[StreamMapping, StreamCertificate]]:
    """Each stream's certificate as soon as it is made."""
    waiting = [mapping for mapping in source.mappings if streams is None or mapping.stream in streams]
    tries = TRIES
    try:
        with source.connector.open(source.settings, hub.tokens(source.name)) as session:
            while waiting:
                one = _compared(hub, session, source, waiting[0], progress, tries)
                # A source that stayed away through one stream's patience is asked only once for each of the others.
                tries = 1 if one.error_kind == RetryLater.__name__ else TRIES
                yield waiting.pop(0), one
    except FrontdeskError as error:
        # The source cannot be opened at all.
        yield from ((mapping, _failed(mapping.stream, error)) for mapping in waiting)


def _compared(
    hub: Hub, session: Any, source: Source, mapping: StreamMapping, progress: Progress | None, tries: int
) -> StreamCertificate:
    try:
        with hub.engine.connect().execution_options(reading=True) as connection:
            stand = stand_of(connection, source.name, mapping.stream)
        if stand.cursor is None or not _is_whole(stand, mapping, source.connector.place(session)):
            return StreamCertificate(mapping.stream, unread=True)
        stream = source.connector.stream(mapping.stream)
        return compare(hub, session, stream, mapping, stand.cursor, progress, tries)
    except FrontdeskError as error:
        return _failed(mapping.stream, error)
    except Exception as error:  # noqa: BLE001 -- `unexpected` tells the log
        return _failed(mapping.stream, unexpected(error, f"the comparison of {source.name}.{mapping.stream}"))


def _is_whole(stand: Stand, mapping: StreamMapping, place: str) -> bool:
    """Whether all that is stored was read with this mapping and in this place."""
    return stand.settled and (stand.mapping, stand.place) == (mapping.fingerprint, place)


def _failed(stream: str, error: FrontdeskError) -> StreamCertificate:
    away = isinstance(error, RetryLater)
    kind = RetryLater.__name__ if away else type(error).__name__
    after = error.after if isinstance(error, RetryLater) else None
    return StreamCertificate(stream, sentence=error.sentence, step=error.step, error_kind=kind, after=after)


def _keep(connection: Connection, mapping: StreamMapping, one: StreamCertificate, at: dt.datetime) -> None:
    could_not(connection, mapping.source, one.stream, one.sentence)
    if one.compared:
        save(connection, mapping.source, one, at)
        differing = [entity_id(mapping.source, one.stream, external_id) for external_id in one.differing]
        distrust(connection, mapping.into, differing)
