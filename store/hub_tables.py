"""What the hub knows about itself: streams, runs, leases, identity, held records, changes, webhooks, tokens."""

from __future__ import annotations

from sqlalchemy import Column, Index, LargeBinary, PrimaryKeyConstraint, String, Table, TypedColumns, UniqueConstraint

from store.columns import (
    METADATA,
    ClientOwned,
    Count,
    Facts,
    Flag,
    Hash,
    Id,
    Items,
    Key,
    KeyKind,
    Line,
    Moment,
    Number,
    OptionalKey,
    OptionalKeyKind,
    OptionalLine,
    OptionalMoment,
    OptionalNumber,
    OptionalProse,
    OptionalRowId,
    OptionalStreamName,
    OptionalWord,
    Prose,
    Ref,
    RowId,
    Seconds,
    Sequential,
    StreamName,
    Word,
)


class StreamStateColumns(TypedColumns):
    """Where one stream stands. The cursor moves only in the transaction that stores the rows it speaks of.

    high_water  the copy is true up to this source instant: the freshness that clients see
    loaded_at   when the first complete load ended; until then changes notify nobody
    mapping     the mapping that the present reading began with; the cursor counts for it alone
    mapped      the one that every row has been read with; another one while all is read again because of a change
    place       the org, company or folder that is read; the cursor counts for it alone
    matched_at  when its last certificate was made, if that found no difference
    not_compared  why the last comparison came to nothing, NULL after one that did
    error       the last failure in plain words, NULL after a good run
    """

    source = Word
    stream = StreamName
    cursor = Facts
    high_water = OptionalMoment
    loaded_at = OptionalMoment
    checked_at = OptionalMoment
    swept_at = OptionalMoment
    matched_at = OptionalMoment
    not_compared = OptionalProse
    fields = Facts
    mapping = OptionalWord
    mapped = OptionalWord
    place = OptionalLine
    error = OptionalProse
    error_kind = OptionalWord
    error_step = OptionalProse


StreamState = Table("stream_state", METADATA, StreamStateColumns, PrimaryKeyConstraint("source", "stream"))


class LeaseColumns(TypedColumns):
    """Who works on a stream just now (`holder`: host:process).

    A lease past `until`, or whose process has died on this host, belongs to a dead worker and may be taken over.
    """

    source = Word
    stream = StreamName
    run_id = RowId
    holder = Line
    until = Moment


Lease = Table("lease", METADATA, LeaseColumns, PrimaryKeyConstraint("source", "stream"))


class RunColumns(TypedColumns):
    """One run over a source's streams.

    kind   sync, full, sweep, targeted, replay, forget
    state  running, done, partly (some streams failed), failed, held (a brake), busy (others work on them), died
    """

    id = Id
    source = Word
    kind = Word
    state = Word
    started_at = Moment
    ended_at = OptionalMoment
    requests = OptionalNumber


Run = Table("run", METADATA, RunColumns, Index("ix_run_source_started", "source", "started_at"))


class StreamRunColumns(TypedColumns):
    """What one run did to one stream; seen = added + updated + unchanged + left_out + held, removed counted apart."""

    run_id = RowId
    source = Word
    stream = StreamName
    state = Word
    seen = Count
    added = Count
    updated = Count
    unchanged = Count
    removed = Count
    left_out = Count
    held = Count
    seconds = Seconds
    ended_at = Moment
    sentence = OptionalProse


StreamRun = Table(
    "stream_run",
    METADATA,
    StreamRunColumns,
    PrimaryKeyConstraint("run_id", "stream"),
    Index("ix_stream_run_stream", "source", "stream"),
)


class CrosswalkColumns(TypedColumns):
    """Identity: which client an owner record (account, customer, folder) stands for.

    rule        anchor (it is the client), the kind of key that matched, or manual; NULL while unmatched or ambiguous
    matched_at  when it was last decided; NULL: keys have changed since, decide again
    """

    id = Id
    source = Word
    stream = StreamName
    external_id = Key
    label = OptionalLine
    client_id = Ref
    rule = OptionalKeyKind
    evidence = OptionalLine
    matched_at = OptionalMoment
    deleted_at = OptionalMoment


Crosswalk = Table(
    "crosswalk",
    METADATA,
    CrosswalkColumns,
    Index("ix_crosswalk_client", "client_id"),
    Index("ix_crosswalk_matched", "matched_at"),
)


