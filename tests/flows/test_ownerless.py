"""A record whose source names no owner, or one that is not here, is seen by nobody: ops are told how many there are."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import event

from flows.forget import forget_stream
from flows.hub import Hub
from flows.status import status
from flows.sync import sync_source
from hub.ids import entity_id
from store import crosswalk, ownerless

BILL = {"number": "77", "day": "2026-03-01", "total": 7, "balance": 7, "currency": "EUR", "customer": "C1"}


def put(source: Any, stream: str, id_: str, **fields: Any) -> None:
    source.put(stream, id_, **fields)
    source.save()


def told(hub: Hub) -> tuple[int, dict[str, int]]:
    found = status(hub.engine)
    return found.ownerless, {stream.stream: stream.ownerless for stream in found.streams if stream.ownerless}


def test_an_invoice_that_names_no_customer_or_an_unknown_one_is_counted(hub: Hub, source: Any) -> None:
    sync_source(hub, "model")
    assert told(hub) == (0, {}), "what belongs to an unmatched customer is told with that customer"
    put(source, "Invoice", "I00", **BILL | {"customer": None})
    put(source, "Invoice", "I01", **BILL | {"customer": "C404"})
    sync_source(hub, "model")
    assert told(hub) == (2, {"Invoice": 2})
    with hub.engine.connect() as connection:
        listed = [(row.external_id, row.label) for row in ownerless.some(connection, 10)]
        assert listed == [("I00", "77"), ("I01", "77")]
        assert len(ownerless.some(connection, 1)) == 1


def test_one_whose_owner_arrives_or_that_is_gone_is_not_counted_any_more(hub: Hub, source: Any) -> None:
    put(source, "Invoice", "I00", **BILL | {"customer": "C404"})
    put(source, "Invoice", "I01", **BILL | {"customer": None})
    sync_source(hub, "model")
    assert told(hub) == (2, {"Invoice": 2})
    put(source, "Customer", "C404", Name="Müller & Söhne")
    source.delete("Invoice", "I01")
    source.save()
    sync_source(hub, "model")
    assert told(hub) == (0, {})


def test_an_unmatched_customer_that_is_gone_leaves_its_invoices_without_an_owner(hub: Hub, source: Any) -> None:
    sync_source(hub, "model")
    source.delete("Customer", "C3")
    source.save()
    sync_source(hub, "model", full=True)
    assert told(hub) == (6, {"Invoice": 6})


@pytest.mark.parametrize("linked", [True, False])
def test_a_client_that_is_gone_leaves_nothing_behind_that_ops_do_not_hear_of(
    hub: Hub, source: Any, linked: bool
) -> None:
    change = (
        (hub.folder.path / "model" / "Invoice.yaml").read_text().replace("Customer, id: customer", "Account, id: a")
    )
    (hub.folder.path / "model" / "Invoice.yaml").write_text(change)
    put(source, "Invoice", "I00", **BILL | {"a": "A2"})
    sync_source(hub, "model")
    before, (others, _) = status(hub.engine).unmatched, told(hub)
    if linked:
        with hub.engine.begin() as connection:
            customer, client = entity_id("model", "Customer", "C3"), entity_id("model", "Account", "A2")
            assert crosswalk.link(connection, customer, client, "ops@firm.example")
        assert status(hub.engine).unmatched == before - 1
    source.delete("Account", "A2")
    source.save()
    sync_source(hub, "model")
    assert told(hub)[0] == others + 1, "the invoice that names the account itself"
    assert status(hub.engine).unmatched == before + 1, "whatever was linked, and the customer of its name"
    put(source, "Account", "A2", Name="O'Neill", customer=None)
    sync_source(hub, "model")
    assert (status(hub.engine).unmatched, told(hub)[0]) == (before - linked, others)


def test_what_is_held_is_told_as_held_alone(hub: Hub, source: Any) -> None:
    sync_source(hub, "model")
    put(source, "Invoice", "I00", **BILL | {"customer": None, "total": "a lot"})
    sync_source(hub, "model")
    assert status(hub.engine).held == 1
    assert told(hub) == (0, {})


def test_what_was_forgotten_is_missed_by_nobody(hub: Hub, source: Any) -> None:
    put(source, "Invoice", "I00", **BILL | {"customer": None})
    sync_source(hub, "model")
    (hub.folder.path / "model" / "Invoice.yaml").unlink()
    forget_stream(hub, "model", "Invoice")
    assert told(hub)[0] == 0


def test_counting_and_listing_take_a_statement_each(hub: Hub, source: Any) -> None:
    statements: list[str] = []
    with hub.engine.connect().execution_options(reading=True) as connection:
        event.listen(connection, "before_cursor_execute", lambda *told: statements.append(told[2]))
        ownerless.count(connection)
        ownerless.some(connection, 5)
    assert len([sql for sql in statements if sql.startswith(("SELECT", "WITH"))]) == 2
