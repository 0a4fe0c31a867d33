"""A record that moves to another client while it cannot be taken: nobody sees what is no longer theirs."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from flows.hub import Hub
from flows.sync import sync_source
from hub.ids import entity_id
from store import crosswalk
from store.held import ACCESS_REVOKED
from store.hub_tables import HeldRecord
from store.tables import Invoice, Person, ShipmentEvent

MUELLER, ONEILL = entity_id("model", "Account", "A1"), entity_id("model", "Account", "A2")
BILL = {"number": "77", "day": "2026-03-01", "total": 7, "balance": 7, "currency": "EUR", "customer": "C1"}
UNREADABLE = {"total": "a lot"}


def whose(hub: Hub, external_id: str, table: Any = Invoice) -> str | None:
    with hub.engine.connect() as connection:
        found: str | None = connection.scalar(select(table.c.client_id).where(table.c.external_id == external_id))
        return found


def held_for(hub: Hub) -> list[str | None]:
    with hub.engine.connect() as connection:
        return list(connection.scalars(select(HeldRecord.c.client_id).where(HeldRecord.c.resolved_at.is_(None))))


def put(source: Any, stream: str, id_: str, **fields: Any) -> None:
    source.put(stream, id_, **fields)
    source.save()


def test_an_invoice_that_moves_while_it_is_held_leaves_its_former_client_at_once(hub: Hub, source: Any) -> None:
    put(source, "Invoice", "I77", **BILL)
    sync_source(hub, "model")
    assert whose(hub, "I77") == MUELLER
    put(source, "Invoice", "I77", **BILL | UNREADABLE | {"customer": "C2"})
    sync_source(hub, "model")
    assert whose(hub, "I77") is None, "the old version belongs to nobody: not to the new client either"
    assert held_for(hub) == [ONEILL]
    with hub.engine.begin() as connection:
        for _ in range(2):
            crosswalk.match(connection)
        crosswalk.settle(connection, "invoice")
    assert whose(hub, "I77") is None
    put(source, "Invoice", "I77", **BILL | {"customer": "C2"})
    sync_source(hub, "model")
    assert whose(hub, "I77") == ONEILL


def test_an_invoice_that_comes_back_as_it_was_is_seen_again(hub: Hub, source: Any) -> None:
    put(source, "Invoice", "I77", **BILL)
    sync_source(hub, "model")
    put(source, "Invoice", "I77", **BILL | UNREADABLE | {"customer": "C3"})
    sync_source(hub, "model")
    put(source, "Invoice", "I77", **BILL)
    sync_source(hub, "model")
    assert whose(hub, "I77") == MUELLER
    assert held_for(hub) == []


def test_an_invoice_that_names_nobody_any_more_while_it_is_held_is_seen_by_nobody(hub: Hub, source: Any) -> None:
    put(source, "Invoice", "I77", **BILL)
    sync_source(hub, "model")
    put(source, "Invoice", "I77", **BILL | UNREADABLE | {"customer": None})
    sync_source(hub, "model")
    assert whose(hub, "I77") is None


def test_an_invoice_that_is_held_and_stays_with_its_client_is_still_seen_as_it_was(hub: Hub, source: Any) -> None:
    put(source, "Invoice", "I77", **BILL)
    sync_source(hub, "model")
    put(source, "Invoice", "I77", **BILL | UNREADABLE)
    sync_source(hub, "model")
    assert whose(hub, "I77") == MUELLER


SHIPMENT = """
source: model
stream: Shipment
into: shipment
key: Id
modified: at
owner: {stream: Account, id: account}
fields: {number: number, status: status}
"""
EVENT = """
source: model
stream: Event
into: shipment_event
key: Id
modified: at
owner: {stream: Account, id: shipment.account}
fields: {code: code, happened_at: at, shipment_id: {from: shipment.Id, refers_to: Shipment}}
"""


@pytest.fixture
def shipping(hub: Hub, source: Any) -> Hub:
    """A shipment of the first client with an event of its own, and one that says it is the second's."""
    folder = hub.settings.mappings_path
    assert folder is not None
    (folder / "model" / "Shipment.yaml").write_text(SHIPMENT.lstrip())
    (folder / "model" / "Event.yaml").write_text(EVENT.lstrip())
    put(source, "Shipment", "S1", number="HBL-1", status="booked", account="A1")
    put(source, "Event", "E1", code="departed", shipment={"Id": "S1", "account": "A1"})
    put(source, "Event", "E2", code="arrived", shipment={"Id": "S1", "account": "A2"})
    sync_source(hub, "model")
    return hub


def events(hub: Hub) -> dict[str, str | None]:
    return {key: whose(hub, key, ShipmentEvent) for key in ("E1", "E2")}


def test_a_shipment_that_moves_to_another_client_takes_its_events_along(shipping: Hub, source: Any) -> None:
    assert events(shipping) == {"E1": MUELLER, "E2": ONEILL}
    # The source writes the shipment alone; its events keep their time of change.
    put(source, "Shipment", "S1", number="HBL-1", status="in_transit", account="A2")
    sync_source(shipping, "model")
    assert events(shipping) == {"E1": ONEILL, "E2": ONEILL}


