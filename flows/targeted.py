"""Targeted reads: one record now, because a webhook, a replay or a read-back asks for it. No flow has to start."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, select

from connectors.contract import Deleted, Record, Want
from flows import brake
from flows.batch import batch_of
from flows.hub import Hub, Source
from flows.places import refuse_elsewhere
from flows.turn import Turn, turn
from hub import any_json
from hub.clock import now
from hub.errors import BadRecord
from mappings.mapping import Mapping as StreamMapping
from store import crosswalk, held
from store.engine import writing
from store.hub_tables import HeldRecord
from store.merge import Counts, merge
from store.runs import call_for_sweep

Mapped = tuple[Source, StreamMapping]


def read_again(hub: Hub, source: str, stream: str, external_id: str) -> Counts:
    """Read one record from the source and store it as it is now, or bury it when it is gone.

    Raises RetryLater when the source is away, reads another place, or another worker is on the stream just now, and
    HeldRun when with this one too much would have gone: then it stays until the next sync, and ops decide.
    """
    # The lease comes first: what is read under it cannot be older than what another worker stores meanwhile.
    with turn(hub, source, stream, "targeted", lambda: _mapped(hub, source, stream)) as taken:
        connected, mapping = taken.found
        with connected.connector.open(connected.settings, hub.tokens(source)) as session:
            # Whose it is would be said by what another stream brought from there.
            refuse_elsewhere(hub, connected, session, [mapping.stream for mapping in connected.mappings])
            record = connected.connector.stream(stream).one(session, external_id, Want(mapping.source_fields))
            taken.requests = connected.connector.requests(session)
            taken.counts = _store(hub, taken, external_id, record)
    return taken.counts


def replay(hub: Hub, held_id: str) -> Counts:
    """Apply a held record's payload again, after its mapping was mended. BadRecord while it still cannot be taken."""
    row = _waiting(hub, held_id)
    with turn(hub, row.source, row.stream, "replay", lambda: _mapped(hub, row.source, row.stream)) as taken:
        # Again, under the lease: a sync may just have taken a newer version, or a newer payload.
        now_held = _waiting(hub, held_id)
        payload = any_json.loads(now_held.payload)
        taken.counts = _store(hub, taken, now_held.external_id, payload)
    if taken.counts.held:
        with hub.engine.connect().execution_options(reading=True) as connection:
            sentence = connection.scalar(select(HeldRecord.c.sentence).where(HeldRecord.c.id == held_id))
        raise BadRecord(f"The record still cannot be taken: {sentence}", code="still_held")
    return taken.counts


def _mapped(hub: Hub, source: str, stream: str) -> Mapped:
    """The source and the stream's mapping as they are now. NeedsPerson when one of them is not there (any more)."""
    connected = hub.source(source)
    return connected, connected.mapping(stream)


def _store(hub: Hub, taken: Turn[Mapped], external_id: str, record: Record | None) -> Counts:
    """The record as it is now, or its burial when there is none; news where a reading of the whole stream has news."""
    (_, mapping), stand = taken.found, taken.stand
    raw = any_json.dumps({"records": [record] if record is not None else []})
    gone = () if record is not None else (Deleted(external_id, now(), "deleted"),)
    records = [record] if record is not None else []
    settled = stand.settled and stand.mapping == mapping.fingerprint
    batch = batch_of(
        hub,
        mapping,
        taken.run_id,
        1,
        records,
        raw,
        deleted=gone,
        notify=stand.news,
        settled=settled,
        sifted=mapping.sieve is not None or not settled,
    )
    try:
        with writing(hub.engine) as connection:
            brake.refuse_leaving(connection, batch, stand.checked_at)
            counts = merge(connection, batch, {})
            if not counts.held:
                # One that was held under a name of ours, for want of an id, has another one now.
                held.release(connection, mapping.source, mapping.stream, [external_id])
    except brake.HeldRun:
        # The next sync weighs it again and shows ops, be it told by the feed or only by the list of ids.
        with writing(hub.engine) as connection:
            call_for_sweep(connection, mapping.source, [mapping.stream])
        raise
    if mapping.owner_kind:
        crosswalk.match_undecided(hub.engine)
    return counts


def _waiting(hub: Hub, held_id: str) -> Row[Any]:
    """A record that is still held. One that was taken since, or is gone, must not come back in its old form."""
    with hub.engine.connect().execution_options(reading=True) as connection:
        row = connection.execute(select(HeldRecord).where(HeldRecord.c.id == held_id)).first()
    if row is None:
        raise BadRecord(f"There is no held record {held_id!r}.", code="no_such_record")
    if row.resolved_at is not None:
        raise BadRecord("The record is not held any more: it was taken since, or is gone.", code="not_held")
    return row
