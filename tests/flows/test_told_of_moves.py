"""What moves to another client is gone for the former one and new to the other, however it comes about."""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, select

from flows.hub import Hub
from flows.sync import sync_source
from hub.ids import entity_id
from store import crosswalk
from store.engine import writing
from store.hub_tables import Change
from store.tables import Invoice

MUELLER, ONEILL = entity_id("model", "Account", "A1"), entity_id("model", "Account", "A2")
NOBODY = entity_id("model", "Customer", "C3")
BILL = {"number": "77", "day": "2026-03-01", "total": 7, "balance": 7, "currency": "EUR"}


def told(hub: Hub) -> list[tuple[Any, ...]]:
    """What was told since this was last asked, in its order."""
    with writing(hub.engine) as connection:
        query = select(Change.c.entity, Change.c.kind, Change.c.client_id, Change.c.before).order_by(Change.c.seq)
        found = [tuple(row) for row in connection.execute(query)]
        connection.execute(delete(Change))
    return found


def put(hub: Hub, source: Any, stream: str, id_: str, **fields: Any) -> list[tuple[Any, ...]]:
    source.put(stream, id_, **fields)
    source.save()
    sync_source(hub, "model")
    return told(hub)


def of_each(entity: str, kind: str, client: str, n: int) -> list[tuple[Any, ...]]:
    return [(entity, kind, client, None)] * n


def test_an_invoice_that_names_another_customer_is_gone_for_one_and_new_to_the_other(hub: Hub, source: Any) -> None:
    sync_source(hub, "model")
    assert put(hub, source, "Invoice", "I77", customer="C1", **BILL) == of_each("invoice", "added", MUELLER, 1)
    gone, new = of_each("invoice", "removed", MUELLER, 1), of_each("invoice", "added", ONEILL, 1)
    assert put(hub, source, "Invoice", "I77", customer="C2", **BILL) == gone + new
    assert put(hub, source, "Invoice", "I77", customer="C3", **BILL) == of_each("invoice", "removed", ONEILL, 1)
    assert put(hub, source, "Invoice", "I77", customer="C1", **BILL) == of_each("invoice", "added", MUELLER, 1)
    held = put(hub, source, "Invoice", "I77", customer="C2", **BILL | {"day": "?"})
    assert held == gone, "nobody sees it while it is held"
    assert put(hub, source, "Invoice", "I77", customer="C2", **BILL) == new


def test_a_customer_that_is_given_to_another_client_takes_all_along_and_both_are_told(hub: Hub, source: Any) -> None:
    sync_source(hub, "model")
    source.put("Account", "A1", Name="Müller & Söhne", customer=None)
    found = put(hub, source, "Account", "A2", Name="O'Neill", customer="C1")
    found = [change for change in found if change[0] != "client"]
    with hub.engine.connect() as connection:
        moved = select(Invoice.c.id).where(Invoice.c.owner_id == entity_id("model", "Customer", "C1"))
        n = len(connection.execute(moved).all())
    assert sorted(found, key=str) == sorted(
        [
            *of_each("billing_account", "removed", MUELLER, 1),
            *of_each("billing_account", "added", ONEILL, 1),
            *of_each("invoice", "removed", MUELLER, n),
            *of_each("invoice", "added", ONEILL, n),
        ],
        key=str,
    )


def test_what_ops_link_by_hand_is_new_to_its_client_and_gone_once_they_take_it_back(hub: Hub, source: Any) -> None:
    sync_source(hub, "model")
    for client in (MUELLER, ONEILL):
        with writing(hub.engine) as connection:
            assert crosswalk.link(connection, NOBODY, client, "ops@firm.example")
    found = [(kind, client) for _, kind, client, _ in told(hub)]
    assert [kind for kind, client in found if client == MUELLER] == ["added"] * 7 + ["removed"] * 7
    assert [kind for kind, client in found if client == ONEILL] == ["added"] * 7
    with writing(hub.engine) as connection:
        assert crosswalk.unlink(connection, NOBODY)
    assert {(kind, client) for _, kind, client, _ in told(hub)} == {("removed", ONEILL)}


def test_a_crm_that_comes_after_the_books_is_no_news(hub: Hub, source: Any) -> None:
    file = (hub.settings.mappings_path or hub.folder.path) / "model" / "Account.yaml"
    text = file.read_text()
    file.unlink()
    sync_source(hub, "model")
    file.write_text(text)
    sync_source(hub, "model")
    with hub.engine.connect() as connection:
        assert MUELLER in set(connection.scalars(select(Invoice.c.client_id)))
    assert told(hub) == []


def test_who_is_matched_otherwise_by_another_mapping_is_no_news(hub: Hub, source: Any) -> None:
    sync_source(hub, "model")
    file = (hub.settings.mappings_path or hub.folder.path) / "model" / "Customer.yaml"
    file.write_text(file.read_text().replace("  - model.Customer: Id\n", ""))
    sync_source(hub, "model")
    with hub.engine.connect() as connection:
        assert MUELLER not in set(connection.scalars(select(Invoice.c.client_id)))
    assert told(hub) == []
