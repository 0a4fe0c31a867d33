"""What the sandbox tells of its credentials is all that Frontdesk needs to read from it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from html import unescape
from pathlib import Path

import requests

from cli.demo_files import Addresses, Demo, sources
from sandbox import firm
from sandbox.state import State

ROOT = Path(__file__).parents[2]


def frontdesk(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith("FRONTDESK_")}
    own |= {"FRONTDESK_SECRET_KEY": "k" * 32, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "cli.main", *words]
    return subprocess.run(command, cwd=folder, env=own, capture_output=True, text=True, timeout=120, check=False)


def test_the_two_files_that_the_sandbox_hands_out_are_enough_to_read_all_three(
    state: State, url: str, tmp_path: Path
) -> None:
    firm.seed(state, clients=1)
    places = {"frontdesk.toml": "frontdesk.toml", "google-service-account.json": "google/service-account.json"}
    for name, path in places.items():
        (tmp_path / name).write_bytes(requests.get(f"{url}/control/{path}", timeout=10).content)
    for words in (("migrate",), ("check",), ("sync",)):
        done = frontdesk(tmp_path, *words)
        assert done.returncode == 0, done.stdout + done.stderr
    stored = frontdesk(tmp_path, "status", "--json").stdout
    assert all(source in stored for source in ("salesforce", "quickbooks", "google_drive"))


def test_the_page_shows_the_file_and_what_to_type(state: State, url: str) -> None:
    page = requests.get(f"{url}/connect", timeout=10).text
    text = requests.get(f"{url}/control/frontdesk.toml", timeout=10).text
    assert unescape(page).count(text.strip()) == 1
    assert f"{url}/control/google/service-account.json" in page
    assert 'href="/connect"' in requests.get(f"{url}/", timeout=10).text


def test_they_are_those_that_the_demo_uses(state: State, url: str) -> None:
    text = requests.get(f"{url}/control/frontdesk.toml", timeout=10).text
    told = tomllib.loads(text)["sources"]
    here = Addresses(0, int(url.rpartition(":")[2]), 0, 0)
    for name, settings in sources(Demo(here, "", None, None, 1, Path())).items():
        assert set(told[name].values()) >= set(settings.values())


def test_the_document_names_each_of_them(url: str) -> None:
    written = (ROOT / "docs/sandbox.md").read_text(encoding="utf-8")
    told = tomllib.loads(requests.get(f"{url}/control/frontdesk.toml", timeout=10).text)["sources"]
    for setting, value in (item for settings in told.values() for item in settings.items()):
        assert f"`{setting}`" in written or setting == "connector"
        assert re.sub(r"^http://127\.0\.0\.1:\d+", "http://127.0.0.1:8900", value) in written
