"""Names as long as vendors allow: Salesforce's objects have up to 60 characters, namespace and ending included."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy import select

from flows.hub import Hub
from flows.status import status
from flows.sync import sync_source
from flows.targeted import read_again
from hub.settings import Settings
from store.tables import Client, Invoice

SOURCE = "customer-relationship-management"
LONG = f"{'n' * 15}__{'Object' * 9}MyName__c"


def as_long_as_allowed(hub: Hub, truth: Any) -> Hub:
    """The hub over the same truth, under the longest names that settings and mappings take."""
    assert (len(SOURCE), len(LONG)) == (32, 80)
    folder = Path(str(hub.settings.mappings_path))
    (folder / "model").rename(folder / SOURCE)
    for file in list((folder / SOURCE).glob("*.yaml")):
        file.write_text(file.read_text().replace("model", SOURCE).replace("Customer", LONG))
    truth.rows[LONG] = truth.rows.pop("Customer")
    truth.save()
    settings = hub.settings.model_copy(update={"sources": {SOURCE: hub.settings.sources["model"]}})
    return replace(hub, settings=Settings.model_validate(settings.model_dump()))


def test_a_stream_of_a_long_name_is_read_matched_and_told(hub: Hub, source: Any) -> None:
    hub = as_long_as_allowed(hub, source)
    source.put("Invoice", "I99", number="1", day="no day", customer="C1")
    source.save()
    summary = sync_source(hub, SOURCE)
    assert [(result.state, result.sentence) for result in summary.streams] == [("done", None)] * 3
    assert [result.held for result in summary.streams] == [0, 0, 1]
    assert read_again(hub, SOURCE, LONG, "C1").unchanged == 1
    with hub.engine.connect() as connection:
        owned = set(connection.scalars(select(Client.c.name).join(Invoice, Invoice.c.client_id == Client.c.id)))
    assert owned == {"Müller & Söhne", "O'Neill"}
    assert LONG in {stream.stream for stream in status(hub.engine, hub.known()).streams}
