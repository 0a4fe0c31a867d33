"""What a firm relies on: the file is always whole, always right, and never half."""

from __future__ import annotations

import datetime as dt
import os
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

import warehouse.build as build_module
from hub.errors import NeedsPerson, RetryLater
from store.access_tables import Activity
from store.columns import METADATA
from store.engine import create_engine
from store.tables import ENTITIES
from warehouse import store_export
from warehouse.build import BrokenPromise, build
from warehouse.exports import ACTIVITY, WHOLE
from warehouse.metrics import compute
from warehouse.publish import reading, replacing

from .conftest import Firm

MARCH = dt.date(2024, 3, 1)
AS_OF = dt.datetime(2024, 6, 5, tzinfo=dt.UTC)
EXAMPLES = int(os.environ.get("FRONTDESK_EXAMPLES", "15"))
NOON = dt.datetime(2024, 3, 5, 12, tzinfo=dt.UTC)


def contents(file: Path) -> dict[str, list[tuple[object, ...]]]:
    """Everything in the file, tables and views, row for row."""
    with reading(file) as connection:
        names = connection.execute(
            "SELECT table_name FROM duckdb_tables() WHERE database_name = 'warehouse' UNION ALL "
            "SELECT view_name FROM duckdb_views() WHERE database_name = 'warehouse' AND NOT internal"
        ).fetchall()
        return {name: connection.execute(f"SELECT * FROM {name} ORDER BY ALL").fetchall() for (name,) in names}


# Moments around what goes wrong: month ends in three zones, the two clock changes, half an hour give or take a second.
EDGES = [
    dt.datetime(2024, 2, 29, 22, 45, tzinfo=dt.UTC),
    dt.datetime(2024, 3, 31, 0, 30, tzinfo=dt.UTC),
    dt.datetime(2024, 4, 1, 3, 55, tzinfo=dt.UTC),
    dt.datetime(2024, 10, 27, 0, 40, tzinfo=dt.UTC),
]
moments = st.builds(
    lambda edge, seconds: edge + dt.timedelta(seconds=seconds),
    st.sampled_from(EDGES),
    st.integers(-3, 3).map(lambda n: n * 900 - n),
)
clients = st.sampled_from(["a", "b", "c"])
did = st.tuples(
    st.just("did"),
    clients,
    st.sampled_from(["view", "download", "nod"]),
    moments,
    st.sampled_from("xy"),
    st.sampled_from([True, True, False]),
)
came_or_went = st.tuples(st.just("client"), clients, st.sampled_from(["removed", "restored"]), moments)
forgot = st.tuples(st.just("forget"), st.integers(1, 12))
histories = st.lists(st.lists(st.one_of(did, did, did, came_or_went, forgot), max_size=8), min_size=1, max_size=4)


def live(firm: Firm, happened: tuple[Any, ...]) -> None:
    match happened:
        case ("did", client, verb, at, session, counted):
            firm.did(client, verb, at=at, session_id=f"{client}{session}", counted=counted)
        case ("client", client, kind, at):
            firm.changes(kind, at, client)
        case ("forget", seq):
            firm.forget(seq)


@settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))
@given(
    histories,
    st.sampled_from(["UTC", "Europe/Berlin", "America/Los_Angeles", "Asia/Kathmandu"]),
    st.sampled_from([0, 3, 10_000]),
)
def test_a_build_after_each_chapter_equals_one_build_of_the_whole_history(migrated_sqlite, history, zone, overlap):
    """Late activity, erased rows, re-used numbers, clients that go and return: bit for bit the same file contents."""
    build_module.OVERLAP_ROWS, usual = overlap, build_module.OVERLAP_ROWS
    folder = Path(tempfile.mkdtemp())
    shutil.copyfile(migrated_sqlite, folder / "store.sqlite")
    firm = Firm(f"sqlite:///{folder}/store.sqlite")
    try:
        firm.clients("a", "b")
        firm.clients("c", at=EDGES[1])
        for chapter in history:
            for happened in chapter:
                live(firm, happened)
            build(firm.url, folder / "grown", zone=zone, as_of=AS_OF)
        build(firm.url, folder / "whole", zone=zone, as_of=AS_OF)
        assert contents(folder / "grown") == contents(folder / "whole")
    finally:
        build_module.OVERLAP_ROWS = usual
        firm.engine.dispose()
        shutil.rmtree(folder)


