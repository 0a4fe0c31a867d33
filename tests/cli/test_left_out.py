"""What the command says of records that a mapping leaves out: how many there are, and what is not seen with them."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import insert

from cli.keep import summary_table
from flows.sync import RunSummary
from hub.clock import now
from hub.ids import entity_id
from store.engine import create_engine
from store.hub_tables import LeftOut, StreamState
from store.runs import StreamResult
from store.tables import Project

Run = Callable[..., "subprocess.CompletedProcess[str]"]


def test_status_counts_them_and_what_belongs_to_them_and_nothing_is_wrong(migrated: Run, tmp_path: Path) -> None:
    engine, account = create_engine(f"sqlite:///{tmp_path}/var/frontdesk.sqlite"), entity_id("crm", "Account", "1")
    kept = {"content_hash": b"a hash", "source_at": now(), "synced_at": now(), "batch": "b", "name": "Bridge"}
    with engine.begin() as connection:
        for stream in ("Account", "Project"):
            connection.execute(insert(StreamState).values(source="crm", stream=stream, checked_at=now()))
        here = {"source": "crm", "stream": "Account", "external_id": "1", "content_hash": b""}
        connection.execute(insert(LeftOut).values(id=account, **here))
        mine = {"id": entity_id("crm", "Project", "7"), "source": "crm", "stream": "Project", "external_id": "7"}
        connection.execute(insert(Project).values(**mine, **kept, owner_id=account))
    engine.dispose()
    told = migrated("status")
    assert "0 held, 0 unmatched, 0 without an owner" in told.stdout
    assert "\n1 left out by `only` and `except` in the mappings; no client sees what belongs to them" in told.stdout
    assert "1 of crm.Project" in told.stdout
    assert "owner" not in told.stderr
    found = json.loads(migrated("status", "--json").stdout)
    assert (found["left_out"], found["below"], found["ownerless"]) == (1, 1, 0)
    assert [(one["left_out"], one["below"]) for one in found["streams"]] == [(1, 0), (0, 1)]


def test_a_sync_says_how_many_it_left_out() -> None:
    result = StreamResult("Account", "done", 3, 2, 0, 0, 0, 0, 0.1, left_out=1)
    lines = summary_table(RunSummary("run", "crm", "done", (result,), 1, 0.1)).splitlines()
    assert lines[1].split("  ")[-3].strip() == "left out"
    assert lines[2].split() == ["Account", "done", "2", "0", "0", "0", "1", "0", "0.1"]
