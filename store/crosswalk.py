"""Identity: which client an owner record stands for, decided by explicit keys, never by likeness.

The decision for one record is a pure function of its keys and of who claims them (`decide`). A record matched by hand
stays so. Whenever a decision changes, every row owned through the record follows in the same transaction.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Protocol

from sqlalchemy import Connection, Engine, Select, Table, and_, delete, func, or_, select, true, update

from hub.clock import now
from store import moves, rows
from store.engine import take_turns
from store.hub_tables import ClientKey, Crosswalk, CrosswalkKey, HeldRecord
from store.tables import ENTITIES, Client

ANCHOR, MANUAL, PARENT = "anchor", "manual", "parent"
OWNED: Mapping[str, Table[Any]] = {**ENTITIES, HeldRecord.name: HeldRecord}
"""What belongs to a client through an owner record."""
IDENTITY = "identity"
IDENTITY_COLUMNS = ("id", "source", "stream", "external_id", "label", "matched_at", "deleted_at")
KEY_COLUMNS = ("crosswalk_id", "kind", "value", "rank")
Keys = dict[tuple[object, ...], None]


class OwnerRecord(Protocol):
    """An owner record as the mapping found it: keys are (kind, value), best first."""

    @property
    def id(self) -> str: ...
    @property
    def external_id(self) -> str: ...
    @property
    def label(self) -> str | None: ...
    @property
    def keys(self) -> tuple[tuple[str, str], ...]: ...


@dataclass(frozen=True, slots=True)
class Decision:
    """client_id None: nobody, or several (`ambiguous`). `rule` is the kind of key that decided."""

    client_id: str | None
    rule: str | None = None
    evidence: str | None = None
    ambiguous: bool = False


def decide(candidates: Sequence[tuple[int, str, str, str]]) -> Decision:
    """The first rank that names somebody decides; two clients at that rank mean nobody.

    `candidates` are (rank, kind, value, client_id) in any order.
    """
    for _, found in groupby(sorted(candidates), key=lambda candidate: candidate[0]):
        claims = list(found)
        clients = {client for *_, client in claims}
        _, kind, value, client = claims[0]
        if len(clients) > 1:
            return Decision(None, evidence=f"{kind} {value} belongs to {len(clients)} clients"[:255], ambiguous=True)
        return Decision(client, kind, value)
    return Decision(None)


def register(connection: Connection, source: str, stream: str, owners: Iterable[OwnerRecord], *, anchor: bool) -> None:
    """Store owner records and the keys they offer. An anchor is itself the client, and is known by its keys.

    What is known as it is stays decided: a balance that changes is nothing to recognise a customer by.
    """
    offered = {owner.id: owner for owner in owners}
    keys = {owner.id: _keys(owner, anchor=anchor) for owner in offered.values()}
    known = _known(connection, list(offered), anchor=anchor)
    fresh = [owner for owner in offered.values() if known.get(owner.id) != (owner.label, keys[owner.id])]
    columns = (*IDENTITY_COLUMNS, "client_id", "rule") if anchor else IDENTITY_COLUMNS
    identity: list[tuple[object, ...]] = [
        (o.id, source, stream, o.external_id, o.label, None, None, *((o.id, ANCHOR) if anchor else ())) for o in fresh
    ]
    rows.insert(connection, "crosswalk", columns, [row for row in identity if row[0] not in known])
    rows.upsert(connection, "crosswalk", columns, [row for row in identity if row[0] in known])
    _store_keys(connection, {o.id: keys[o.id] for o in fresh}, [o.id for o in fresh if o.id in known], anchor=anchor)


def _keys(owner: OwnerRecord, *, anchor: bool) -> Keys:
    """(kind, value) of a client, (kind, value, rank) of what is matched to one; each once, as it comes first."""
    if anchor:
        return dict.fromkeys(owner.keys)
    ranked = {key: rank for rank, key in reversed(list(enumerate(owner.keys)))}
    return {(*key, rank): None for key, rank in ranked.items()}


def _known(connection: Connection, ids: Sequence[str], *, anchor: bool) -> dict[str, tuple[str | None, Keys] | None]:
    """Of those that are stored: label and keys; None for one that is gone, or was stored as another kind of record."""
    query = select(Crosswalk.c.id, Crosswalk.c.label, Crosswalk.c.rule, Crosswalk.c.deleted_at)
    stored = connection.execute(query.where(rows.among(connection, Crosswalk.c.id, ids))).all()
    known: dict[str, tuple[str | None, Keys] | None] = {row.id: None for row in stored}
    here = {row.id: row.label for row in stored if row.deleted_at is None and (row.rule == ANCHOR) == anchor}
    if here:
        known |= {key: (label, {}) for key, label in here.items()}
        columns = [*ClientKey.c] if anchor else [getattr(CrosswalkKey.c, name) for name in KEY_COLUMNS]
        for key, *rest in connection.execute(select(*columns).where(rows.among(connection, columns[0], here))):
            standing = known[key]
            assert standing is not None
            standing[1][tuple(rest)] = None
    return known


def _store_keys(connection: Connection, keys: Mapping[str, Keys], again: Sequence[str], *, anchor: bool) -> None:
    table, column = (ClientKey, ClientKey.c.client_id) if anchor else (CrosswalkKey, CrosswalkKey.c.crosswalk_id)
    if again:
        connection.execute(delete(table).where(rows.among(connection, column, again)))
    names = ("client_id", "kind", "value") if anchor else KEY_COLUMNS
    rows.insert(connection, table.name, names, [(id_, *key) for id_, offered in keys.items() for key in offered])


def match(connection: Connection) -> dict[str, str | None]:
    """Decide again for every record that rules may decide; returns what changed, by crosswalk id.

    Runs until nothing changes, because a sub-customer follows its parent, which may itself just have been matched; or
    until the same changes come again, as where two are each other's parents.
    """
    take_turns(connection, IDENTITY)
    changed: dict[str, str | None] = {}
    former: dict[str, str | None] = {}
    rounds: list[dict[str, str | None]] = [{}]
    while True:
        moved: dict[str, str | None] = {}
        for key, old, evidence, decision in _decisions(connection):
            if (decision.client_id, decision.evidence) != (old, evidence):
                _write(connection, key, decision)
            if decision.client_id != old:
                moved[key] = decision.client_id
                former.setdefault(key, old)
        changed.update(moved)
        if moved in rounds:
            break
        rounds.append(moved)
    undecided_anchor = (
        select(Crosswalk.c.id).where(Crosswalk.c.rule == ANCHOR, Crosswalk.c.matched_at.is_(None)).limit(1)
    )
    arrived = connection.execute(undecided_anchor).first() is not None
    connection.execute(update(Crosswalk).where(Crosswalk.c.matched_at.is_(None)).values(matched_at=now()))
    if changed:
        propagate(connection, former)
    if arrived:
        # A client may arrive after what is its own: both were made between the readings of their streams.
        for entity in OWNED:
            settle(connection, entity)
    return changed


def match_undecided(engine: Engine) -> None:
    """`match` in a transaction of its own, where keys have changed since the last time."""
    with engine.connect().execution_options(reading=True) as connection:
        if not undecided(connection):
            return
    with engine.begin() as connection:
        match(connection)


def writing(connection: Connection, *, deciding: bool = False) -> None:
    """Begin a transaction that writes rows by the crosswalk as it is: nobody decides anew before it has committed.

    Rows that it writes are hidden from another's `propagate` until then, and would keep the former client for ever.
    `deciding`: it may propagate itself, so nobody else writes meanwhile.
    """
    take_turns(connection, IDENTITY, shared=not deciding)


def undecided(connection: Connection) -> bool:
    """Whether keys have changed since the last `match`, also one that a dead process never came to."""
    query = select(Crosswalk.c.id).where(Crosswalk.c.matched_at.is_(None), Crosswalk.c.deleted_at.is_(None)).limit(1)
    return connection.execute(query).first() is not None


def _decisions(connection: Connection) -> Iterator[tuple[str, str | None, str | None, Decision]]:
    found = connection.execute(_candidates()).all()
    for (key, old, evidence), group in groupby(found, key=lambda row: (row.id, row.client_id, row.evidence)):
        claims = [(row.rank, row.kind, row.value, row.candidate) for row in group if row.candidate is not None]
        yield key, old, evidence, decide(claims)


def _candidates() -> Select[*tuple[Any, ...]]:
    parent, anchor = Crosswalk.alias(), Crosswalk.alias()
    named = and_(ClientKey.c.kind == CrosswalkKey.c.kind, ClientKey.c.value == CrosswalkKey.c.value)
    alive = and_(anchor.c.id == ClientKey.c.client_id, anchor.c.deleted_at.is_(None))
    candidate = func.coalesce(parent.c.client_id, anchor.c.id).label("candidate")
    key = (CrosswalkKey.c.rank, CrosswalkKey.c.kind, CrosswalkKey.c.value)
    return (
        select(Crosswalk.c.id, Crosswalk.c.client_id, Crosswalk.c.evidence, *key, candidate)
        .join(CrosswalkKey, CrosswalkKey.c.crosswalk_id == Crosswalk.c.id, isouter=True)
        .join(parent, and_(CrosswalkKey.c.kind == PARENT, parent.c.id == CrosswalkKey.c.value), isouter=True)
        .join(ClientKey, named, isouter=True)
        .join(anchor, alive, isouter=True)
        .where(
            or_(Crosswalk.c.rule.is_(None), Crosswalk.c.rule.not_in((ANCHOR, MANUAL))), Crosswalk.c.deleted_at.is_(None)
        )
        .order_by(Crosswalk.c.id)
    )


def _write(connection: Connection, key: str, decision: Decision) -> None:
    connection.execute(
        update(Crosswalk)
        .where(Crosswalk.c.id == key)
        .values(
            client_id=decision.client_id,
            rule=decision.rule,
            evidence=decision.evidence,
            matched_at=now(),
        )
    )


def propagate(connection: Connection, former: Mapping[str, str | None], *, by_hand: bool = False) -> None:
    """Give every row owned through these records the client that the crosswalk now names, and tell both.

    `former`: by record, its client until now. The rows are then among those of nobody, which an index knows by owner,
    or among those of the former clients; an index of all owners would make every load slower.
    """
    moves.tell(connection, former, by_hand=by_hand)
    for table in OWNED.values():
        client = select(Crosswalk.c.client_id).where(Crosswalk.c.id == table.c.owner_id).scalar_subquery()
        for chunk in rows.chunks(list(former)):
            change = update(table).where(table.c.owner_id.in_(chunk)).values(client_id=client)
            clients = {former[key] for key in chunk} - {None}
            if clients:
                connection.execute(change.where(table.c.client_id.in_(clients)))
            connection.execute(change.where(table.c.client_id.is_(None)))


def settle(connection: Connection, entity: str) -> int:
    """Rows that were stored before their owner record was matched; returns how many were mended."""
    writing(connection)
    table = OWNED[entity]
    client = select(Crosswalk.c.client_id).where(Crosswalk.c.id == table.c.owner_id)
    missing = and_(table.c.client_id.is_(None), table.c.owner_id.is_not(None))
    matched = client.where(Crosswalk.c.client_id.is_not(None)).exists()
    if not connection.execute(select(table.c.id).where(missing, matched).limit(1)).first():
        return 0
    return connection.execute(update(table).where(missing, matched).values(client_id=client.scalar_subquery())).rowcount


def link(connection: Connection, crosswalk_id: str, client_id: str, staff_email: str) -> bool:
    """Ops say whose a record is; the rows behind it follow at once. False when there is no such record or client."""
    take_turns(connection, IDENTITY)
    if connection.scalar(select(true()).where(Client.c.id == client_id, Client.c.deleted_at.is_(None))) is None:
        return False
    linkable = and_(Crosswalk.c.id == crosswalk_id, or_(Crosswalk.c.rule.is_(None), Crosswalk.c.rule != ANCHOR))
    former = connection.execute(select(Crosswalk.c.client_id).where(linkable)).first()
    if former is None:
        return False
    decision = Decision(client_id, MANUAL, f"linked by {staff_email}"[:255])
    _write(connection, crosswalk_id, decision)
    propagate(connection, {crosswalk_id: former.client_id}, by_hand=True)
    return True


def unlink(connection: Connection, crosswalk_id: str) -> bool:
    """Take back what ops said: the rows are nobody's, until the rules decide. False when nobody has said anything."""
    take_turns(connection, IDENTITY)
    said = and_(Crosswalk.c.id == crosswalk_id, Crosswalk.c.rule == MANUAL)
    former = connection.execute(select(Crosswalk.c.client_id).where(said)).first()
    if former is None:
        return False
    nobodys = {"client_id": None, "rule": None, "evidence": None, "matched_at": None}
    connection.execute(update(Crosswalk).where(said).values(nobodys))
    propagate(connection, {crosswalk_id: former.client_id})
    return True