def test_both_databases_give_the_same_file(sqlite_firm, postgres_url, tmp_path):
    postgres_firm = Firm(postgres_url)
    for firm, name in ((sqlite_firm, "lite"), (postgres_firm, "post")):
        firm.clients("a", "b", city='Köln, "am Rhein"\nline two', country="")
        firm.clients("c", city=None, at=NOON)
        firm.did("a", "view", "download", at=NOON + dt.timedelta(milliseconds=7))
        firm.did("b", "upload", at=NOON, object_id="", object_kind=None)
        build(firm.url, tmp_path / name, zone="Europe/Berlin", as_of=AS_OF)
        firm.did("b", "view", at=NOON - dt.timedelta(minutes=20))
        build(firm.url, tmp_path / name, zone="Europe/Berlin", as_of=AS_OF)
    postgres_firm.engine.dispose()
    assert contents(tmp_path / "lite") == contents(tmp_path / "post")
    places = {(row[0], row[4], row[5]) for row in contents(tmp_path / "lite")["dim_client"]}
    assert ("a", 'Köln, "am Rhein"\nline two', "") in places
    assert ("c", None, None) in places


def test_only_new_activity_is_read_and_an_unchanged_store_touches_nothing(firm, file):
    firm.clients("a")
    firm.did("a", "view", "view", at=NOON)
    first = build(firm.url, file, as_of=AS_OF)
    again = build(firm.url, file, as_of=AS_OF)
    firm.did("a", "wink", at=NOON)
    third = build(firm.url, file, as_of=AS_OF)
    assert (first.full, first.new_activity) == (True, 2)
    assert (again.full, again.new_activity) == (False, 0)
    assert (third.full, third.new_activity, third.activity) == (False, 1, 3)
    assert third.warnings == ("unknown verbs: wink",)


def test_a_row_that_committed_late_with_a_lower_number_is_found(firm, file):
    firm.clients("a", "b")
    firm.did("a", "view", at=NOON, seq=2)
    build(firm.url, file, as_of=AS_OF)
    firm.did("b", "view", at=NOON, seq=1)
    assert not build(firm.url, file, as_of=AS_OF).full
    assert compute(file, MARCH)[1].numerator == 2


def test_a_row_erased_long_ago_makes_the_build_start_over_by_itself(sqlite_firm, file, monkeypatch):
    monkeypatch.setattr(build_module, "OVERLAP_ROWS", 1)
    sqlite_firm.clients("a")
    sqlite_firm.did("a", *["view"] * 5, at=NOON)
    build(sqlite_firm.url, file, as_of=AS_OF)
    sqlite_firm.forget(2)
    report = build(sqlite_firm.url, file, as_of=AS_OF)
    assert (report.full, report.activity) == (True, 4)


def test_a_broken_promise_stops_the_build_and_the_last_good_file_stays(sqlite_firm, file, monkeypatch, tmp_path):
    sqlite_firm.clients("a")
    build(sqlite_firm.url, file, as_of=AS_OF)
    before = file.read_bytes()
    room = tmp_path / "room"
    shutil.copytree(build_module.ROOM, room)
    (room / "checks" / "assert_nobody_is_called_a.sql").write_text("SELECT * FROM dim_client WHERE client_id = 'a'")
    monkeypatch.setattr(build_module, "ROOM", room)
    with pytest.raises(BrokenPromise, match="nobody is called a does not hold"):
        build(sqlite_firm.url, file, as_of=AS_OF)
    assert file.read_bytes() == before
    assert leftovers(file) == []


def leftovers(file: Path) -> list[str]:
    known = {file.name, f".{file.name}.lock", "room"}
    return [p.name for p in file.parent.iterdir() if p.name not in known and not p.name.startswith("store.sqlite")]


