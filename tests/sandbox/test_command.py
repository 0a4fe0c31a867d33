"""`frontdesk sandbox` and `python -m sandbox` are one command with one list of options."""

from __future__ import annotations

import json
import smtplib
import socket
import subprocess
import sys
import time
import urllib.request
from email.message import EmailMessage
from pathlib import Path

import pytest

from sandbox.__main__ import main, parse
from sandbox.mail import free_port
from sandbox.seeding import chosen, seed_once
from sandbox.state import State

BOTH = [("-m", "sandbox"), ("-m", "cli.main", "sandbox")]


def run(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *words], cwd=cwd, capture_output=True, text=True, timeout=60, check=False)


def test_both_explain_the_same_options(tmp_path: Path) -> None:
    told = [run(*words, "--help", cwd=tmp_path) for words in BOTH]
    assert [one.returncode for one in told] == [0, 0]
    assert told[0].stdout == told[1].stdout
    for option in ("--host", "--port", "--smtp-port", "--state", "--clients", "--records", "--seed", "--webhooks"):
        assert option in told[0].stdout


@pytest.mark.parametrize("words", BOTH)
def test_a_wrong_option_is_wrong_usage(words: tuple[str, ...], tmp_path: Path) -> None:
    for wrong in (("--bogus",), ("--clients", "0"), ("--port", "x")):
        assert run(*words, *wrong, cwd=tmp_path).returncode == 2


def test_a_state_that_cannot_be_kept_is_told_in_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "text").write_text("no database " * 100)
    for state in (tmp_path, tmp_path / "text", tmp_path / "text" / "x.sqlite"):
        assert main(["--port", "0", "--state", str(state)]) == 1
        assert capsys.readouterr().err.startswith(f"The state {state} cannot be kept: ")


def test_a_taken_port_is_told_with_the_option_that_chooses_another(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:

    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert main(["--port", str(taken.getsockname()[1]), "--state", str(tmp_path / "x.sqlite")]) == 1
    assert "Choose another with --port" in capsys.readouterr().err


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(["--port", "0", *words]) == 1
    return str(capsys.readouterr().err)


def test_a_folder_without_the_tables_is_told_and_leaves_nothing_half_done(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state, empty = tmp_path / "x.sqlite", tmp_path / "tables"
    empty.mkdir()
    for folder in (tmp_path / "nowhere", empty):
        told = refused(capsys, "--state", str(state), "--seed-from", str(folder))
        assert (str(folder) in told, "--seed-from" in told, told.count("\n")) == (True, True, 1)
    for name in ("customers", "employees", "order_details", "orders", "products", "shippers"):
        (empty / f"{name}.csv").write_text("colour\nred\n", encoding="utf-8")
    assert "--seed-from" in refused(capsys, "--state", str(state), "--seed-from", str(empty))
    assert list(State(state).select("salesforce", "Account")) == []


def test_another_firm_is_not_put_over_the_one_that_a_state_holds(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "x.sqlite"
    state = State(file)
    seed_once(state, parse(["--clients", "1"]))
    told = refused(capsys, "--state", str(file), "--seed-from", str(tmp_path))
    assert ("holds another firm" in told, "--state" in told) == (True, True)
    for same in ([], ["--clients", "1"]):
        seed_once(state, parse(same))
    assert state.count("salesforce", "Account", "1") > 0


def test_another_size_of_the_firm_is_refused_with_what_the_state_holds(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "x.sqlite"
    state = State(file)
    seed_once(state, parse(["--clients", "1"]))
    accounts = state.count("salesforce", "Account", "1")
    told = refused(capsys, "--state", str(file), "--clients", "2")
    assert told == (
        f"{file} holds a firm of one client already. Leave --clients out to serve it. "
        "To start over, name a new file with --state, or remove that one.\n"
    )
    assert "one client, made with --seed 7, already" in refused(capsys, "--state", str(file), "--seed", "8")
    assert state.count("salesforce", "Account", "1") == accounts


def test_it_listens_catches_mail_and_sets_up_webhooks(tmp_path: Path) -> None:
    port, smtp = free_port("127.0.0.1"), free_port("127.0.0.1")
    words = ["--port", str(port), "--smtp-port", str(smtp), "--clients", "1", "--webhooks", "http://127.0.0.1:9/hooks/"]
    with subprocess.Popen(
        [sys.executable, *BOTH[1], *words], cwd=tmp_path, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            assert f"http://127.0.0.1:{port}/" in process.stdout.readline()
            told = json.loads(answer(f"http://127.0.0.1:{port}/control/quickbooks"))
            assert told["webhook"] == "http://127.0.0.1:9/hooks/quickbooks"
            message = EmailMessage()
            message["From"], message["To"], message["Subject"] = "a@x.example", "b@x.example", "Hello"
            with smtplib.SMTP("127.0.0.1", smtp, timeout=30) as server:
                server.send_message(message)
            assert "Hello" in answer(f"http://127.0.0.1:{port}/mail/messages")
        finally:
            process.terminate()


def answer(url: str) -> str:
    deadline = time.monotonic() + 30
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5) as found:
                return str(found.read().decode())
        except OSError:
            assert time.monotonic() < deadline
            time.sleep(0.05)


def test_the_defaults_are_those_of_the_pages() -> None:
    options = parse([])
    assert (options.host, options.port, options.smtp_port, options.webhooks) == ("127.0.0.1", 8900, None, None)
    assert chosen(options) == {"clients": 40, "records": None, "seed": 7}
