"""What happens between runs, between streams and between two processes: no record is lost, and none goes astray."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import orjson
import pytest
from sqlalchemy import select

from flows.batch import batch_of
from flows.hub import Hub
from flows.sweep import sweep_source
from flows.sync import sync_source
from flows.targeted import replay
from hub.errors import BadRecord, RetryLater
from hub.ids import entity_id
from store import crosswalk
from store.hub_tables import Crosswalk, HeldRecord, StreamState
from store.merge import merge
from store.runs import begin
from store.tables import Invoice, Milestone

MUELLER, ONEILL = entity_id("model", "Account", "A1"), entity_id("model", "Account", "A2")
BILL = {"number": "77", "day": "2026-03-01", "total": 7, "balance": 7, "currency": "EUR", "customer": "C1"}
TOO_LONG = {"number": "n" * 50}


def invoices(hub: Hub) -> dict[str, tuple[int, str | None]]:
    with hub.engine.connect() as connection:
        found = connection.execute(select(Invoice).where(Invoice.c.deleted_at.is_(None)))
        return {row.external_id: (row.balance_minor, row.client_id) for row in found}


def waiting(hub: Hub) -> list[Any]:
    with hub.engine.connect() as connection:
        return list(connection.execute(select(HeldRecord).where(HeldRecord.c.resolved_at.is_(None))))


def change_mapping(hub: Hub, stream: str, old: str, new: str) -> None:
    assert hub.settings.mappings_path is not None
    file = hub.settings.mappings_path / "model" / f"{stream}.yaml"
    file.write_text(file.read_text().replace(old, new))
    hub.__dict__.pop("mappings", None)


def link(hub: Hub, customer: str, client: str) -> None:
    with hub.engine.begin() as connection:
        crosswalk.link(connection, entity_id("model", "Customer", customer), client, "ops@firm.example")


def test_an_old_version_is_not_replayed_over_the_one_that_was_taken_since(hub: Hub, source: Any) -> None:
    source.put("Invoice", "I77", **BILL | TOO_LONG)
    source.save()
    sync_source(hub, "model")
    [held] = waiting(hub)
    source.put("Invoice", "I77", **BILL | {"balance": 3})
    source.save()
    sync_source(hub, "model")
    change_mapping(hub, "Invoice", "number: number", "memo: number")
    with pytest.raises(BadRecord, match="not held any more"):
        replay(hub, held.id)
    assert invoices(hub)["I77"] == (300, MUELLER)


def test_a_client_that_arrives_after_what_is_its_own_gets_it(hub: Hub, source: Any) -> None:
    # Both were made between the reading of the accounts and that of the invoices.
    change_mapping(hub, "Invoice", "{stream: Customer, id: customer}", "{stream: Account, id: customer}")
    source.put("Invoice", "I77", **BILL | {"customer": "A9"})
    source.put("Invoice", "I78", **BILL | TOO_LONG | {"customer": "A9"})
    source.save()
    sync_source(hub, "model")
    assert invoices(hub)["I77"][1] is None
    source.put("Account", "A9", Name="Late", customer=None)
    source.save()
    sync_source(hub, "model")
    late = entity_id("model", "Account", "A9")
    assert invoices(hub)["I77"][1] == late
    assert [held.client_id for held in waiting(hub)] == [late]


def decided_at(hub: Hub) -> dict[str, Any]:
    with hub.engine.connect() as connection:
        return dict(connection.execute(select(Crosswalk.c.external_id, Crosswalk.c.matched_at)).all())


def test_only_what_a_customer_is_known_by_has_it_decided_again(hub: Hub, source: Any) -> None:
    change_mapping(hub, "Customer", "  name: Name", "  name: Name\n  phone: phone")
    sync_source(hub, "model")
    decided = decided_at(hub)
    source.put("Customer", "C2", Name="o'neill", phone="+44 1")
    source.put("Customer", "C1", Name="Mueller", phone="+49 1")
    source.put("Account", "A2", Name="O'Neill", customer=None, touched=True)
    source.save()
    assert [result.updated for result in sync_source(hub, "model").streams] == [0, 2, 0]
    assert decided_at(hub) == decided
    source.put("Customer", "C1", Name="Müller & Söhne", phone="+49 1")
    source.put("Customer", "C2", Name="Somebody else", phone="+44 1")
    source.save()
    sync_source(hub, "model")
    again = decided_at(hub)
    assert {key for key in again if again[key] != decided[key]} == {"C1", "C2"}
    source.delete("Customer", "C1")
    source.save()
    sync_source(hub, "model")
    source.put("Customer", "C1", Name="Müller & Söhne", phone="+49 1")
    source.save()
    sync_source(hub, "model")
    assert decided_at(hub)["C1"] > again["C1"], "one that returns is decided again"


@pytest.mark.parametrize("seen_by", ["feed", "sweep"])
def test_of_two_clients_of_one_name_the_one_that_is_left_gets_its_records(hub: Hub, source: Any, seen_by: str) -> None:
    source.put("Account", "A3", Name="O'Neill", customer=None)
    source.save()
    sync_source(hub, "model")
    assert invoices(hub)["I01"][1] is None
    if seen_by == "feed":
        source.delete("Account", "A3")
        source.save()
        sync_source(hub, "model")
    else:
        source.purge("Account", "A3")
        source.save()
        sweep_source(hub, "model")
    assert invoices(hub)["I01"][1] == ONEILL


def test_who_is_linked_elsewhere_during_a_load_keeps_no_rows_at_the_former_client(
    hub: Hub, source: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flows.pull.TOGETHER", 1)
    said: list[str] = []

    def ops_interfere(stream: str, _counts: Any) -> None:
        if stream == "Invoice" and not said:
            said.append(stream)
            link(hub, "C1", ONEILL)

    sync_source(hub, "model", progress=ops_interfere)
    assert {invoices(hub)[f"I{number:02}"][1] for number in range(0, 20, 3)} == {ONEILL}


def test_who_is_linked_while_a_page_is_being_written_takes_that_page_along(hub: Hub, source: Any) -> None:
    sync_source(hub, "model")
    record = dict(source.rows["Invoice"]["I00"], Id="I99")
    mapping = hub.source("model").mapping("Invoice")
    ops = threading.Thread(target=link, args=(hub, "C1", ONEILL))
    with hub.engine.begin() as connection:
        run = begin(connection, "model", ["Invoice"])
    with hub.engine.begin() as connection:
        merge(connection, batch_of(hub, mapping, run.id, 1, [record], orjson.dumps(record)), {})
        ops.start()
        ops.join(0.3)
    ops.join(10)
    assert invoices(hub)["I99"][1] == invoices(hub)["I00"][1] == ONEILL


def test_a_mass_delete_in_small_pages_is_held_and_does_not_creep_on_with_every_run(
    hub: Hub, source: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules["model_source"], "PAGE", 25)
    for number in range(400):
        source.put("Invoice", f"J{number:03}", **BILL)
    source.save()
    sync_source(hub, "model")
    for number in range(400):
        source.delete("Invoice", f"J{number:03}")
    source.save()
    states = [sync_source(hub, "model").streams[-1].state for _ in range(4)]
    assert states == ["held"] * 4
    assert len(invoices(hub)) > 0.7 * 420 - 25
    assert sync_source(hub, "model", let_through=True).state == "done"
    assert len(invoices(hub)) == 20
    assert sync_source(hub, "model").state == "done"


def test_deletes_that_are_told_again_are_not_weighed_again(hub: Hub, source: Any) -> None:
    sync_source(hub, "model")
    for number in range(18):
        source.delete("Invoice", f"I{number:02}")
        source.save()
        assert sync_source(hub, "model").state == "done"
    assert len(invoices(hub)) == 2


def test_a_held_record_that_the_source_has_no_more_waits_for_nobody(hub: Hub, source: Any) -> None:
    source.put("Invoice", "I77", **BILL | TOO_LONG)
    source.put("Invoice", "I78", **BILL)
    source.rows["Invoice"]["I78"]["Id"] = ""
    source.save()
    sync_source(hub, "model")
    source.purge("Invoice", "I77")
    source.save()
    sweep_source(hub, "model")
    assert [held.reason for held in waiting(hub)] == ["no_id"], "what has no id of its own cannot be looked for"


PROJECT = """
source: model
stream: Project
into: project
key: Id
modified: at
owner: {stream: Account, id: account}
fields: {name: name}
"""
MILESTONE = """
source: model
stream: Milestone
into: milestone
key: Id
modified: at
owner: {stream: Account, id: project.account}
fields: {name: name, project_id: {from: project.Id, refers_to: Project}}
"""


def test_a_held_record_without_an_id_is_closed_by_a_whole_reading_that_does_not_meet_it(hub: Hub, source: Any) -> None:
    sync_source(hub, "model")
    source.put("Invoice", "nameless")
    source.rows["Invoice"]["nameless"] |= {"Id": ""}
    source.put("Invoice", "I08", number="1008", day="no day", currency="EUR", customer="C1")
    source.save()
    for full in (False, True, False):
        sync_source(hub, "model", full=full)
        assert {record.reason for record in waiting(hub)} == {"no_id", "bad_date"}, "it is there"
    source.purge("Invoice", "nameless")
    source.save()
    sync_source(hub, "model")
    assert {record.reason for record in waiting(hub)} == {"no_id", "bad_date"}, "nobody has looked everywhere"
    assert sync_source(hub, "model", full=True).state == "done"
    assert {record.reason for record in waiting(hub)} == {"bad_date"}


def test_a_project_that_moves_to_another_client_takes_its_milestones_along(hub: Hub, source: Any) -> None:
    assert hub.settings.mappings_path is not None
    (hub.settings.mappings_path / "model" / "Project.yaml").write_text(PROJECT.lstrip())
    (hub.settings.mappings_path / "model" / "Milestone.yaml").write_text(MILESTONE.lstrip())
    source.put("Project", "P1", name="Bridge", account="A1")
    source.put("Milestone", "M1", name="Survey", project={"Id": "P1", "account": "A1"})
    source.put("Milestone", "M2", name="The neighbour's own", project={"Id": "P1", "account": "A2"})
    source.save()
    sync_source(hub, "model")
    # The source writes the project alone; its milestones keep their time of change.
    source.put("Project", "P1", name="Bridge", account="A2")
    source.rows["Milestone"]["M1"]["project"]["account"] = "A2"
    source.save()
    sync_source(hub, "model")
    with hub.engine.connect() as connection:
        clients = dict(connection.execute(select(Milestone.c.external_id, Milestone.c.client_id)).all())
    assert clients == {"M1": ONEILL, "M2": ONEILL}


def telling_of_a_loss(hub: Hub, told: list[str], away: list[Exception]) -> Hub:
    """The hub over a source that lost something it cannot name, says so while `told`, and then stays `away` a while."""
    plain = hub.find_connector("model")

    def stream(name: str) -> Any:
        found = plain.stream(name)

        def read(session: Any, want: Any) -> Iterator[Any]:
            for page in found.read(session, want):
                yield replace(page, sweep=name == "Invoice" and bool(told))

        def keys(session: Any) -> Iterator[Sequence[str]]:
            if away:
                raise away.pop()
            yield from found.keys(session)

        return replace(found, read=read, keys=keys)

    return replace(hub, find_connector=lambda _: replace(plain, stream=stream))


@pytest.mark.parametrize("news", [True, False])
def test_a_loss_that_the_source_told_once_is_looked_for_until_it_is_found(hub: Hub, source: Any, news: bool) -> None:
    sync_source(hub, "model")
    source.purge("Invoice", "I09")
    if news:
        source.put("Invoice", "I77", **BILL)
    else:
        source.purge("Invoice", "I19")
        source.purge("Invoice", "I18")
    source.save()
    told = ["something is gone"]
    hub = telling_of_a_loss(hub, told, [RetryLater("The source is away.")])
    assert sync_source(hub, "model").streams[-1].state == "failed"
    told.clear()
    assert sync_source(hub, "model").state == "done"
    assert "I09" not in invoices(hub)
    assert sync_source(hub, "model").requests == 3, "found; nothing is looked for any more"


def test_a_defect_in_a_sweep_leaves_no_lease_behind(hub: Hub, source: Any) -> None:
    sync_source(hub, "model")
    broken = telling_of_a_loss(hub, [], [ZeroDivisionError("a bug")])
    assert {result.state for result in sweep_source(broken, "model")} == {"done", "failed"}
    assert sync_source(hub, "model").state == "done"


def test_a_held_sweep_stays_held_until_somebody_lets_it_through(hub: Hub, source: Any) -> None:
    sync_source(hub, "model")
    source.rows["Invoice"] = {}
    source.save()
    sweep_source(hub, "model")
    for _ in range(2):
        assert sync_source(hub, "model").streams[-1].state == "held"
    assert len(invoices(hub)) == 20
    sync_source(hub, "model", let_through=True)
    assert invoices(hub) == {}
    assert sync_source(hub, "model").state == "done"


def test_reading_all_again_does_not_make_the_copy_look_old(hub: Hub, source: Any, make_hub: Callable[..., Hub]) -> None:
    def as_of() -> Any:
        with hub.engine.connect() as connection:
            return connection.scalar(select(StreamState.c.high_water).where(StreamState.c.stream == "Invoice"))

    sync_source(hub, "model")
    known = as_of()
    source.clock -= 15
    source.save()
    sync_source(hub, "model", ["Invoice"], full=True)
    assert as_of() == known
