"""What the hub knows about itself: streams, runs, leases, identity, held records, changes, webhooks, tokens."""

import datetime as dt
from typing import Any

from sqlalchemy import Index, LargeBinary, PrimaryKeyConstraint, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from store.tables import Base, ClientOwned
from store.types import (
    Big,
    Facts,
    Id,
    Instant,
    Json,
    Line,
    Moment,
    OptionalLine,
    OptionalMoment,
    OptionalWord,
    Ref,
    Word,
)


class StreamState(Base):
    """Where one stream stands. The cursor moves only in the transaction that stores the rows it speaks of.

    high_water  the copy is true up to this source instant: the freshness that clients see
    loaded_at   when the first complete load ended; until then changes notify nobody
    mapping     the mapping that the present reading began with; the cursor counts for it alone
    mapped      the one that every row has been read with; another one while all is read again because of a change
    error       the last failure in plain words, NULL after a good run
    """

    __tablename__ = "stream_state"
    __table_args__ = (PrimaryKeyConstraint("source", "stream"),)

    source: Mapped[Word]
    stream: Mapped[Word]
    cursor: Mapped[dict[str, Any] | None] = mapped_column(Json)
    high_water: Mapped[OptionalMoment]
    loaded_at: Mapped[OptionalMoment]
    checked_at: Mapped[OptionalMoment]
    swept_at: Mapped[OptionalMoment]
    fields: Mapped[Facts]
    mapping: Mapped[OptionalWord]
    mapped: Mapped[OptionalWord]
    error: Mapped[str | None] = mapped_column(Text)
    error_kind: Mapped[OptionalWord]
    error_step: Mapped[str | None] = mapped_column(Text)


class Lease(Base):
    """Who works on a stream just now (`holder`: host:process).

    A lease past `until`, or whose process has died on this host, belongs to a dead worker and may be taken over.
    """

    __tablename__ = "lease"
    __table_args__ = (PrimaryKeyConstraint("source", "stream"),)

    source: Mapped[Word]
    stream: Mapped[Word]
    run_id: Mapped[str] = mapped_column(String(26))
    holder: Mapped[Line]
    until: Mapped[Moment]


class Run(Base):
    """One sync of one source. state: running, done, failed, partly (some streams failed), held (a brake)."""

    __tablename__ = "run"
    __table_args__ = (Index("ix_run_source_started", "source", "started_at"),)

    id: Mapped[Id]
    source: Mapped[Word]
    kind: Mapped[Word]
    state: Mapped[Word]
    started_at: Mapped[Moment]
    ended_at: Mapped[OptionalMoment]
    requests: Mapped[int | None]


class StreamRun(Base):
    """What one run did to one stream; seen = added + updated + unchanged + held + stale, removed counted apart."""

    __tablename__ = "stream_run"
    __table_args__ = (PrimaryKeyConstraint("run_id", "stream"), Index("ix_stream_run_stream", "source", "stream"))

    run_id: Mapped[str] = mapped_column(String(26))
    source: Mapped[Word]
    stream: Mapped[Word]
    state: Mapped[Word]
    seen: Mapped[int] = mapped_column(Big)
    added: Mapped[int] = mapped_column(Big)
    updated: Mapped[int] = mapped_column(Big)
    unchanged: Mapped[int] = mapped_column(Big)
    removed: Mapped[int] = mapped_column(Big)
    held: Mapped[int] = mapped_column(Big)
    seconds: Mapped[float]
    ended_at: Mapped[Moment]
    sentence: Mapped[str | None] = mapped_column(Text)


class Crosswalk(Base):
    """Identity: which client an owner record (account, customer, folder) stands for.

    rule        anchor (it is the client), the kind of key that matched, or manual; NULL while unmatched or ambiguous
    matched_at  when it was last decided; NULL: keys have changed since, decide again
    """

    __tablename__ = "crosswalk"
    __table_args__ = (Index("ix_crosswalk_client", "client_id"), Index("ix_crosswalk_matched", "matched_at"))

    id: Mapped[Id]
    source: Mapped[Word]
    stream: Mapped[Word]
    external_id: Mapped[str] = mapped_column(String(120))
    label: Mapped[OptionalLine]
    client_id: Mapped[Ref]
    rule: Mapped[OptionalWord]
    evidence: Mapped[OptionalLine]
    matched_at: Mapped[OptionalMoment]
    deleted_at: Mapped[OptionalMoment]


