"""Owner records that no client sees: the rules name nobody, or several; or what they are linked to is gone.

A link by hand outlives its client, for the client may come back; until then ops must hear that it leads nowhere. Those
whose client its mapping leaves out are told apart: nobody needs to find a client for them.
"""

from __future__ import annotations

from sqlalchemy import CTE, ColumnElement, and_, exists, or_, select

from store.crosswalk import ANCHOR, PARENT
from store.hub_tables import ClientKey, Crosswalk, CrosswalkKey, LeftOut

_anchor = Crosswalk.alias("gone_anchor")


def gone_clients() -> CTE:
    """The ids of clients that their source no longer has, or that their mapping leaves out from now on.

    Those that never were clients (`client_id` NULL) own no row, and may be many.
    """
    gone = (_anchor.c.rule == ANCHOR, _anchor.c.deleted_at.is_not(None), _anchor.c.client_id.is_not(None))
    return select(_anchor.c.id).where(*gone).cte("gone_client")


def is_unmatched() -> ColumnElement[bool]:
    """Whether a live row of the crosswalk stands for nobody who is there, and its client is not left out."""
    return and_(is_nobodys(), ~_is_below())


def is_of_left_out() -> ColumnElement[bool]:
    """Whether a live row of the crosswalk stands for nobody because its client is left out."""
    return and_(is_nobodys(), _is_below())


def is_nobodys() -> ColumnElement[bool]:
    """Whether a live row of the crosswalk stands for nobody who is there, for whatever reason."""
    adrift = and_(Crosswalk.c.rule != ANCHOR, Crosswalk.c.client_id.in_(select(gone_clients().c.id)))
    return and_(Crosswalk.c.deleted_at.is_(None), or_(Crosswalk.c.client_id.is_(None), adrift))


def _is_below() -> ColumnElement[bool]:
    by_hand = and_(Crosswalk.c.client_id.is_not(None), Crosswalk.c.client_id.in_(select(LeftOut.c.id)))
    return or_(by_hand, Crosswalk.c.id.in_(select(_below_left_out().c.id)))


def _below_left_out() -> CTE:
    """Records that name somebody who is left out, or whose parent does, and nobody else: also not several."""
    record, key = Crosswalk.alias("below_record"), CrosswalkKey.alias("below_key")
    nobodys = (record.c.client_id.is_(None), record.c.evidence.is_(None), record.c.deleted_at.is_(None))
    mine = key.c.crosswalk_id == record.c.id
    named = and_(ClientKey.c.kind == key.c.kind, ClientKey.c.value == key.c.value)
    client = exists().where(mine, named, LeftOut.c.id == ClientKey.c.client_id)
    parent = exists().where(mine, key.c.kind == PARENT, LeftOut.c.id == key.c.value)
    top = select(record.c.id).where(*nobodys, or_(client, parent)).cte("below_left_out", recursive=True)
    child = select(record.c.id).join(key, and_(mine, key.c.kind == PARENT)).join(top, top.c.id == key.c.value)
    return top.union(child.where(*nobodys))
