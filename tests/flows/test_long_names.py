"""Names as long as vendors allow: Salesforce's objects have up to 60 characters, namespace and ending included."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import select

from flows.hub import Hub
from flows.status import status
from flows.sync import sync_source
from flows.targeted import read_again
from store.tables import Client, Invoice

LONG = f"{'n' * 15}__{'Object' * 6}Name__c"


def test_a_stream_of_a_long_name_is_read_matched_and_told(hub: Hub, source: Any) -> None:
    folder = Path(str(hub.settings.mappings_path)) / "model"
    for file in list(folder.glob("*.yaml")):
        file.write_text(file.read_text().replace("Customer", LONG))
    source.rows[LONG] = source.rows.pop("Customer")
    source.save()
    summary = sync_source(hub, "model")
    assert [(result.state, result.sentence) for result in summary.streams] == [("done", None)] * 3
    assert read_again(hub, "model", LONG, "C1").unchanged == 1
    with hub.engine.connect() as connection:
        owned = set(connection.scalars(select(Client.c.name).join(Invoice, Invoice.c.client_id == Client.c.id)))
    assert owned == {"Müller & Söhne", "O'Neill"}
    assert LONG in {stream.stream for stream in status(hub.engine, hub.known()).streams}
