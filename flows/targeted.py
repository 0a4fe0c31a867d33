"""Targeted reads: one record now, because a webhook, a replay or a read-back asks for it. No flow has to start."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Row, select

from connectors.contract import Deleted, Record, Want
from flows.batch import batch_of
from flows.hub import Hub
from hub import any_json
from hub.clock import now
from hub.errors import BadRecord, RetryLater
from mappings.mapping import Mapping as StreamMapping
from store import crosswalk
from store.engine import writing
from store.hub_tables import HeldRecord
from store.merge import Counts, merge
from store.runs import StreamResult, begin, finish


@dataclass(slots=True)
class Turn:
    """A run of its own over one stream, which is leased for it."""

    hub: Hub
    mapping: StreamMapping
    run_id: str
    requests: int = 0
    counts: Counts = field(default_factory=Counts)

    def store(self, external_id: str, record: Record | None) -> Counts:
        """The record as it is now, or its burial when there is none."""
        raw = any_json.dumps({"records": [record] if record is not None else []})
        gone = () if record is not None else (Deleted(external_id, now(), "deleted"),)
        records = [record] if record is not None else []
        batch = batch_of(self.hub, self.mapping, self.run_id, 1, records, raw, deleted=gone)
        with writing(self.hub.engine) as connection:
            self.counts = merge(connection, batch, {})
        if self.mapping.owner_kind:
            crosswalk.match_undecided(self.hub.engine)
        return self.counts


def read_again(hub: Hub, source: str, stream: str, external_id: str) -> Counts:
    """Read one record from the source and store it as it is now, or bury it when it is gone.

    Raises RetryLater when the source is away or another worker is on the stream just now.
    """
    connected = hub.source(source)
    mapping = connected.mapping(stream)
    # The lease comes first: what is read under it cannot be older than what another worker stores meanwhile.
    with (
        _turn(hub, mapping, "targeted") as turn,
        connected.connector.open(connected.settings, hub.tokens(source)) as session,
    ):
        record = connected.connector.stream(stream).one(session, external_id, Want(mapping.source_fields))
        turn.requests = connected.connector.requests(session)
        return turn.store(external_id, record)


def replay(hub: Hub, held_id: str) -> Counts:
    """Apply a held record's payload again, after its mapping was mended. BadRecord while it still cannot be taken."""
    row = _waiting(hub, held_id)
    mapping = hub.source(row.source).mapping(row.stream)
    with _turn(hub, mapping, "replay") as turn:
        # Again, under the lease: a sync may just have taken a newer version, or a newer payload.
        row = _waiting(hub, held_id)
        counts = turn.store(row.external_id, any_json.loads(row.payload))
    if counts.held:
        with hub.engine.connect().execution_options(reading=True) as connection:
            sentence = connection.scalar(select(HeldRecord.c.sentence).where(HeldRecord.c.id == held_id))
        raise BadRecord(f"The record still cannot be taken: {sentence}", code="still_held")
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


@contextmanager
def _turn(hub: Hub, mapping: StreamMapping, kind: str) -> Iterator[Turn]:
    with writing(hub.engine) as connection:
        run = begin(connection, mapping.source, [mapping.stream], kind)
    turn, state = Turn(hub, mapping, run.id), "failed"
    try:
        if run.busy:
            state = "busy"
            raise RetryLater(f"Another worker is reading {mapping.source}.{mapping.stream} just now.", after=5)
        yield turn
        state = "done"
    finally:
        c = turn.counts
        sentence = "This reading did not come to its end; the schedule makes up for it." if state == "failed" else None
        result = StreamResult(
            mapping.stream, state, c.seen, c.added, c.updated, c.unchanged, c.removed, c.held, 0.0,
            sentence=sentence,
        )  # fmt: skip
        with writing(hub.engine) as connection:
            finish(connection, run, [result], turn.requests)
