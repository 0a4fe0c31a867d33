"""Owner records that no client sees: the rules name nobody, or several; or what they are linked to is gone.

A link by hand outlives its client, for the client may come back; until then ops must hear that it leads nowhere.
"""

from __future__ import annotations

from sqlalchemy import CTE, ColumnElement, and_, or_, select

from store.crosswalk import ANCHOR
from store.hub_tables import Crosswalk

_anchor = Crosswalk.alias("gone_anchor")


def gone_clients() -> CTE:
    """The ids of clients that their source no longer has."""
    return select(_anchor.c.id).where(_anchor.c.rule == ANCHOR, _anchor.c.deleted_at.is_not(None)).cte("gone_client")


def is_unmatched() -> ColumnElement[bool]:
    """Whether a live row of the crosswalk stands for nobody who is there."""
    adrift = and_(Crosswalk.c.rule != ANCHOR, Crosswalk.c.client_id.in_(select(gone_clients().c.id)))
    return and_(Crosswalk.c.deleted_at.is_(None), or_(Crosswalk.c.client_id.is_(None), adrift))
