"""A formula's value changes and its record's time of change does not: the night finds it, once, as news."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

import mappings
from connectors.contract import SourceField
from flows.hub import Hub
from flows.sweep import _is_calculated, sweep_source
from flows.sync import sync_source
from hub.errors import RetryLater
from store.hub_tables import Change
from store.runs import StreamResult
from store.tables import Invoice


def with_formula(hub: Hub, *names: str) -> Hub:
    """The hub over a source that says of some fields that it works them out."""
    plain = hub.find_connector("model")

    def stream(name: str) -> Any:
        found = plain.stream(name)
        assert found.describe is not None
        tell = found.describe

        def describe(session: Any) -> Any:
            return {field: replace(one, calculated=field in names) for field, one in tell(session).items()}

        return replace(found, describe=describe)

    return replace(hub, find_connector=lambda _: replace(plain, stream=stream))


def balance(hub: Hub, id_: str) -> int:
    with hub.engine.connect() as connection:
        return connection.scalar(select(Invoice.c.balance_minor).where(Invoice.c.external_id == id_)) or 0


def news(hub: Hub) -> int:
    with hub.engine.connect() as connection:
        return connection.scalar(select(func.count()).select_from(Change)) or 0


def recalculate(source: Any, id_: str, left: int) -> None:
    source.rows["Invoice"][id_]["balance"] = left
    source.save()


def test_what_a_formula_makes_of_a_record_is_seen_the_next_morning(hub: Hub, source: Any) -> None:
    hub = with_formula(hub, "balance")
    sync_source(hub, "model")
    recalculate(source, "I03", 77)
    sync_source(hub, "model")
    assert (balance(hub, "I03"), news(hub)) == (300, 0), "nobody tells of it"
    swept = {result.stream: result for result in sweep_source(hub, "model")}
    assert (swept["Invoice"].state, swept["Invoice"].updated, swept["Invoice"].seen) == ("done", 1, 20)
    assert swept["Customer"].seen == 0, "a stream without a formula is compared by its ids alone"
    assert (balance(hub, "I03"), news(hub)) == (7700, 1)
    sweep_source(hub, "model")
    assert news(hub) == 1
    assert sync_source(hub, "model").state == "done"


def test_a_formula_that_no_mapping_reads_costs_nothing(hub: Hub, source: Any) -> None:
    hub = with_formula(hub, "parent")
    sync_source(hub, "model")
    assert {result.seen for result in sweep_source(hub, "model") if result.stream == "Invoice"} == {0}


@pytest.mark.parametrize(
    ("field", "path", "seen"),
    [
        ("owner: {stream: Customer, id: customer}", "owner: {stream: Customer, id: Order__r.customer}", True),
        ("fields:", "fields:\n  memo: Owner.Name", True),
        ("fields:", "only:\n  Owner.Type: [staff]\nfields:", True),
        ("fields:", "fields:\n  memo: currency.value", False),
    ],
)
def test_what_is_read_of_another_record_is_read_again_each_night(
    hub: Hub, source: Any, field: str, path: str, seen: bool
) -> None:
    file = (hub.settings.mappings_path or hub.folder.path) / "model" / "Invoice.yaml"
    file.write_text(file.read_text().replace(field, path, 1))
    for row in source.rows["Invoice"].values():
        row |= {"Order__r": {"customer": row["customer"]}, "Owner": {"Name": "Ada", "Type": "staff"}}
    source.save()
    sync_source(hub, "model")
    source.rows["Invoice"]["I03"] |= {"Order__r": {"customer": "C2"}, "Owner": {"Name": "Bob", "Type": "else"}}
    source.save()
    [night] = [result for result in sweep_source(hub, "model") if result.stream == "Invoice"]
    assert (night.seen, night.updated + night.removed > 0) == ((20, True) if seen else (0, False))


@pytest.mark.parametrize(("more", "whole"), [("", False), ("  description: Project__r.Name\n", True)])
def test_milestones_follow_their_project_by_themselves(more: str, whole: bool, hub: Hub) -> None:
    folder = hub.folder.path / "salesforce"
    folder.mkdir()
    shipped = Path(mappings.__file__).parent / "salesforce"
    for file in shipped.glob("*.yaml"):
        (folder / file.name).write_text(file.read_text())
    text = (folder / "Milestone__c.yaml").read_text().replace("  description: Description__c\n", more)
    (folder / "Milestone__c.yaml").write_text(text)
    [found] = [one for one in hub.mappings["salesforce"] if one.stream == "Milestone__c"]
    names = {name: SourceField(name, "string") for name in found.source_fields if "." not in name}
    stream = replace(hub.find_connector("model").stream("Milestone__c"), describe=lambda _: names)
    assert _is_calculated(None, stream, found) is whole


def test_a_source_that_does_not_describe_itself_just_now_keeps_no_other_stream_from_its_sweep(
    hub: Hub, source: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync_source(hub, "model")
    away = [RetryLater("The source is away.")]

    def calculated(*_: Any) -> bool:
        if away:
            raise away.pop()
        return False

    monkeypatch.setattr("flows.sweep._is_calculated", calculated)
    assert [result.state for result in sweep_source(hub, "model")] == ["failed", "done", "done"]
    assert sync_source(hub, "model").state == "done", "what was not swept is made up for"


def test_a_night_that_cannot_read_all_leaves_the_sweep_due(
    hub: Hub, source: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = with_formula(hub, "balance")
    sync_source(hub, "model")
    source.purge("Invoice", "I05")
    source.save()
    with monkeypatch.context() as night:
        failed = StreamResult("Invoice", "failed", 0, 0, 0, 0, 0, 0, 0.0, sentence="The source is away.")
        night.setattr("flows.sweep.Pull.run", lambda _: failed)
        sweep_source(hub, "model")
    assert balance(hub, "I05") == 500
    assert [result.removed for result in sync_source(hub, "model").streams] == [0, 0, 1]
