"""`frontdesk forget`: what somebody is told, asked and refused who wants a stream without a mapping out of sight."""

from __future__ import annotations

import datetime as dt
import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, insert, select, update

from hub.clock import now
from hub.ids import entity_id
from store.engine import create_engine
from store.hub_tables import StreamState
from store.tables import Invoice

Run = Callable[..., "subprocess.CompletedProcess[str]"]
CONFIG = '[sources.quickbooks]\nconnector = "quickbooks"\nrealm_id = "1"\n'


@pytest.fixture
def engine(migrated: Run, tmp_path: Path) -> Iterator[Engine]:
    """A store with a stream that has a mapping, one that has none, and one of a source that is not configured."""
    (tmp_path / "frontdesk.toml").write_text(CONFIG)
    made = create_engine(f"sqlite:///{tmp_path}/var/frontdesk.sqlite")
    with made.begin() as connection:
        for source, stream in (("quickbooks", "Invoice"), ("quickbooks", "Estimate"), ("salesforce", "Case")):
            connection.execute(insert(StreamState).values(source=source, stream=stream, checked_at=now()))
        for number in ("1", "2"):
            connection.execute(insert(Invoice).values(
                id=entity_id("quickbooks", "Estimate", number), source="quickbooks", stream="Estimate",
                external_id=number, source_at=now(), content_hash=b"\1" * 16, batch="b", synced_at=now(),
                issued_on=dt.date(2026, 3, 1), currency="EUR", total_minor=1, balance_minor=1,
            ))  # fmt: skip
    yield made
    made.dispose()


def in_sight(engine: Engine) -> int:
    with engine.connect() as connection:
        return connection.scalar(select(func.count()).where(Invoice.c.deleted_at.is_(None))) or 0


def test_a_script_must_say_so_beforehand(migrated: Run, engine: Engine) -> None:
    asked = migrated("forget", "quickbooks", "Estimate")
    assert (asked.returncode, asked.stdout) == (1, "")
    assert asked.stderr.splitlines() == [
        "This takes 2 rows of quickbooks Estimate out of clients' sight (2 invoice).",
        "  Nothing was done. To do it, run `frontdesk forget quickbooks Estimate --yes`.",
    ]
    assert in_sight(engine) == 2
    done = migrated("forget", "quickbooks", "Estimate", "--yes")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "quickbooks Estimate is forgotten; 2 rows left clients' sight.\n"
    assert in_sight(engine) == 0
    assert "quickbooks Invoice, salesforce Case" in migrated("forget", "quickbooks", "Estimate").stderr


@pytest.mark.parametrize(("answer", "left"), [("n", 2), ("", 2), ("y", 0)])
def test_a_person_is_asked(engine: Engine, tmp_path: Path, answer: str, left: int) -> None:
    here, there = pty.openpty()
    os.write(here, f"{answer}\n".encode())
    done = subprocess.run(
        [sys.executable, "-m", "cli.main", "forget", "quickbooks", "Estimate"],
        cwd=tmp_path, stdin=there, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    os.close(here)
    os.close(there)
    assert "This takes 2 rows of quickbooks Estimate" in done.stderr
    assert (in_sight(engine), done.returncode) == (left, 1 if left else 0)


def test_a_stream_with_a_mapping_is_refused_with_what_to_do(migrated: Run, engine: Engine) -> None:
    refused = migrated("forget", "quickbooks", "Invoice", "--yes")
    assert refused.returncode == 1
    assert "quickbooks Invoice still has a mapping" in refused.stderr
    assert "mappings/quickbooks first" in refused.stderr


def test_status_says_what_nobody_reads_any_more(migrated: Run, engine: Engine) -> None:
    told = migrated("status")
    assert [line.split()[:3] for line in told.stdout.splitlines()[1:4]] == [
        ["quickbooks", "Estimate", "unmapped"],
        ["quickbooks", "Invoice", "fine"],
        ["salesforce", "Case", "unconfigured"],
    ]
    assert "/mappings/quickbooks/ back, or run `frontdesk forget quickbooks Estimate`." in told.stderr
    assert "salesforce (Case): salesforce is not configured any more" in told.stderr


def test_status_says_that_a_mapping_has_changed_since_it_was_last_read(migrated: Run, engine: Engine) -> None:
    with engine.begin() as connection:
        invoices = (StreamState.c.source == "quickbooks", StreamState.c.stream == "Invoice")
        connection.execute(update(StreamState).where(*invoices).values(mapping="former", mapped="former"))
    told = migrated("status")
    assert told.stdout.splitlines()[2].split()[:3] == ["quickbooks", "Invoice", "changed"]
    said = "The mapping has changed, and the next sync reads everything again: quickbooks.Invoice"
    assert said in told.stdout.splitlines()
    found = {s["stream"]: s["state"] for s in json.loads(migrated("status", "--json").stdout)["streams"]}
    assert found == {"Estimate": "unmapped", "Invoice": "changed", "Case": "unconfigured"}


def test_check_misses_what_nobody_reads_any_more(migrated: Run, engine: Engine) -> None:
    told = migrated("check").stdout
    assert "missing   quickbooks.Estimate: Estimate has no mapping any more" in told
    assert "missing   salesforce.Case: salesforce is not configured any more" in told
    assert "quickbooks.Invoice" not in told


def test_a_mapping_that_cannot_be_read_keeps_nobody_from_the_status(
    migrated: Run, engine: Engine, tmp_path: Path
) -> None:
    file = tmp_path / "mappings" / "quickbooks" / "Invoice.yaml"
    file.parent.mkdir(parents=True)
    file.write_text("source: [")
    (tmp_path / "frontdesk.toml").write_text('mappings_path = "mappings"\n' + CONFIG)
    told = migrated("status")
    assert told.returncode == 0
    assert "Invoice.yaml:2: this is no YAML" in told.stderr
    assert "unmapped" not in told.stdout


@pytest.mark.parametrize("words", [("sync",), ("check",)])
def test_a_folder_of_mappings_that_is_missing_or_empty_is_named(
    migrated: Run, tmp_path: Path, words: tuple[str]
) -> None:
    (tmp_path / "frontdesk.toml").write_text('mappings_path = "mapings"\n' + CONFIG)
    credentials = {"FRONTDESK_QUICKBOOKS_CLIENT_ID": "x", "FRONTDESK_QUICKBOOKS_CLIENT_SECRET": "x"}
    told = migrated(*words, **credentials)
    assert told.returncode == 1
    assert f"There is no folder {tmp_path / 'mapings'} with mappings." in told.stdout + told.stderr
    (tmp_path / "mapings").mkdir()
    told = migrated(*words, **credentials)
    assert told.returncode == 1
    assert f"There is no mapping in {tmp_path / 'mapings'}." in told.stdout + told.stderr
