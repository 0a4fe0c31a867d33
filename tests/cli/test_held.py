"""What `frontdesk quarantine` says of held records."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import typer
from sqlalchemy import insert

from cli.held import replay
from flows.replay import Tried
from hub.clock import now
from hub.ids import entity_id
from store.engine import create_engine
from store.held import REVOKED
from store.hub_tables import HeldRecord
from store.tables import Person

Run = Callable[..., "subprocess.CompletedProcess[str]"]


def test_a_held_contact_who_cannot_sign_in_is_told_by_its_record(migrated: Run, tmp_path: Path) -> None:
    lost, kept = hold_contact(tmp_path, "P1", None, REVOKED), hold_contact(tmp_path, "P2", "owner", b"a hash")
    lines = {line.split()[0]: line for line in migrated("quarantine", "list").stdout.splitlines()[1:]}
    assert lines[lost].endswith("UTC  This contact cannot sign in until the record is taken.")
    assert lines[kept].endswith("UTC  -")
    told = {record["id"]: record["access"] for record in json.loads(migrated("quarantine", "list", "--json").stdout)}
    assert told == {lost: "This contact cannot sign in until the record is taken.", kept: None}
    assert "access        This contact cannot sign in" in migrated("quarantine", "show", lost).stdout
    assert "sign in" not in migrated("quarantine", "show", kept).stdout


def hold_contact(folder: Path, external_id: str, role: str | None, digest: bytes, **facts: str) -> str:
    id_ = entity_id("crm", "Contact", external_id)
    both = {"id": id_, "source": "crm", "stream": "Contact", "external_id": external_id, "batch": "b"}
    why = {"entity": "person", "reason": "too_long", "sentence": "phone: too long.", "payload": "{}"}
    person = {"name": "Jana", "role": role, "content_hash": digest, "source_at": now(), "synced_at": now()}
    engine = create_engine(f"sqlite:///{folder}/var/frontdesk.sqlite")
    with engine.begin() as connection:
        connection.execute(insert(Person).values(**both, **person))
        connection.execute(insert(HeldRecord).values(**both, **why | facts, first_seen_at=now(), last_seen_at=now()))
    engine.dispose()
    return id_


def test_a_large_payload_is_cut_on_the_terminal_and_whole_as_json(migrated: Run, tmp_path: Path) -> None:
    held = hold_contact(tmp_path, "P1", None, REVOKED, payload=json.dumps({"Note": "x" * 500_000}))
    shown = migrated("quarantine", "show", held)
    assert len(shown.stdout) < 6_000
    assert f"500,012 characters; `frontdesk quarantine show {held} --json` shows all." in shown.stderr
    whole = json.loads(migrated("quarantine", "show", held, "--json").stdout)
    assert len(whole["payload"]) == 500_012


def test_a_replay_that_fails_says_what_to_do(migrated: Run, tmp_path: Path, monkeypatch, capsys) -> None:
    hold_contact(tmp_path, "P1", None, REVOKED, suggestion="Shorten it at the source.")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FRONTDESK_DATABASE_URL", "sqlite:///var/frontdesk.sqlite")
    tried = lambda _settings, ids: (Tried(id_, "held", "phone: too long.") for id_ in ids)  # noqa: E731
    monkeypatch.setattr("flows.replay.try_again_afresh", tried)
    with pytest.raises(typer.Exit):
        replay(None)
    assert "held: phone: too long.\n  Shorten it at the source.\n" in capsys.readouterr().out