def clients_of(connection: Connection, owner_ids: Iterable[str]) -> dict[str, str]:
    """The clients of owner records, where there is one."""
    query = select(Crosswalk.c.id, Crosswalk.c.client_id).where(
        rows.among(connection, Crosswalk.c.id, owner_ids), Crosswalk.c.client_id.is_not(None)
    )
    return {key: client for key, client in connection.execute(query) if client}


def bury(connection: Connection, crosswalk_ids: Sequence[str], at: dt.datetime) -> None:
    """Owner records that the source no longer has: they match nobody new; their rows stay as they are."""
    for chunk in rows.chunks(crosswalk_ids):
        done = connection.execute(update(Crosswalk).where(Crosswalk.c.id.in_(chunk)).values(deleted_at=at))
        if done.rowcount:
            _reopen(connection, chunk)


def _reopen(connection: Connection, buried: Sequence[str]) -> None:
    """Records that a buried client could be meant by are decided again: of two of one name, one is left."""
    named = and_(ClientKey.c.kind == CrosswalkKey.c.kind, ClientKey.c.value == CrosswalkKey.c.value)
    shared = select(CrosswalkKey.c.crosswalk_id).join(ClientKey, named).where(ClientKey.c.client_id.in_(buried))
    connection.execute(update(Crosswalk).where(Crosswalk.c.id.in_(shared)).values(matched_at=None))
