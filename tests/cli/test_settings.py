"""Settings that cannot work are refused: file, setting, what was found, what is accepted."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from hub.errors import NeedsPerson
from hub.settings import load

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


def test_a_secret_that_is_wrong_is_not_shown(frontdesk: Run, tmp_path: Path) -> None:
    (tmp_path / "frontdesk.toml").write_text("secret_key = [123456789]\n")
    done = frontdesk("status")
    assert "secret_key is not right" in done.stderr
    assert "123456789" not in done.stderr


@pytest.mark.parametrize("wrong", ["--public-url=portal", "--currency=QQQ", "--time-zone=Europe/Berln"])
def test_init_takes_none_of_them(frontdesk: Run, tmp_path: Path, wrong: str) -> None:
    done = frontdesk("init", "--name", "Firm", wrong)
    assert (done.returncode, done.stdout) == (1, "")
    assert repr(wrong.partition("=")[2]) in done.stderr
    assert not (tmp_path / "frontdesk.toml").exists()
