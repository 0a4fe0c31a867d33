"""What somebody gets who types `frontdesk`: help by subject, plain errors with a next step, no wait for imports."""

from __future__ import annotations

import http.server
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import insert

from cli import say
from cli.main import unexpected
from store.alone import alone
from store.engine import create_engine
from store.hub_tables import StreamState

Run = Callable[..., "subprocess.CompletedProcess[str]"]

COMMANDS = [
    "demo", "sandbox", "init", "connect", "check", "migrate", "sync", "reconcile", "status", "quarantine", "forget",
    "serve", "worker", "login-link", "token", "sign-out", "staff", "metrics", "warehouse",
]  # fmt: skip
HEAVY = ("prefect", "fastapi", "duckdb", "zeep", "pandas", "rich", "sqlalchemy", "pydantic", "uvicorn")


def modules_loaded(*words: str, cwd: Path) -> set[str]:
    script = "import sys; from cli.main import main; main(sys.argv[1:]); print(*sys.modules, file=sys.stderr)"
    done = subprocess.run(
        [sys.executable, "-c", script, *words], cwd=cwd, capture_output=True, text=True, timeout=60, check=True,
        env=os.environ | {"FRONTDESK_DATABASE_URL": "sqlite:///var/frontdesk.sqlite"},
    )  # fmt: skip
    return {name.partition(".")[0] for name in done.stderr.split()}


def test_help_lists_every_command_under_its_subject(frontdesk: Run) -> None:
    shown = frontdesk("--help")
    assert shown.returncode == 0
    listed = [line.split()[0] for line in shown.stdout.splitlines() if line.startswith("  ") and line.split()]
    assert [name for name in COMMANDS if name not in listed] == []
    assert "Keep the copy true:" in shown.stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_explains_itself(frontdesk: Run, command: str) -> None:
    assert "Usage: frontdesk" in frontdesk(command, "--help").stdout


def test_help_waits_for_no_heavy_import(tmp_path: Path) -> None:
    assert modules_loaded("--help", cwd=tmp_path).isdisjoint(HEAVY)


def test_reading_the_status_imports_no_server_and_no_scheduler(migrated: Run, tmp_path: Path) -> None:
    assert modules_loaded("status", cwd=tmp_path).isdisjoint({"prefect", "fastapi", "duckdb", "zeep", "pandas", "rich"})


def test_a_command_that_went_well_says_nothing_on_the_side(migrated: Run) -> None:
    for words in (("warehouse", "build"), ("metrics",), ("status",), ("staff", "list")):
        done = migrated(*words)
        assert (words, done.returncode, done.stderr) == (words, 0, "")


def test_paths_count_from_the_configuration_wherever_a_command_is_started(
    migrated: Run, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    (tmp_path / "frontdesk.toml").write_text('warehouse_path = "figures/warehouse.duckdb"\n')
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    done = migrated("--config", str(tmp_path / "frontdesk.toml"), "warehouse", "build", cwd=elsewhere)
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "figures/warehouse.duckdb").exists()
    assert list(elsewhere.iterdir()) == []


def test_what_is_wrong_with_several_streams_alike_is_said_once(migrated: Run, tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path}/var/frontdesk.sqlite")
    away = {"error": "QuickBooks does not answer.", "error_kind": "RetryLater", "error_step": "Wait."}
    refused = {"error": "The credentials were refused.", "error_kind": "NeedsPerson", "error_step": "Renew them."}
    standing = [("quickbooks", "Invoice", away), ("quickbooks", "Payment", away), ("quickbooks", "Customer", refused)]
    standing += [("salesforce", "Case", away), ("salesforce", "Contact", {})]
    (tmp_path / "frontdesk.toml").write_text(
        '[sources.quickbooks]\nconnector = "quickbooks"\n[sources.salesforce]\nconnector = "salesforce"\n'
    )
    with engine.begin() as connection:
        for source, stream, error in standing:
            connection.execute(insert(StreamState).values(source=source, stream=stream, **error))
    engine.dispose()
    done = migrated("status")
    assert done.returncode == 0
    assert done.stderr.splitlines() == [
        "quickbooks (Customer): The credentials were refused.",
        "  Renew them.",
        "quickbooks (Invoice, Payment): QuickBooks does not answer.",
        "  Wait.",
        "salesforce (Case): QuickBooks does not answer.",
        "  Wait.",
    ]


def test_a_mistyped_command_is_wrong_usage(frontdesk: Run) -> None:
    done = frontdesk("snyc")
    assert (done.returncode, done.stdout) == (2, "")
    assert "snyc" in done.stderr


def test_a_store_without_tables_says_what_to_run(frontdesk: Run) -> None:
    done = frontdesk("status")
    assert done.returncode == 1
    assert done.stderr == "The store has no tables yet, or older ones.\n  Run `frontdesk migrate`, then try again.\n"


def test_migrating_twice_changes_nothing(migrated: Run) -> None:
    assert migrated("migrate").stdout == "The store had the present schema already.\n"


