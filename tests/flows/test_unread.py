"""What nobody reads any more is told to ops, with the next step, and left as it is until they decide."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from flows.check import check
from flows.check import left_behind as findings
from flows.forget import forget_stream
from flows.hub import Hub
from flows.reconcile import reconcile_source
from flows.status import status
from flows.sweep import sweep_source
from flows.sync import sync_source
from hub.errors import NeedsPerson
from store.tables import Invoice


def take_away(hub: Hub, stream: str) -> None:
    assert hub.settings.mappings_path is not None
    (Path(hub.settings.mappings_path) / "model" / f"{stream}.yaml").unlink()


def live(hub: Hub) -> int:
    with hub.engine.connect() as connection:
        return connection.scalar(select(func.count()).where(Invoice.c.deleted_at.is_(None))) or 0


def test_ops_are_told_of_a_stream_without_a_mapping_and_what_to_do(hub: Hub, source: Any) -> None:
    sync_source(hub, "model")
    assert {s.state for s in status(hub.engine, hub.known()).streams} == {"fine"}
    assert findings(hub) == []
    take_away(hub, "Invoice")
    told = status(hub.engine, hub.known()).streams[-1]
    assert (told.stream, told.state) == ("Invoice", "unmapped")
    assert told.error == "Invoice has no mapping any more; what it brought stays in clients' sight and grows old."
    folder = hub.settings.mappings_path
    assert told.step == f"Put its file in {folder}/model/ back, or run `frontdesk forget model Invoice`."
    assert [(f.subject, f.ok, f.step) for f in findings(hub)] == [("model.Invoice", False, told.step)]
    forget_stream(hub, "model", "Invoice")
    assert {s.state for s in status(hub.engine, hub.known()).streams} == {"fine"}


def test_a_source_of_which_nothing_is_mapped_is_no_run_that_went_well(hub: Hub, source: Any) -> None:
    for stream in ("Account", "Customer", "Invoice"):
        take_away(hub, stream)
    other = Path(str(hub.settings.mappings_path)) / "other" / "Thing.yaml"
    other.parent.mkdir()
    other.write_text(
        "source: other\nstream: Thing\ninto: client\nkey: id\nmodified: at\nowner: self\nfields: {name: name}\n"
    )
    for run in (sync_source, reconcile_source):
        with pytest.raises(NeedsPerson, match="model has no mapping, so nothing of it is read") as told:
            run(hub, "model")
        assert f"{hub.settings.mappings_path}/model/STREAM.yaml" in told.value.step
    [_, finding] = check(hub)
    assert (finding.subject, finding.ok, finding.step) == ("model", False, told.value.step)


def test_ops_are_told_of_a_source_that_is_not_configured_any_more(hub: Hub, source: Any) -> None:
    sync_source(hub, "model")
    without = Hub(hub.settings.model_copy(update={"sources": {}}), hub.engine, hub.landing, hub.find_connector)
    told = status(hub.engine, without.known()).streams
    assert {(s.state, s.step) for s in told} == {
        (
            "unconfigured",
            "Put [sources.model] back into frontdesk.toml, or run `frontdesk forget model STREAM` for each.",
        )
    }
    assert len(findings(without)) == 3


def test_a_sweep_leaves_what_has_no_mapping_as_it_is(hub: Hub, source: Any) -> None:
    sync_source(hub, "model")
    take_away(hub, "Invoice")
    sweep_source(hub, "model")
    sync_source(hub, "model", full=True)
    assert live(hub) == 20