def test_a_shipment_that_moves_while_it_is_held_takes_its_events_out_of_sight(shipping: Hub, source: Any) -> None:
    put(source, "Shipment", "S1", number="n" * 300, status="in_transit", account="A2")
    sync_source(shipping, "model")
    assert events(shipping) == {"E1": None, "E2": ONEILL}
    put(source, "Shipment", "S1", number="HBL-1", status="in_transit", account="A2")
    sync_source(shipping, "model")
    assert events(shipping) == {"E1": ONEILL, "E2": ONEILL}


CONTACT = """
source: model
stream: Contact
into: person
key: Id
modified: at
owner: {stream: Account, id: account}
fields:
  name: name
  email: {from: email, as: email}
  phone: phone
  role: {from: role, values: {Boss: owner, Helper: member}}
"""
JANA = {"name": "Jana", "email": "jana@mueller.example", "phone": "1", "role": "Boss", "account": "A1"}


@pytest.fixture
def contacts(hub: Hub, source: Any) -> Hub:
    """A contact who may come in, as the first client's owner."""
    folder = hub.settings.mappings_path
    assert folder is not None
    (folder / "model" / "Contact.yaml").write_text(CONTACT.lstrip())
    put(source, "Contact", "P1", **JANA)
    sync_source(hub, "model")
    assert roles(hub) == ["owner"]
    return hub


def roles(hub: Hub) -> list[str | None]:
    with hub.engine.connect() as connection:
        return list(connection.scalars(select(Person.c.role)))


def told_of(hub: Hub) -> list[str]:
    """The held contacts of whom ops are told that they cannot sign in."""
    with hub.engine.connect() as connection:
        query = select(HeldRecord.c.external_id).where(HeldRecord.c.resolved_at.is_(None), ACCESS_REVOKED)
        return list(connection.scalars(query))


@pytest.mark.parametrize(
    "change",
    [{"role": None}, {"role": "Helper"}, {"role": "Nobody knows"}, {"email": "other@x.example"}, {"email": None}],
)
def test_a_contact_who_is_held_and_whose_access_changes_does_not_come_in(
    contacts: Hub, source: Any, change: dict[str, Any]
) -> None:
    put(source, "Contact", "P1", **JANA | {"phone": "9" * 50} | change)
    sync_source(contacts, "model")
    assert (roles(contacts), told_of(contacts)) == ([None], ["P1"])
    put(source, "Contact", "P1", **JANA)
    sync_source(contacts, "model")
    assert roles(contacts) == ["owner"], "as it was before, it counts as changed all the same"
    assert told_of(contacts) == []


def test_a_contact_who_is_held_for_something_else_comes_in_as_before(contacts: Hub, source: Any) -> None:
    put(source, "Contact", "P1", **JANA | {"phone": "9" * 50})
    sync_source(contacts, "model")
    assert (roles(contacts), told_of(contacts)) == (["owner"], [])


def test_a_contact_who_moves_while_held_cannot_sign_in_however_it_comes_about(contacts: Hub, source: Any) -> None:
    moved = {"phone": "9" * 50, "account": "A2"}
    for change in ({"phone": "9" * 50, "role": "Helper"}, moved | {"role": "Helper"}, moved):
        put(source, "Contact", "P1", **JANA | change)
        sync_source(contacts, "model")
        assert (roles(contacts), told_of(contacts)) == ([None], ["P1"])
    put(source, "Contact", "P1", **JANA | {"account": "A2"})
    sync_source(contacts, "model")
    assert (roles(contacts), told_of(contacts)) == (["owner"], [])


def test_of_a_contact_who_never_had_access_nobody_is_told_that_it_is_lost(contacts: Hub, source: Any) -> None:
    put(source, "Contact", "P1", **JANA | {"role": None})
    sync_source(contacts, "model")
    put(source, "Contact", "P1", **JANA | {"phone": "9" * 50, "role": "Helper", "account": "A2"})
    put(source, "Contact", "P2", **JANA | {"phone": "9" * 50})
    sync_source(contacts, "model")
    assert len(held_for(contacts)) == 2
    assert told_of(contacts) == []


def test_a_contact_who_only_moves_while_held_cannot_sign_in(contacts: Hub, source: Any) -> None:
    put(source, "Contact", "P1", **JANA | {"phone": "9" * 50, "account": "A2"})
    sync_source(contacts, "model")
    assert (roles(contacts), told_of(contacts)) == ([None], ["P1"])
    put(source, "Contact", "P1", **JANA)
    sync_source(contacts, "model")
    assert (roles(contacts), told_of(contacts), whose(contacts, "P1", Person)) == (["owner"], [], MUELLER)


def test_a_contact_who_is_gone_while_held_is_told_of_no_more(contacts: Hub, source: Any) -> None:
    put(source, "Contact", "P1", **JANA | {"phone": "9" * 50, "role": "Helper"})
    sync_source(contacts, "model")
    source.delete("Contact", "P1")
    source.save()
    sync_source(contacts, "model")
    assert told_of(contacts) == []


def test_a_record_that_a_page_shows_bad_and_good_stays_in_sight(hub: Hub, source: Any) -> None:
    put(source, "Invoice", "I77", **BILL)
    sync_source(hub, "model")
    source.put("Invoice", "I77", **BILL | {"balance": 5})
    source.rows["Invoice"]["I77x"] = source.rows["Invoice"]["I77"] | UNREADABLE | {"customer": "C2"}
    source.save()
    sync_source(hub, "model")
    assert whose(hub, "I77") == MUELLER
    assert held_for(hub) == []