def test_status_is_json_for_scripts(migrated: Run) -> None:
    found = json.loads(migrated("status", "--json").stdout)
    counts = ("unmatched", "ownerless", "held", "left_out", "below", "inbox_waiting")
    assert found == {"streams": [], **dict.fromkeys(counts, 0)}


def test_syncing_with_no_source_says_what_to_run(migrated: Run) -> None:
    done = migrated("sync")
    assert done.returncode == 1
    assert "Run `frontdesk init`" in done.stderr


def test_a_source_of_which_nothing_is_mapped_is_told_and_the_others_go_on(migrated: Run, tmp_path: Path) -> None:
    books = '[sources.books]\nconnector = "quickbooks"\nclient_id = "x"\nclient_secret = "y"\nrealm_id = "1"\n'
    (tmp_path / "frontdesk.toml").write_text(books + books.replace("books", "quickbooks", 1))
    done = migrated("sync")
    assert done.returncode == 1
    assert "books has no mapping, so nothing of it is read." in done.stderr.splitlines()
    assert "mappings/books/STREAM.yaml, or take [sources.books] out of frontdesk.toml." in done.stderr
    assert done.stdout.startswith("quickbooks: failed")
    (tmp_path / "frontdesk.toml").write_text(books)
    assert (migrated("sync").returncode, migrated("sync").stdout) == (1, "")


def test_an_unknown_source_names_those_there_are(migrated: Run, tmp_path: Path) -> None:
    (tmp_path / "frontdesk.toml").write_text('[sources.books]\nconnector = "nothing"\n')
    assert "Configured: books" in migrated("sync", "crm").stderr


def test_a_wrong_configuration_names_file_and_key(frontdesk: Run, tmp_path: Path) -> None:
    (tmp_path / "frontdesk.toml").write_text('datbase_url = "sqlite:///x"\n')
    done = frontdesk("status")
    assert done.returncode == 1
    assert "frontdesk.toml" in done.stderr
    assert "datbase_url" in done.stderr


def test_no_error_shows_a_traceback_or_the_password(frontdesk: Run) -> None:
    url = "postgresql://hub:s3cret-word@127.0.0.1:1/frontdesk"
    done = frontdesk("status", FRONTDESK_DATABASE_URL=url)
    assert done.returncode == 1
    assert "The store cannot be reached just now." in done.stderr
    assert "FRONTDESK_DATABASE_URL" in done.stderr
    assert "Traceback" not in done.stderr
    assert "s3cret-word" not in done.stderr
    assert "s3cret-word" not in frontdesk("status", "--verbose", FRONTDESK_DATABASE_URL=url).stderr