class CrosswalkKey(Base):
    """What an owner record offers to be recognised by; lower `rank` is tried first."""

    __tablename__ = "crosswalk_key"
    __table_args__ = (
        PrimaryKeyConstraint("crosswalk_id", "kind", "value"),
        Index("ix_crosswalk_key_value", "kind", "value"),
    )

    crosswalk_id: Mapped[str] = mapped_column(String(26))
    rank: Mapped[int]
    kind: Mapped[Word]
    value: Mapped[Line]


class ClientKey(Base):
    """What a client is known by: an id in another system, a domain, a name. Two clients may share one: ambiguous."""

    __tablename__ = "client_key"
    __table_args__ = (PrimaryKeyConstraint("client_id", "kind", "value"), Index("ix_client_key_value", "kind", "value"))

    client_id: Mapped[str] = mapped_column(String(26))
    kind: Mapped[Word]
    value: Mapped[Line]


class HeldRecord(ClientOwned, Base):
    """Quarantine: a record that could not be taken, with its reason and its raw payload, until it is replayed."""

    __tablename__ = "held_record"
    __table_args__ = (UniqueConstraint("source", "stream", "external_id"), Index("ix_held_record_client", "client_id"))

    id: Mapped[Id]
    source: Mapped[Word]
    stream: Mapped[Word]
    external_id: Mapped[str] = mapped_column(String(120))
    entity: Mapped[Word]
    owner_id: Mapped[Ref]
    reason: Mapped[Word]
    field: Mapped[OptionalLine]
    sentence: Mapped[str] = mapped_column(Text)
    suggestion: Mapped[str | None] = mapped_column(Text)
    payload: Mapped[str] = mapped_column(Text)
    batch: Mapped[str] = mapped_column(String(120))
    first_seen_at: Mapped[Moment]
    last_seen_at: Mapped[Moment]
    resolved_at: Mapped[OptionalMoment]


class Change(ClientOwned, Base):
    """What a run changed, for whoever must be told. Written in the transaction that changed it; never for a first load.

    kind    added, updated, removed, restored
    before  the old values of the columns that changed
    """

    __tablename__ = "change"
    __table_args__ = (Index("ix_change_client", "client_id", "seq"), {"sqlite_autoincrement": True})

    seq: Mapped[int] = mapped_column(Big, primary_key=True, autoincrement=True)
    run_id: Mapped[str] = mapped_column(String(26))
    entity: Mapped[Word]
    entity_id: Mapped[str] = mapped_column(String(26))
    kind: Mapped[Word]
    before: Mapped[Facts]
    at: Mapped[Moment]


INBOX_TRIES = 5
"""After so many failures polling is left to do it; the hint stays with its error for ops to see."""


LET_THROUGH = "ops-let-through:"
"""Begins the event id of a hint by which ops let a braked stream through, once. No webhook's may begin so."""


class Inbox(Base):
    """A webhook's hint: read this again now. Unique by the sender's event id; answered before it is worked on."""

    __tablename__ = "inbox"
    __table_args__ = (UniqueConstraint("source", "event_id"),)

    id: Mapped[Id]
    source: Mapped[Word]
    event_id: Mapped[str] = mapped_column(String(120))
    stream: Mapped[OptionalWord]
    external_id: Mapped[str | None] = mapped_column(String(120))
    received_at: Mapped[Moment]
    done_at: Mapped[OptionalMoment]
    attempts: Mapped[int]
    error: Mapped[str | None] = mapped_column(Text)


class Token(Base):
    """A credential that a vendor rotates, encrypted with the firm's secret key."""

    __tablename__ = "token"

    source: Mapped[str] = mapped_column(String(40), primary_key=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    stored_at: Mapped[dt.datetime] = mapped_column(Instant)
    locked_until: Mapped[OptionalMoment]
    locked_by: Mapped[str | None] = mapped_column(String(26))
