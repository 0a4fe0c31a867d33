"""A customer below a customer follows its parent to the client, however deep the source nests them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select

from flows.hub import Hub
from flows.sync import sync_source
from store.crosswalk import undecided
from store.hub_tables import Crosswalk


def test_all_of_a_deep_tree_are_the_clients(hub: Hub, source: Any) -> None:
    for depth in range(12):
        parent = f"D{depth - 1:02}" if depth else "C1"
        source.put("Customer", f"D{depth:02}", Name=f"Site {depth}", parent=parent)
    source.save()
    sync_source(hub, "model")
    with hub.engine.connect() as connection:
        below = Crosswalk.c.external_id.startswith("D")
        clients = connection.execute(
            select(Crosswalk.c.client_id, func.count()).where(below).group_by(Crosswalk.c.client_id)
        ).all()
        assert not undecided(connection)
    assert [(client is not None, count) for client, count in clients] == [(True, 12)]


def test_customers_that_are_each_others_parents_end_it_all_the_same(hub: Hub, source: Any) -> None:
    source.put("Customer", "X1", Name="Nobody", parent="X2")
    source.put("Customer", "X2", Name="Mueller", parent="X1")
    source.save()
    sync_source(hub, "model")
    with hub.engine.connect() as connection:
        assert not undecided(connection)