@pytest.mark.parametrize("words", ["migrate", "warehouse build", "check", "serve", "sync", "status", "staff list"])
def test_where_no_configuration_is_nothing_is_made(tmp_path: Path, words: str) -> None:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("FRONTDESK_")}
    done = subprocess.run(
        [sys.executable, "-m", "cli.main", *words.split()], cwd=tmp_path, env=clean, capture_output=True, text=True,
        timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines() == [
        "There is no frontdesk.toml here.",
        "  Run `frontdesk init`, or name one with --config.",
    ]
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_warehouse_says_how_it_is_made_anew(migrated: Run, tmp_path: Path) -> None:
    for damage in (b"no database at all, but long enough to have a header of its own" * 100, b""):
        (tmp_path / "var/warehouse.duckdb").write_bytes(damage)
        done = migrated("metrics")
        assert done.returncode == 1
        assert "var/warehouse.duckdb cannot be read" in done.stderr
        assert "`frontdesk warehouse build --rebuild` makes it anew" in done.stderr
    assert migrated("warehouse", "build", "--rebuild").returncode == 0
    assert migrated("metrics").returncode == 0


def test_metrics_name_the_month_and_the_zone_that_they_speak_of(migrated: Run) -> None:
    assert migrated("warehouse", "build", FRONTDESK_FIRM_TIME_ZONE="Asia/Tokyo").returncode == 0
    said = migrated("metrics", "--month", "2026-02", FRONTDESK_FIRM_TIME_ZONE="Asia/Tokyo").stdout.splitlines()
    assert said[0] == "2026-02, in Asia/Tokyo"
    assert "state" in said[1]
    assert "no data" in said[-1]


def test_a_warehouse_of_a_store_that_cannot_be_read_says_why_and_what_to_do(frontdesk: Run, tmp_path: Path) -> None:
    (tmp_path / "var").mkdir()
    none, damaged = (
        "The store has no tables yet, or older ones.",
        "The store's file is damaged, or is none of SQLite's.",
    )
    for content, sentence, step in ((b"", none, "Run `frontdesk migrate`"), (b"\xee" * 20_000, damaged, "backup")):
        (tmp_path / "var/frontdesk.sqlite").write_bytes(content)
        done = frontdesk("warehouse", "build")
        assert done.returncode == 1
        assert sentence in done.stderr
        assert step in done.stderr


def test_an_error_nobody_foresaw_keeps_its_text_back() -> None:
    sentence, step = unexpected(ValueError("token=abc"))
    assert "token=abc" not in sentence + step
    assert "--verbose" in step


def test_signing_somebody_out_ends_what_is_open_and_says_how_much(migrated: Run) -> None:
    migrated("staff", "add", "omar@firm.example")
    for words in (("token", "omar@firm.example", "--staff"), ("login-link", "omar@firm.example")):
        assert migrated(*words).returncode == 0
    ended = migrated("sign-out", "Omar@firm.example")
    assert ended.stdout == "Ended for omar@firm.example: 0 sessions, 1 API token, 1 link.\n"
    assert "may sign in again" in ended.stderr
    again = migrated("sign-out", "omar@firm.example")
    assert (again.returncode, again.stdout[:16]) == (0, "Nothing is open ")


def test_staff_get_in_and_strangers_do_not(migrated: Run) -> None:
    assert migrated("staff", "add", "Omar@firm.example", "--name", "Omar Lind").returncode == 0
    assert "omar@firm.example  Omar Lind  ops" in migrated("staff", "list").stdout
    assert migrated("login-link", "omar@firm.example").stdout.startswith("http://127.0.0.1:8000/sign-in/")
    assert len(migrated("token", "omar@firm.example", "--staff").stdout.strip()) >= 43
    assert "`frontdesk token omar@firm.example --staff`" in migrated("token", "omar@firm.example").stderr
    stranger = migrated("login-link", "nobody@else.example")
    assert (stranger.returncode, stranger.stdout) == (1, "")
    assert "frontdesk staff add" in stranger.stderr
    assert migrated("staff", "remove", "OMAR@firm.example").stdout == "omar@firm.example may not come in any more.\n"
    assert migrated("login-link", "omar@firm.example").returncode == 1
    assert "No staff member" in migrated("staff", "remove", "omar@firm.example").stderr


def test_an_empty_quarantine_says_so(migrated: Run) -> None:
    assert migrated("quarantine", "list").stdout == "Nothing is held.\n"
    assert "quarantine list" in migrated("quarantine", "show", "nope").stderr
    replayed = migrated("quarantine", "replay", "nope")
    assert (replayed.returncode, replayed.stdout.splitlines()[-1]) == (1, "0 taken, 0 still held, 1 not held")


def test_the_worker_needs_a_server_that_answers(migrated: Run) -> None:
    assert "PREFECT_API_URL" in migrated("worker").stderr
    silent = migrated("worker", PREFECT_API_URL="http://127.0.0.1:1/api")
    assert "does not answer" in silent.stderr


def test_a_second_worker_is_refused_as_it_would_pause_the_firsts_schedules(migrated: Run, tmp_path: Path) -> None:
    class Healthy(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    engine = create_engine(f"sqlite:///{tmp_path}/var/frontdesk.sqlite")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Healthy) as prefect, alone(engine, "worker", 0):
        threading.Thread(target=prefect.serve_forever, daemon=True).start()
        second = migrated("worker", PREFECT_API_URL=f"http://127.0.0.1:{prefect.server_address[1]}/api")
        prefect.shutdown()
    engine.dispose()
    assert second.returncode == 1
    assert second.stderr.startswith("Another worker of this store runs already.\n  Stop it first")


def test_a_taken_port_is_named_with_the_option_that_chooses_another(migrated: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        served = migrated("serve", "--port", port)
        demo = migrated("demo", "--port", "0", "--sandbox-port", port, "--prefect-port", "0", "--smtp-port", "0")
    assert (served.returncode, demo.returncode) == (1, 1)
    assert f"Port {port} cannot be used" in served.stderr
    assert "--port" in served.stderr
    assert "--sandbox-port" in demo.stderr


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        ("serve --port 99999", 2, "'--port'"),
        ("serve --port 0", 2, "'--port'"),
        ("demo --smtp-port 99999", 2, "'--smtp-port'"),
        ("sandbox --port 99999", 2, "99999 is no port"),
        ("serve --host 192.0.2.1", 1, "192.0.2.1 is no address of this machine."),
        ("serve --host nowhere.invalid", 1, "nowhere.invalid is no address of this machine."),
    ],
)
def test_a_port_or_an_address_that_cannot_be_ours_is_named(migrated: Run, words: str, code: int, sentence: str) -> None:
    done = migrated(*words.split())
    assert done.returncode == code
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


def test_a_secret_key_that_is_too_short_is_called_so(migrated: Run) -> None:
    done = migrated("serve", FRONTDESK_SECRET_KEY="short")
    assert done.returncode == 1
    assert done.stderr.startswith("The secret key is too short.\n")


def test_tables_align_numbers_to_the_right() -> None:
    shown = say.table(("stream", "added"), [("Invoice", 1200), ("Payment", None)])
    assert shown == "stream   added\nInvoice  1,200\nPayment      -"
