"""What a stream brought is nobody's until it has been read anew: it was another company's, or another kind of owner's.

Our ids are made of the source's own, and another company's customer 3 has the same one. Whose it was, what it was
recognised by, a link by hand: all of that was said of another customer. The rows stay, out of sight, so that the sweep
and its brake can weigh what is gone.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, Select, delete, false, or_, select, update

from store import held, left_out
from store.crosswalk import ANCHOR, OWNED
from store.hub_tables import ClientKey, Crosswalk, CrosswalkKey, Lease, LeftOut, StreamState
from store.live import held_ids
from store.tables import ENTITIES

NOBODYS = {"client_id": None, "rule": None, "evidence": None, "matched_at": None}
FITTING = {
    "self": Crosswalk.c.rule.is_not_distinct_from(ANCHOR),
    "match": Crosswalk.c.rule.is_distinct_from(ANCHOR),
}
"""By a mapping's kind of owner: which records of the crosswalk it can have stored."""


def elsewhere(connection: Connection, source: str, place: str) -> list[str]:
    """The streams of a source that were read in another place until now."""
    other = (StreamState.c.source == source, StreamState.c.place.is_not(None), StreamState.c.place != place)
    return list(connection.scalars(select(StreamState.c.stream).where(*other)))


def owns_otherwise(connection: Connection, source: str, stream: str, owner_kind: str) -> bool:
    """Whether a stream's records were clients and are matched to some from now on, or the other way round."""
    misfit = ~FITTING.get(owner_kind, false())
    query = select(Crosswalk.c.id).where(Crosswalk.c.source == source, Crosswalk.c.stream == stream, misfit).limit(1)
    return connection.execute(query).first() is not None


def begin_anew(connection: Connection, source: str, streams: Sequence[str], run_id: str) -> None:
    """Hide what these streams brought and forget whose it was. Who reads one of them still, elsewhere, stops.

    Call in a transaction where nobody else writes (crosswalk.writing, deciding).
    """
    of_others = (Lease.c.source == source, Lease.c.stream.in_(streams), Lease.c.run_id != run_id)
    connection.execute(delete(Lease).where(*of_others))
    for stream in streams:
        held.release(connection, source, stream, sorted(held_ids(connection, source, stream)))
        left_out.forget(connection, source, stream)
    for table in ENTITIES.values():
        # Without a hash each counts as changed, in whatever form it is read.
        blank = {"owner_id": None, "client_id": None, "content_hash": b""}
        mine = (table.c.source == source, table.c.stream.in_(streams), table.c.content_hash != b"")
        connection.execute(update(table).where(*mine).values(blank))
    _forget_owners(
        connection, select(Crosswalk.c.id).where(Crosswalk.c.source == source, Crosswalk.c.stream.in_(streams))
    )


def _forget_owners(connection: Connection, owners: Select[str]) -> None:
    """Nobody is owned through these records, nor linked to one of them as its client."""
    clients = owners.where(Crosswalk.c.rule == ANCHOR)
    for table in OWNED.values():
        theirs = or_(table.c.owner_id.in_(owners), table.c.client_id.in_(clients))
        connection.execute(update(table).where(table.c.client_id.is_not(None), theirs).values(client_id=None))
    linked = LeftOut.c.linked_to.in_(clients)
    connection.execute(update(LeftOut).where(linked).values(linked_to=None, evidence=None))
    connection.execute(delete(CrosswalkKey).where(CrosswalkKey.c.crosswalk_id.in_(owners)))
    connection.execute(delete(ClientKey).where(ClientKey.c.client_id.in_(clients)))
    matched = select(Crosswalk.c.id).where(Crosswalk.c.client_id.in_(clients))
    connection.execute(update(Crosswalk).where(Crosswalk.c.id.in_(matched)).values(NOBODYS))
    connection.execute(delete(Crosswalk).where(Crosswalk.c.id.in_(owners)))
