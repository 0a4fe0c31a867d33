"""Another org or folder under a source's name is read from its beginning, and nothing of the last one stays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from connectors.contract import Content
from flows.content import open_content
from flows.hub import Hub
from flows.status import status
from flows.sweep import sweep_source
from flows.sync import sync_source
from flows.targeted import read_again, replay
from hub.errors import BadRecord, NeedsPerson, RetryLater
from hub.settings import Source
from store import crosswalk
from store.engine import writing
from store.hub_tables import Change, Crosswalk, HeldRecord
from store.merge import burial, merge
from store.runs import begin
from store.tables import BillingAccount, Client, Invoice


@pytest.fixture
def faults() -> list[Any]:
    return []


@pytest.fixture
def moving(make_hub: Callable[..., Hub], faults: list[Any]) -> tuple[Hub, list[str]]:
    """A hub, and the place that its source reads, which can be changed."""
    hub, place = make_hub(faults), ["old"]
    connector = replace(hub.find_connector("model"), place=lambda _: place[0])
    return replace(hub, find_connector=lambda _: connector), place


def elsewhere(source: Any) -> None:
    """A source with other records, all of them older than what was read last."""
    there = type(source)(source.path)
    there.put("Account", "B1", Name="Other & Co", customer="D1")
    there.put("Customer", "D1", Name="Other")
    there.put("Invoice", "J1", number="1", day="2026-01-01", total=1, balance=1, currency="EUR", customer="D1")
    there.save()


def names(hub: Hub) -> set[str]:
    with hub.engine.connect() as connection:
        clients = select(Client.c.name).where(Client.c.deleted_at.is_(None))
        return {*connection.scalars(clients), *connection.scalars(select(Invoice.c.number).where(
            Invoice.c.deleted_at.is_(None)))}  # fmt: skip


def changes(hub: Hub) -> int:
    with hub.engine.connect() as connection:
        return connection.scalar(select(func.count()).select_from(Change).where(Change.c.kind != "removed")) or 0


def test_what_is_older_there_is_read_all_the_same_and_is_news_to_nobody(moving: Any, source: Any) -> None:
    hub, place = moving
    sync_source(hub, "model")
    elsewhere(source)
    sync_source(hub, "model")
    assert "Other & Co" not in names(hub), "by the cursor alone nothing of it is found"
    place[0] = "new"
    sync_source(hub, "model")
    assert {"Other & Co", "1"} <= names(hub)
    assert changes(hub) == 0


def test_what_the_last_place_brought_goes_once_a_person_has_agreed(moving: Any, source: Any) -> None:
    hub, place = moving
    for number in range(20):
        source.put("Account", f"N{number}", Name=f"N{number}", customer=None)
    source.save()
    sync_source(hub, "model")
    elsewhere(source)
    place[0] = "new"
    assert sync_source(hub, "model").state == "partly"
    assert "O'Neill" in names(hub)
    assert "held" in {stream.state for stream in status(hub.engine).streams}
    sync_source(hub, "model", let_through=True)
    assert names(hub) == {"Other & Co", "1"}
    assert {stream.state for stream in status(hub.engine).streams} == {"fine"}


def test_a_first_reading_there_that_breaks_off_goes_on_and_stays_no_news(
    moving: Any, source: Any, faults: list[Any]
) -> None:
    hub, place = moving
    sync_source(hub, "model")
    for number in range(100):
        source.put("Account", f"N{number}", Name=f"New {number}", customer=None)
    source.save()
    place[0] = "new"
    faults.extend([NeedsPerson("It is broken.", step="Mend it.")])
    assert sync_source(hub, "model", ["Account"]).state == "failed"
    assert sync_source(hub, "model", ["Account"]).state == "done"
    assert "New 99" in names(hub)
    assert changes(hub) == 0
    source.put("Account", "N100", Name="New 100", customer=None)
    source.save()
    sync_source(hub, "model", ["Account"])
    assert changes(hub) > 0, "from then on news is news again"


def test_a_store_that_knew_no_place_takes_the_present_one_without_a_word(
    moving: Any, source: Any, tmp_path: Path
) -> None:
    hub, place = moving
    place[0] = None
    sync_source(hub, "model")
    place[0] = "here"
    summary = sync_source(hub, "model")
    assert {stream.state for stream in summary.streams} == {"done"}
    assert sum(stream.added + stream.updated + stream.removed for stream in summary.streams) == 0
    assert sync_source(hub, "model").requests == 3, "read again once"


@pytest.fixture
def books(moving: Any, source: Any, tmp_path: Path) -> tuple[Hub, list[str], Any]:
    """A CRM with Acme and Beta, and books apart from it, whose customers have small numbers. Number 3 was linked."""
    hub, place = moving
    texts = {file.stem: file.read_text() for file in (tmp_path / "mappings" / "model").iterdir()}
    for name, stream in (("crm", "Account"), ("books", "Customer"), ("books", "Invoice")):
        folder = tmp_path / "two" / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{stream}.yaml").write_text(
            texts[stream].replace("source: model", f"source: {name}").replace("model.Customer", "books.Customer")
        )
    truths = {name: type(source)(tmp_path / f"{name}.json") for name in ("crm", "books")}
    sources = {name: Source(connector="model", path=truth.path) for name, truth in truths.items()}
    chosen = hub.settings.model_copy(update={"sources": sources, "mappings_path": tmp_path / "two"})
    hub = replace(hub, settings=chosen)
    company(truths["crm"], "Account", {"A1": "Acme", "A2": "Beta"}, "", 0)
    company(truths["books"], "Customer", {"1": "Acme", "2": "Beta", "3": "Acme Logistik GmbH"}, "OLD", 60)
    sync_source(hub, "crm")
    sync_source(hub, "books")
    with writing(hub.engine) as connection:
        acme = connection.scalars(select(Client.c.id).where(Client.c.name == "Acme")).one()
        third = connection.scalars(select(Crosswalk.c.id).where(Crosswalk.c.external_id == "3")).one()
        assert crosswalk.link(connection, third, acme, "ops@firm.example")
    return hub, place, truths["books"]


def company(truth: Any, stream: str, names: dict[str, str], prefix: str, invoices: int) -> None:
    """Make a source that of another company, whose ids begin at the same numbers."""
    truth.rows, truth.clock = {}, 0
    for id_, name in names.items():
        truth.put(stream, id_, Name=name, customer=None)
    for n in range(invoices):
        truth.put("Invoice", str(n), number=f"{prefix}-{n}", day="2026-03-01", total=1, balance=1, currency="EUR",
                  customer=str(n % 3 + 1))  # fmt: skip
    truth.save()


def seen(hub: Hub) -> dict[str, set[str]]:
    """By client, from which company the invoices and customers are that it sees."""
    found: dict[str, set[str]] = {}
    with hub.engine.connect() as connection:
        for table, name in ((Invoice, Invoice.c.number), (BillingAccount, BillingAccount.c.name)):
            query = select(Client.c.name, name).join(table, table.c.client_id == Client.c.id)
            for client, text in connection.execute(query.where(table.c.deleted_at.is_(None))):
                found.setdefault(client, set()).add(text.partition("-")[0])
    return found


def test_of_two_companies_with_the_same_numbers_nobody_sees_what_is_anothers(books: Any) -> None:
    hub, place, truth = books
    assert seen(hub) == {"Acme": {"Acme", "Acme Logistik GmbH", "OLD"}, "Beta": {"Beta", "OLD"}}
    told = changes(hub)
    company(truth, "Customer", {"1": "Beta", "2": "Acme", "3": "A perfect stranger"}, "NEW", 12)
    place[0] = "company 2"
    for _ in range(2):
        states = {result.stream: result.state for result in sync_source(hub, "books").streams}
        assert states == {"Customer": "done", "Invoice": "held"}, "the brake still asks before it takes what is gone"
        assert seen(hub) == {"Acme": {"Acme", "NEW"}, "Beta": {"Beta", "NEW"}}
    assert changes(hub) == told
    company(truth, "Customer", {"1": "Acme", "2": "Beta", "3": "Acme Logistik GmbH"}, "OLD", 60)
    place[0] = "old"
    sync_source(hub, "books")
    assert seen(hub) == {"Acme": {"Acme", "OLD"}, "Beta": {"Beta", "OLD"}}, "all but what was linked by hand"


def test_who_reads_only_one_stream_there_shows_nothing_by_what_another_one_brought(books: Any) -> None:
    hub, place, truth = books
    company(truth, "Customer", {"1": "Beta", "2": "Acme", "3": "A perfect stranger"}, "NEW", 60)
    place[0] = "company 2"
    sync_source(hub, "books", ["Invoice"])
    sync_source(hub, "crm", full=True)
    assert seen(hub) == {}
    sync_source(hub, "books")
    assert seen(hub) == {"Acme": {"Acme", "NEW"}, "Beta": {"Beta", "NEW"}}


def test_nothing_is_read_there_record_by_record_before_the_next_sync(books: Any) -> None:
    hub, place, truth = books
    company(truth, "Customer", {"1": "Beta"}, "NEW", 60)
    place[0] = "company 2"
    with pytest.raises(RetryLater, match="another place"):
        read_again(hub, "books", "Invoice", "0")
    assert {result.removed for result in sweep_source(hub, "books")} == {0}
    plain = hub.find_connector("model")
    file = Content("application/pdf", iter((b"an invoice of company 2",)))
    stream = replace(plain.stream("Invoice"), content=lambda session, id_: file)
    filing = replace(hub, find_connector=lambda _: replace(plain, stream=lambda _: stream))
    with pytest.raises(RetryLater), open_content(filing, "books", "Invoice", "0"):
        pass
    sync_source(hub, "books")
    assert read_again(hub, "books", "Invoice", "0").unchanged == 1
    with open_content(filing, "books", "Invoice", "0") as content:
        assert content is file


def test_a_worker_that_still_reads_the_last_company_stores_nothing_more(books: Any) -> None:
    hub, place, _ = books
    with writing(hub.engine) as connection:
        slow = begin(connection, "books", ["Invoice"])
    place[0] = "company 2"
    assert {result.state for result in sync_source(hub, "books").streams} == {"busy", "done"}
    with pytest.raises(RetryLater), writing(hub.engine) as connection:
        merge(connection, burial("books", "Invoice", "invoice", slow.id, ["0"], "purged"), {})


def test_what_the_last_company_left_in_quarantine_is_not_tried_again(books: Any) -> None:
    hub, place, truth = books
    truth.put("Invoice", "9", number="OLD", day="?", total=1, balance=1, currency="EUR", customer="1")
    truth.save()
    sync_source(hub, "books")
    company(truth, "Customer", {"1": "Beta"}, "NEW", 9)
    place[0] = "company 2"
    sync_source(hub, "books")
    with hub.engine.connect() as connection:
        held = connection.scalars(select(HeldRecord.c.id)).one()
    with pytest.raises(BadRecord, match="not held any more"):
        replay(hub, held)


def test_where_ids_are_the_worlds_own_all_stays_in_sight_until_it_is_read(books: Any) -> None:
    hub, place, _ = books
    plain = hub.find_connector("model")
    hub = replace(hub, find_connector=lambda _: replace(plain, unique_ids=True))
    before = seen(hub)
    place[0] = "the same org, under another name"
    sync_source(hub, "books")
    assert seen(hub) == before, "with what was linked by hand"
