"""Making a firm ready: the configuration that `init` writes, the grant that `connect` fetches, what `check` misses."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from hub.settings import load
from sandbox.serve import serving
from sandbox.state import State
from store.engine import create_engine
from store.tokens import SealedTokens

Run = Callable[..., "subprocess.CompletedProcess[str]"]
KEY = "a test secret of 32 characters or more"
EVERY_SOURCE = ("--source", "salesforce", "--source", "quickbooks", "--source", "google_drive")


def test_init_writes_what_it_was_told_and_names_the_secrets_without_holding_one(frontdesk: Run, tmp_path: Path) -> None:
    done = frontdesk("init", "--name", "Müller & Söhne", "--time-zone", "Europe/Berlin", *EVERY_SOURCE)
    assert done.returncode == 0, done.stderr
    settings = load(tmp_path / "frontdesk.toml", {})
    assert (settings.firm.name, settings.firm.time_zone) == ("Müller & Söhne", "Europe/Berlin")
    assert list(settings.sources) == ["salesforce", "quickbooks", "google_drive"]
    assert "FRONTDESK_SECRET_KEY" in done.stdout
    assert "FRONTDESK_QUICKBOOKS_CLIENT_SECRET" in done.stdout
    written = [line for line in (tmp_path / "frontdesk.toml").read_text().splitlines() if " = " in line]
    assert [line for line in written if re.match(r"[# ]*\w*(secret|token|json)\w* =", line)] == []


def test_init_never_writes_over_a_file_unasked(frontdesk: Run, tmp_path: Path) -> None:
    (tmp_path / "frontdesk.toml").write_text("# mine\n")
    assert "exists already" in frontdesk("init").stderr
    assert (tmp_path / "frontdesk.toml").read_text() == "# mine\n"
    assert frontdesk("init", "--force", "--name", "Firm").returncode == 0


def test_init_without_a_terminal_and_without_answers_says_which_it_needs(frontdesk: Run, tmp_path: Path) -> None:
    done = frontdesk("init")
    assert (done.returncode, done.stdout) == (1, "")
    assert "--source" in done.stderr
    assert not (tmp_path / "frontdesk.toml").exists()


def test_init_asks_again_for_the_one_answer_that_was_wrong(tmp_path: Path) -> None:
    here, there = os.openpty()
    running = subprocess.Popen(
        [sys.executable, "-m", "cli.main", "init"],
        cwd=tmp_path, stdin=there, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    answers = ["Firm", "Mars/X", "Europe/Berlin", "QQQ", "CHF", "baker", "legal", "portal", "", "sap", "quickbooks"]
    os.write(here, "".join(f"{answer}\n" for answer in answers).encode())
    said, _ = running.communicate(timeout=30)
    os.close(here)
    os.close(there)
    assert running.returncode == 0, said
    for wrong in ("Mars/X", "QQQ", "baker", "portal", "sap"):
        assert f"{wrong!r}" in said
    settings = load(tmp_path / "frontdesk.toml", {})
    firm = settings.firm
    assert (firm.name, firm.time_zone, firm.currency, firm.profile) == ("Firm", "Europe/Berlin", "CHF", "legal")
    assert list(settings.sources) == ["quickbooks"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--time-zone", "Mars/Olympus"), "there is no time zone 'Mars/Olympus'; names like it are"),
        (("--currency", "euro"), "'euro' is no ISO 4217 currency code"),
        (("--profile", "baker"), "there is no profile 'baker'; profiles are"),
        (("--source", "sap"), "there is no connector 'sap'; known are google_drive"),
    ],
)
def test_init_refuses_what_cannot_be_right(
    frontdesk: Run, tmp_path: Path, words: tuple[str, ...], sentence: str
) -> None:
    done = frontdesk("init", *words)
    assert (done.returncode, done.stdout) == (1, "")
    assert sentence in done.stderr
    assert not (tmp_path / "frontdesk.toml").exists()


def test_check_names_each_missing_credential_with_its_variable(migrated: Run) -> None:
    migrated("init", *EVERY_SOURCE)
    done = migrated("check")
    assert done.returncode == 1
    assert "quickbooks are not right: client_id: it is empty; client_secret: it is missing." in done.stdout
    assert "or as FRONTDESK_QUICKBOOKS_CLIENT_ID, FRONTDESK_QUICKBOOKS_CLIENT_SECRET." in done.stdout
    assert "ok        store" in done.stdout


def test_a_source_with_fixed_credentials_needs_no_connecting(migrated: Run) -> None:
    migrated("init", "--source", "salesforce")
    done = migrated("connect", "salesforce", FRONTDESK_SALESFORCE_DOMAIN="acme.my", **CRM)
    assert "salesforce needs no browser" in done.stderr


BOOKS = {"FRONTDESK_QUICKBOOKS_CLIENT_ID": "id", "FRONTDESK_QUICKBOOKS_CLIENT_SECRET": "s"}
CRM = {"FRONTDESK_SALESFORCE_CLIENT_ID": "id", "FRONTDESK_SALESFORCE_CLIENT_SECRET": "s"}


@pytest.mark.parametrize(
    ("source", "environment", "sentence"),
    [
        (
            "quickbooks",
            BOOKS | {"FRONTDESK_QUICKBOOKS_CLIENT_ID": ""},
            "client_id of quickbooks is not right: it is empty",
        ),
        (
            "quickbooks",
            BOOKS | {"FRONTDESK_QUICKBOOKS_CLIENT_SECRET": ""},
            "client_secret of quickbooks is not right: it is empty",
        ),
        (
            "salesforce",
            CRM | {"FRONTDESK_SALESFORCE_CLIENT_ID": "", "FRONTDESK_SALESFORCE_DOMAIN": "acme.my"},
            "client_id of salesforce is not right: it is empty",
        ),
        ("salesforce", CRM, "domain of salesforce is not right: name your org's own, such as acme.my"),
        (
            "salesforce",
            CRM | {"FRONTDESK_SALESFORCE_DOMAIN": "https://acme.my.salesforce.com"},
            "domain of salesforce is not right: write the part before .salesforce.com alone, such as acme.my",
        ),
    ],
)
def test_what_a_sign_in_needs_must_be_there(
    migrated: Run, source: str, environment: dict[str, str], sentence: str
) -> None:
    migrated("init", "--source", source)
    for words in (("check",), ("connect", source, "--no-browser")):
        done = migrated(*words, **environment)
        assert done.returncode == 1
        assert f"The setting {sentence}" in done.stdout + done.stderr
        assert "http" not in done.stderr


class Books:
    """A firm with QuickBooks at the sandbox, in a folder, not yet connected."""

    def __init__(self, folder: Path, address: str) -> None:
        self.folder = folder
        self.environment = {
            "FRONTDESK_SECRET_KEY": KEY,
            "FRONTDESK_QUICKBOOKS_CLIENT_ID": "sandbox-qbo-client",
            "FRONTDESK_QUICKBOOKS_CLIENT_SECRET": "sandbox-qbo-secret",
            "FRONTDESK_QUICKBOOKS_BASE_URL": address,
            "FRONTDESK_QUICKBOOKS_DISCOVERY_URL": f"{address}/.well-known/openid_configuration",
        }

    def connect(self, *words: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "cli.main", "connect", "quickbooks", "--no-browser", *words],
            cwd=self.folder, env=os.environ | self.environment, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def stored(self) -> dict[str, str] | None:
        engine = create_engine(f"sqlite:///{self.folder}/var/frontdesk.sqlite")
        token = SealedTokens(engine, "quickbooks", KEY).get()
        engine.dispose()
        return token


@pytest.fixture
def books(migrated: Run, tmp_path: Path) -> Iterator[Books]:
    migrated("init", "--source", "quickbooks")
    state = State(tmp_path / "sandbox.sqlite")
    with serving(state) as address:
        yield Books(tmp_path, address)
    state.close()


def asked_address(running: subprocess.Popen[str]) -> str:
    """The address that the person is told to open."""
    assert running.stderr is not None
    return next(line.strip() for line in running.stderr if line.strip().startswith("http"))


def press_connect(address: str, *, follow: bool) -> str:
    """What a person does on the vendor's page; returns the address that the browser is sent to."""
    page = httpx.get(address)
    hidden = dict(re.findall(r'name="(\w+)" value="([^"]*)"', page.text))
    form = {name: value.replace("&amp;", "&") for name, value in hidden.items()}
    answer = httpx.post(f"http://{urlsplit(address).netloc}/connect/oauth2", data=form)
    if follow:
        assert httpx.get(answer.headers["location"].replace("localhost", "127.0.0.1")).status_code == 200
    return answer.headers["location"]