class CrosswalkKeyColumns(TypedColumns):
    """What an owner record offers to be recognised by; lower `rank` is tried first."""

    crosswalk_id = RowId
    rank = Number
    kind = KeyKind
    value = Line


CrosswalkKey = Table(
    "crosswalk_key",
    METADATA,
    CrosswalkKeyColumns,
    PrimaryKeyConstraint("crosswalk_id", "kind", "value"),
    Index("ix_crosswalk_key_value", "kind", "value"),
)


class ClientKeyColumns(TypedColumns):
    """What a client is known by: an id in another system, a domain, a name. Two clients may share one: ambiguous."""

    client_id = RowId
    kind = KeyKind
    value = Line


ClientKey = Table(
    "client_key",
    METADATA,
    ClientKeyColumns,
    PrimaryKeyConstraint("client_id", "kind", "value"),
    Index("ix_client_key_value", "kind", "value"),
)


class LeftOutColumns(TypedColumns):
    """A record that its mapping leaves out: that it is there at its source, and what it would own is seen by nobody.

    content_hash         of what it is known by (crosswalk, client_key): equal means nothing to write
    linked_to, evidence  of an owner record that ops had linked by hand: for its return
    """

    id = Id
    source = Word
    stream = StreamName
    external_id = Key
    content_hash = Hash
    linked_to = OptionalRowId
    evidence = OptionalLine


LeftOut = Table("left_out", METADATA, LeftOutColumns, Index("ix_left_out_stream", "source", "stream"))


class HeldRecordColumns(ClientOwned):
    """Quarantine: a record that could not be taken, with its reason and its raw payload, until it is replayed."""

    id = Id
    source = Word
    stream = StreamName
    external_id = Key
    entity = Word
    owner_id = Ref
    reason = Word
    field = OptionalLine
    sentence = Prose
    suggestion = OptionalProse
    payload = Prose
    batch = Line
    first_seen_at = Moment
    last_seen_at = Moment
    resolved_at = OptionalMoment


HeldRecord = Table(
    "held_record",
    METADATA,
    HeldRecordColumns,
    UniqueConstraint("source", "stream", "external_id"),
    Index("ix_held_record_client", "client_id"),
)


class ChangeColumns(ClientOwned):
    """What a run changed, for whoever must be told. Written in the transaction that changed it; never for a first load.

    run_id  empty where rows went to another client because it was decided anew whose they are
    kind    added, updated, removed, restored; what moves to another client is removed for one and added for the other
    before  the old values of the columns that changed
    """

    seq = Sequential
    run_id = RowId
    entity = Word
    entity_id = RowId
    kind = Word
    before = Facts
    at = Moment


Change = Table(
    "change", METADATA, ChangeColumns, Index("ix_change_client", "client_id", "seq"), sqlite_autoincrement=True
)


INBOX_TRIES = 5
"""After so many failures polling is left to do it; the hint stays with its error for ops to see."""


LET_THROUGH = "ops-let-through:"
"""Begins the event id of a hint by which ops let a braked stream through, once. No webhook's may begin so."""


class CertificateColumns(TypedColumns):
    """A stream once compared with its source, record by record: how many each side has, and what is not the same.

    on_the_way   records that the next sync was to bring, and so no difference
    differences  [{external_id, kind, fields}], kind being missing, surplus or differing; the first of them, all counted
    totals       [{column, currency, theirs, ours}], minor units
    """

    source = Word
    stream = StreamName
    at = Moment
    agrees = Flag
    theirs = Count
    ours = Count
    held = Count
    left_out = Count
    on_the_way = Count
    missing = Count
    surplus = Count
    differing = Count
    differences = Items
    totals = Items


Certificate = Table("certificate", METADATA, CertificateColumns, PrimaryKeyConstraint("source", "stream", "at"))


class InboxColumns(TypedColumns):
    """A webhook's hint: read this again now. Unique by the sender's event id; answered before it is worked on."""

    id = Id
    source = Word
    event_id = Key
    stream = OptionalStreamName
    external_id = OptionalKey
    received_at = Moment
    done_at = OptionalMoment
    attempts = Number
    error = OptionalProse


Inbox = Table("inbox", METADATA, InboxColumns, UniqueConstraint("source", "event_id"))


class TokenColumns(TypedColumns):
    """A credential that a vendor rotates, encrypted with the firm's secret key."""

    source = Column(String(40), primary_key=True)
    sealed = Column(LargeBinary, nullable=False)
    stored_at = Moment


Token = Table("token", METADATA, TokenColumns)
