"""Settings that cannot work are refused: file, setting, what was found, what is accepted."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from hub.errors import NeedsPerson
from hub.settings import load, mistyped

Run = Callable[..., "subprocess.CompletedProcess[str]"]

WRONG = [
    ('landing_url = "s3://x/y"', "landing_url is not right: 's3://x/y' is no folder of this machine", "var/landing"),
    ('public_url = "portal"', "public_url is not right: 'portal' is no web address", "https://portal.firm.example"),
    ('public_url = "ftp://x"', "public_url is not right: 'ftp://x' is no web address", "https://portal.firm.example"),
    ('[firm]\ncurrency = "QQQ"', "firm.currency is not right: 'QQQ' is no ISO 4217 currency code", "EUR"),
    ('[firm]\ntime_zone = "Mars/X"', "firm.time_zone is not right: there is no time zone 'Mars/X'", "Europe/Berlin"),
    ('[firm]\ntime_zone = "Europe/Berln"', "there is no time zone 'Europe/Berln'", "Europe/Berlin"),
    ('[firm]\ntime_zone = "Europe"', "there is no time zone 'Europe'", "Europe/"),
    ("sync_every_seconds = 1", "sync_every_seconds is not right: 1:", "greater than or equal to 5"),
]


@pytest.mark.parametrize(("line", "sentence", "accepted"), WRONG, ids=[line for line, _, _ in WRONG])
def test_a_setting_that_cannot_work_is_refused(tmp_path: Path, line: str, sentence: str, accepted: str) -> None:
    file = tmp_path / "frontdesk.toml"
    file.write_text(line + "\n")
    with pytest.raises(NeedsPerson) as refused:
        load(file, {})
    assert refused.value.sentence.startswith(f"{file}: the setting ")
    assert sentence in refused.value.sentence
    assert accepted in refused.value.sentence
    assert refused.value.step == "Correct it there, then try again."


@pytest.mark.parametrize(
    ("text", "said"),
    [('sources = "x"', "the setting sources is not right"), ('[sources]\nacme = "x"', "sources.acme is not right"),
     ("[sources.acme]\nconnector = 7", "sources.acme.connector is not right"),
     ('[sources."a.b"]\nconnector = "x"', "sources is not right: 'a.b' cannot be a source's name"),
     (f'[sources.{"s" * 33}]\nconnector = "x"', "32 at most")],
)  # fmt: skip
def test_sources_that_are_no_tables_are_refused(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "frontdesk.toml"
    file.write_text(text + "\n")
    with pytest.raises(NeedsPerson, match=said):
        load(file, {"FRONTDESK_ACME_TOKEN": "t"})


def test_a_variable_sets_the_source_whose_name_fits_best(tmp_path: Path) -> None:
    file = tmp_path / "frontdesk.toml"
    file.write_text("".join(f'[sources.{name}]\nconnector = "x"\n' for name in ("books", "books_us", "Site-2")))
    env = {"FRONTDESK_BOOKS_US_CLIENT_ID": "us", "FRONTDESK_BOOKS_CLIENT_ID": "eu", "FRONTDESK_SITE_2_TOKEN": "t"}
    sources = load(file, env).sources
    assert {name: source.model_extra for name, source in sources.items()} == {
        "books": {"client_id": "eu"}, "books_us": {"client_id": "us"}, "Site-2": {"token": "t"},
    }  # fmt: skip


def test_a_secrets_file_is_looked_for_beside_the_configuration(tmp_path: Path) -> None:
    file = tmp_path / "frontdesk.toml"
    file.write_text('[sources.books]\nconnector = "x"\n')
    (tmp_path / "key").write_text("k" * 32 + "\n")
    settings = load(file, {"FRONTDESK_SECRET_KEY_FILE": "key", "FRONTDESK_BOOKS_WEBHOOK_SECRET_FILE": "key"})
    assert settings.require_secret_key() == "k" * 32
    assert settings.sources["books"].webhook_secret.get_secret_value() == "k" * 32


def test_check_and_serve_refuse_before_they_begin(migrated: Run, tmp_path: Path) -> None:
    (tmp_path / "frontdesk.toml").write_text('landing_url = "s3://x/y"\n')
    for command in ("check", "serve"):
        done = migrated(command)
        assert (done.returncode, done.stdout) == (1, "")
        assert "'s3://x/y'" in done.stderr
    assert not (tmp_path / "s3:").exists()


def test_a_wrong_variable_is_named_instead_of_the_file(frontdesk: Run) -> None:
    done = frontdesk("status", FRONTDESK_PUBLIC_URL="portal")
    assert done.stderr.startswith("FRONTDESK_PUBLIC_URL is not right: 'portal' is no web address")


def test_the_firm_too_can_be_set_by_the_environment(tmp_path: Path) -> None:
    file = tmp_path / "frontdesk.toml"
    file.write_text('[firm]\nname = "Acme"\ncurrency = "USD"\n')
    firm = load(file, {"FRONTDESK_FIRM_TIME_ZONE": "Asia/Tokyo", "FRONTDESK_FIRM_CURRENCY": "JPY"}).firm
    assert (firm.name, firm.time_zone, firm.currency) == ("Acme", "Asia/Tokyo", "JPY")
    with pytest.raises(NeedsPerson, match=r"^FRONTDESK_FIRM_TIME_ZONE is not right: .*'Asia/Tokio'"):
        load(file, {"FRONTDESK_FIRM_TIME_ZONE": "Asia/Tokio"})
    file.write_text('firm = "Acme"\n')
    with pytest.raises(NeedsPerson, match="the setting firm is not right"):
        load(file, {"FRONTDESK_FIRM_NAME": "Acme"})


def test_a_mistyped_variable_is_told_by_check(migrated: Run, tmp_path: Path) -> None:
    """A mail server that was never set and one that nobody heard look alike, until the first mail does not come."""
    told = migrated("check", FRONTDESK_SMTP_ULR="smtp://mail.firm.example", FRONTDESK_SHELL_PROMPT="$")
    assert told.returncode == 1
    assert "environment: FRONTDESK_SMTP_ULR sets nothing." in told.stdout
    assert "Did you mean FRONTDESK_SMTP_URL?" in told.stdout
    assert "FRONTDESK_SHELL_PROMPT" not in told.stdout, "it may be anybody's"


@pytest.mark.parametrize("heard", ["SMTP_URL", "SECRET_KEY_FILE", "FIRM_NAME", "CONFIG", "BOOKS_WEBHOOK_SECRET_FILE"])
def test_what_is_heard_is_not_called_mistyped(heard: str) -> None:
    assert mistyped(["books"], {f"FRONTDESK_{heard}": "x"}) == {}


def test_a_secret_that_is_wrong_is_not_shown(frontdesk: Run, tmp_path: Path) -> None:
    (tmp_path / "frontdesk.toml").write_text("smtp_url = [123456789]\n")
    done = frontdesk("status")
    assert "smtp_url is not right" in done.stderr
    assert "123456789" not in done.stderr


@pytest.mark.parametrize("wrong", ["--public-url=portal", "--currency=QQQ", "--time-zone=Europe/Berln"])
def test_init_takes_none_of_them(frontdesk: Run, tmp_path: Path, wrong: str) -> None:
    done = frontdesk("init", "--name", "Firm", wrong)
    assert (done.returncode, done.stdout) == (1, "")
    assert repr(wrong.partition("=")[2]) in done.stderr
    assert not (tmp_path / "frontdesk.toml").exists()


DRIVE = "[sources.google_drive]\nconnector = 'google_drive'\nroot_folder_id = 'r'\nbase_url = 'http://127.0.0.1:9'\n"
BOOKS = "[sources.quickbooks]\nconnector = 'quickbooks'\nclient_id = 'id'\n"


def test_a_setting_of_a_connector_that_is_a_file_can_be_set_by_the_environment(migrated: Run, tmp_path: Path) -> None:
    (tmp_path / "frontdesk.toml").write_text(DRIVE)
    (tmp_path / "key.json").write_text('{"type": "service_account"}')
    done = migrated("check", FRONTDESK_GOOGLE_DRIVE_SERVICE_ACCOUNT_FILE="key.json")
    assert "google_drive: The service account's key is not complete." in done.stdout


def test_a_secret_in_a_file_is_still_read(migrated: Run, tmp_path: Path) -> None:
    (tmp_path / "frontdesk.toml").write_text(DRIVE + BOOKS)
    (tmp_path / "secret").write_text("s3cret\n")
    (tmp_path / "key.json").write_text("[]\n")
    done = migrated(
        "check",
        FRONTDESK_QUICKBOOKS_CLIENT_SECRET_FILE="secret",
        FRONTDESK_GOOGLE_DRIVE_SERVICE_ACCOUNT_JSON_FILE=str(tmp_path / "key.json"),
        FRONTDESK_QUICKBOOKS_WEBHOOK_SECRET_FILE=str(tmp_path / "secret"),
    )
    assert "quickbooks: QuickBooks is not connected yet." in done.stdout
    assert "google_drive: The service account's key is no JSON object." in done.stdout


def test_a_secret_file_that_is_missing_costs_its_source_alone(migrated: Run, tmp_path: Path) -> None:
    (tmp_path / "frontdesk.toml").write_text(DRIVE + BOOKS)
    done = migrated("check", FRONTDESK_QUICKBOOKS_CLIENT_SECRET_FILE="gone")
    assert (done.returncode, done.stderr) == (1, "")
    assert "quickbooks: client_secret_file of quickbooks names" in done.stdout
    assert "gone, which cannot be read: No such file or directory." in done.stdout
    assert "Put the file there, or correct the path" in done.stdout
    assert "google_drive:" in done.stdout


def test_a_secret_file_of_frontdesk_itself_that_is_missing_says_what_to_do(migrated: Run) -> None:
    done = migrated("check", FRONTDESK_SMTP_URL_FILE="gone")
    assert done.stderr.splitlines() == [
        "FRONTDESK_SMTP_URL_FILE names gone, which cannot be read: No such file or directory.",
        "  Put the file there, or correct the path, then try again.",
    ]
