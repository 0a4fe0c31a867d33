"""Targeted reads: one record now, because a webhook, a replay or a read-back asks for it. No flow has to start."""

from __future__ import annotations

import orjson
from sqlalchemy import select

from connectors.contract import Record, Want
from flows.hub import Hub
from hub.clock import now
from hub.errors import BadRecord
from mappings.mapping import Mapping as StreamMapping
from mappings.mapping import content_hashes
from store import crosswalk
from store.hub_tables import HeldRecord
from store.merge import Batch, Counts, Gone, merge
from store.runs import StreamResult, begin, finish


def read_again(hub: Hub, source: str, stream: str, external_id: str) -> Counts:
    """Read one record from the source and store it as it is now, or bury it when it is gone.

    Raises RetryLater when the source is away or another worker is on the stream just now.
    """
    connected = hub.source(source)
    mapping = connected.mapping(stream)
    with connected.connector.open(connected.settings, hub.tokens(source)) as session:
        record = connected.connector.stream(stream).one(session, external_id, Want(mapping.source_fields))
        requests = connected.connector.requests(session)
    return _store_one(hub, mapping, external_id, record, "targeted", requests)


def replay(hub: Hub, held_id: str) -> Counts:
    """Apply a held record's payload again, after its mapping was mended. BadRecord while it still cannot be taken."""
    with hub.engine.connect().execution_options(reading=True) as connection:
        row = connection.execute(select(HeldRecord).where(HeldRecord.id == held_id)).first()
    if row is None:
        raise BadRecord(f"There is no held record {held_id!r}.", code="no_such_record")
    mapping = hub.source(row.source).mapping(row.stream)
    counts = _store_one(hub, mapping, row.external_id, orjson.loads(row.payload), "replay", 0)
    if counts.held:
        with hub.engine.connect().execution_options(reading=True) as connection:
            sentence = connection.scalar(select(HeldRecord.sentence).where(HeldRecord.id == held_id))
        raise BadRecord(f"The record still cannot be taken: {sentence}", code="still_held")
    return counts


def _store_one(
    hub: Hub, mapping: StreamMapping, external_id: str, record: Record | None, kind: str, requests: int
) -> Counts:
    raw = orjson.dumps({"records": [record] if record is not None else []})
    with hub.engine.begin() as connection:
        run = begin(connection, mapping.source, [mapping.stream], kind)
    counts = Counts()
    state = "busy"
    if mapping.stream in run.stands:
        applied = mapping.apply([record] if record is not None else [], raw)
        landed = hub.landing.land(mapping.source, mapping.stream, run.id, 1, raw)
        batch = Batch(
            source=mapping.source,
            stream=mapping.stream,
            entity=mapping.into,
            columns=mapping.row_columns,
            rows=applied.rows,
            hashes=content_hashes(applied),
            batch=landed,
            run_id=run.id,
            cursor=None,
            high_water=None,
            gone=[Gone(external_id, now(), "deleted")] if record is None else [],
            held=applied.held,
            owners=applied.owners,
            anchor=mapping.owner_kind == "self",
        )
        with hub.engine.begin() as connection:
            counts = merge(connection, batch, {})
            if mapping.owner_kind and crosswalk.undecided(connection):
                crosswalk.match(connection)
        state = "done"
    with hub.engine.begin() as connection:
        finish(connection, run, [_result(mapping.stream, state, counts)], requests)
    return counts


def _result(stream: str, state: str, counts: Counts) -> StreamResult:
    c = counts
    return StreamResult(stream, state, c.seen, c.added, c.updated, c.unchanged, c.removed, c.held, 0.0)