@pytest.mark.parametrize("check", sorted(build_module.ROOM.glob("checks/assert_*.sql")), ids=lambda path: path.stem)
def test_each_check_catches_the_lie_it_is_there_for(sqlite_firm, file, monkeypatch, tmp_path, check):
    """A model that lies is put beside the real ones; the named check alone must stop it."""
    lies = {
        "assert_activity_is_complete": "DELETE FROM fact_activity WHERE seq = 2",
        "assert_rollup_equals_facts": "UPDATE rollup_client_day SET uses = uses + 1",
        "assert_sessions_hold_every_use": "UPDATE fact_session SET uses = uses + 1",
        "assert_sessions_are_apart": "UPDATE fact_session SET ended_at = ended_at + INTERVAL 2 HOUR",
        "assert_client_spans_are_in_order": "INSERT INTO client_span VALUES ('a', DATE '2024-01-01', NULL)",
    }
    sqlite_firm.clients("a")
    sqlite_firm.did("a", "view", at=NOON)
    sqlite_firm.did("a", "view", at=NOON + dt.timedelta(hours=1))
    sqlite_firm.changes("removed", NOON, "a")
    room = tmp_path / "room"
    shutil.copytree(build_module.ROOM, room)
    for other in room.glob("checks/assert_*.sql"):
        if other.name != check.name:
            other.unlink()
    (room / "models" / "99_lie.sql").write_text(lies[check.stem])
    monkeypatch.setattr(build_module, "ROOM", room)
    with pytest.raises(BrokenPromise):
        build(sqlite_firm.url, file, as_of=AS_OF)


def test_readers_never_wait_and_never_see_half(sqlite_firm, file):
    sqlite_firm.clients("a")
    sqlite_firm.did("a", "view", at=NOON)
    build(sqlite_firm.url, file, as_of=AS_OF)
    stop, seen = threading.Event(), set()
    broken: list[Any] = []

    def read() -> None:
        while not stop.is_set():
            try:
                with reading(file) as connection:
                    facts = connection.execute("SELECT count(*) FROM fact_activity").fetchone()
                    rolled = connection.execute("SELECT sum(uses) FROM rollup_client_day").fetchone()
                seen.add(facts)
                time.sleep(0.02)
                if facts != rolled:
                    broken.append((facts, rolled))
            except (duckdb.Error, OSError, NeedsPerson) as error:
                broken.append(error)

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for _ in range(3):
        sqlite_firm.did("a", "view", at=NOON)
        build(sqlite_firm.url, file, as_of=AS_OF)
    stop.set()
    for reader in readers:
        reader.join()
    assert broken == []
    assert len(seen) > 1, "a reader that opens after a build sees what it published"


KILLED = """
import sys, datetime as dt
from pathlib import Path
from warehouse.build import build
build(sys.argv[1], Path(sys.argv[2]), as_of=dt.datetime(2024, 6, 5, tzinfo=dt.UTC))
"""


@pytest.mark.parametrize("seconds", [0.6, 0.8, 1.0])
def test_a_killed_build_leaves_the_last_good_file_and_the_next_one_clears_up(sqlite_firm, file, seconds):
    sqlite_firm.clients("a")
    sqlite_firm.did("a", "view", at=NOON)
    build(sqlite_firm.url, file, as_of=AS_OF)
    sqlite_firm.did("a", *["view"] * 2000, at=NOON)
    child = subprocess.Popen([sys.executable, "-c", KILLED, sqlite_firm.url, str(file)], cwd=Path(__file__).parents[2])
    try:
        child.wait(seconds)
    except subprocess.TimeoutExpired:
        child.send_signal(signal.SIGKILL)
        child.wait()
    assert compute(file, MARCH)[1].numerator == 1
    build(sqlite_firm.url, file, as_of=AS_OF)
    with reading(file) as connection:
        assert connection.execute("SELECT count(*) FROM fact_activity").fetchone() == (2001,)
    assert leftovers(file) == []


@pytest.mark.parametrize("share", [0.5, 1.01], ids=["copying", "building"])
def test_a_disk_that_takes_no_more_is_one_plain_sentence_and_the_last_good_file_stays(sqlite_firm, file, share):
    sqlite_firm.clients("a")
    build(sqlite_firm.url, file)
    before = file.read_bytes()
    sqlite_firm.did("a", "download", at=NOON)
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    # What a full disk does to a file, without filling one.
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(len(before) * share), usual[1]))
    try:
        with pytest.raises(NeedsPerson, match=r"cannot be built in .*: .*File too large.* The last good file stays\."):
            build(sqlite_firm.url, file)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)
    assert file.read_bytes() == before
    assert build(sqlite_firm.url, file).activity == 1