def test_a_press_in_the_browser_connects_and_the_token_lies_sealed(books: Books, free_port: int) -> None:
    running = books.connect("--port", str(free_port))
    press_connect(asked_address(running), follow=True)
    output, errors = running.communicate(timeout=30)
    assert running.returncode == 0, errors
    assert "quickbooks is connected" in output
    token = books.stored()
    assert token is not None
    assert token["refresh_token"] not in output + errors
    assert token["refresh_token"].encode() not in (books.folder / "var/frontdesk.sqlite").read_bytes()


def test_an_address_pasted_from_another_machine_connects_too(books: Books, free_port: int) -> None:
    first = books.connect("--port", str(free_port))
    sent_to = press_connect(asked_address(first), follow=False)
    first.kill()
    first.communicate()
    second = books.connect("--port", str(free_port), "--code", sent_to)
    _, errors = second.communicate(timeout=30)
    assert second.returncode == 0, errors
    assert books.stored() is not None


def test_connect_finds_its_port_taken_before_it_asks_anybody_to_open_an_address(books: Books) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        running = books.connect("--port", str(taken.getsockname()[1]))
        _, errors = running.communicate(timeout=30)
    assert running.returncode == 1
    assert "cannot be used" in errors
    assert "http" not in errors


def test_an_answer_to_somebody_elses_request_is_refused(books: Books) -> None:
    running = books.connect("--code", "http://localhost:8910/callback?code=stolen&state=other")
    _, errors = running.communicate(timeout=30)
    assert running.returncode == 1
    assert "does not belong to this request" in errors
    assert "stolen" not in errors
    assert not books.stored()
