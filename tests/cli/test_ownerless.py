"""What `frontdesk status` says of records that no client sees for want of an owner."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import insert

from hub.clock import now
from hub.ids import entity_id
from store.engine import create_engine
from store.hub_tables import StreamState
from store.tables import Project

Run = Callable[..., "subprocess.CompletedProcess[str]"]


def test_status_counts_them_and_says_what_to_do(migrated: Run, tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path}/var/frontdesk.sqlite")
    kept = {"content_hash": b"a hash", "source_at": now(), "synced_at": now(), "batch": "b"}
    with engine.begin() as connection:
        connection.execute(insert(StreamState).values(source="crm", stream="Project", checked_at=now()))
        for number in ("1", "2"):
            both = {"id": entity_id("crm", "Project", number), "source": "crm", "stream": "Project"}
            connection.execute(insert(Project).values(**both, external_id=number, name="Bridge", **kept))
    engine.dispose()
    told = migrated("status")
    assert "0 held, 0 unmatched, 2 without an owner, 0 hints waiting" in told.stdout
    assert "crm.Project: 2 records name no owner that is here, so no client sees them." in told.stderr
    assert "Give them an owner in the source, or mend `owner` in the mapping" in told.stderr
    found = json.loads(migrated("status", "--json").stdout)
    assert (found["ownerless"], found["streams"][0]["ownerless"]) == (2, 2)