def test_what_somebody_wrote_to_the_published_file_makes_no_later_one_unreadable(sqlite_firm, file):
    build(sqlite_firm.url, file, as_of=AS_OF)
    # Killed before it could close the file.
    script = (
        "import duckdb, os, sys; c = duckdb.connect(sys.argv[1]); c.execute('CREATE TABLE mine (n int)'); os._exit(0)"
    )
    subprocess.run([sys.executable, "-c", script, str(file)], check=True)
    assert file.with_name(f"{file.name}.wal").exists()
    build(sqlite_firm.url, file, as_of=AS_OF)
    with reading(file) as connection:
        assert connection.execute("SELECT count(*) FROM warehouse_state").fetchone() == (1,)


def test_a_folder_that_takes_not_even_the_lock_is_named(sqlite_firm, file):
    file.with_name(f".{file.name}.lock").mkdir()
    with pytest.raises(NeedsPerson, match=f"The warehouse cannot be built in {file.parent}: Is a directory"):
        build(sqlite_firm.url, file, as_of=AS_OF)


def test_two_builds_at_once_are_refused_in_a_sentence(sqlite_firm, file):
    with replacing(file, fresh=True) as private:
        duckdb.connect(str(private)).close()
        with pytest.raises(RetryLater, match="Another build"):
            build(sqlite_firm.url, file, as_of=AS_OF)


@pytest.mark.parametrize(
    ("url", "kind", "sentence", "step"),
    [
        ("sqlite:////nowhere/store.sqlite", NeedsPerson, "cannot be opened", "FRONTDESK_DATABASE_URL"),
        ("sqlite:///{folder}/empty.sqlite", NeedsPerson, "has no tables yet", "frontdesk migrate"),
        ("sqlite:///{folder}/text.sqlite", NeedsPerson, "is damaged", "backup"),
        ("mysql://nobody@127.0.0.1:1/x", NeedsPerson, "names 'mysql'", "postgresql://"),
        ("postgresql://hub:a@b@127.0.0.1/x", NeedsPerson, "is no address of a store", "%40"),
        ("postgresql://nobody@127.0.0.1:1/x", RetryLater, "cannot be reached just now", "in a minute"),
    ],
)
def test_a_store_that_cannot_be_read_says_why_and_what_to_do(tmp_path, file, url, kind, sentence, step):
    (tmp_path / "empty.sqlite").touch()
    (tmp_path / "text.sqlite").write_text("no database " * 100)
    with pytest.raises(kind, match=sentence) as told:
        build(url.format(folder=tmp_path), file)
    assert step in told.value.step
    assert not file.exists()


def test_a_store_that_another_process_keeps_to_itself_is_tried_again(tmp_path, file, monkeypatch):
    other = sqlite3.connect(tmp_path / "store.sqlite", isolation_level=None)
    other.execute("CREATE TABLE activity (seq integer)")
    other.execute("BEGIN EXCLUSIVE")
    monkeypatch.setattr(store_export, "BUSY_SECONDS", 0.1)
    with closing(other), pytest.raises(RetryLater, match="keeps the store locked"):
        build(f"sqlite:///{tmp_path}/store.sqlite", file)


@pytest.mark.postgres
def test_a_server_that_refuses_us_is_quoted(postgres_url, file):
    with pytest.raises(NeedsPerson, match=r'does not let us in: database ".*_not" does not exist'):
        build(postgres_url.replace("?", "_not?", 1), file)


@pytest.mark.postgres
def test_a_server_that_breaks_a_statement_off_names_the_time_out(postgres_url, file):
    engine = create_engine(postgres_url)
    with engine.begin() as other:
        other.execute(text("LOCK TABLE activity"))
        with pytest.raises(RetryLater, match="broke off a statement") as told:
            build(f"{postgres_url}&options=-c%20statement_timeout%3D200", file)
    engine.dispose()
    assert "statement_timeout" in told.value.step


@pytest.mark.parametrize("damage", [b"", b"no database"])
def test_a_damaged_file_is_replaced(sqlite_firm, file, damage):
    file.write_bytes(damage)
    assert build(sqlite_firm.url, file, as_of=AS_OF).why == "the present file cannot be read"


@pytest.mark.parametrize("export", [ACTIVITY, *WHOLE], ids=lambda export: export.table)
def test_the_columns_read_are_columns_of_the_store(export):
    assert set(export.columns) <= set(METADATA.tables[export.table].columns.keys())
    assert export.table in {"activity", "change"} or export.table in ENTITIES
    assert Activity.name == ACTIVITY.table
