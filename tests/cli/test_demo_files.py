"""What the demo writes under its folder: each firm under its own name and addresses, all gone when forgotten."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from cli.demo import _clients, _prepare
from cli.demo_files import Addresses, Demo
from hub.errors import NeedsPerson


def demo(folder: Path, seed_from: Path | None = None) -> Demo:
    return Demo(Addresses(8000, 8900, 4200, 8025), "logistics", None, seed_from, 40, folder)


@pytest.mark.parametrize(
    ("tables", "name", "domain"),
    [(None, "Harbour & Pine", "harbourpine.example"), (Path("tables"), "Northwind Traders", "northwind.example")],
)
def test_a_firms_people_have_its_own_addresses(tmp_path: Path, tables: Path | None, name: str, domain: str) -> None:
    this = demo(tmp_path, tables)
    this.write()
    written = tomllib.loads((tmp_path / "frontdesk.toml").read_text())
    assert (written["firm"]["name"], written["firm"]["support_email"]) == (name, f"team@{domain}")
    assert written["mail_from"] == f"portal@{domain}"
    assert this.ops == f"ops@{domain}"


def test_what_is_forgotten_is_all_that_the_demo_made(tmp_path: Path) -> None:
    this = demo(tmp_path)
    this.write()
    for name in ("frontdesk.sqlite", "frontdesk.sqlite-credentials-of-quickbooks.lock", "demo.lock", "somebody.txt"):
        (tmp_path / name).write_text("")
    (tmp_path / "landing").mkdir()
    this.forget()
    assert {path.name for path in tmp_path.iterdir()} == {"demo.lock", "somebody.txt"}


def test_another_number_of_clients_is_refused_with_what_the_demo_holds_and_none_goes_on(tmp_path: Path) -> None:
    _prepare(demo(tmp_path), fresh=False)
    with pytest.raises(NeedsPerson, match="The demo holds a firm of 40 clients already") as told:
        _prepare(replace(demo(tmp_path), clients=12), fresh=False)
    assert told.value.step == "Add --fresh to forget it and begin anew."
    _prepare(demo(tmp_path), fresh=False)
    _prepare(replace(demo(tmp_path), clients=12), fresh=True)
    assert (_clients(tmp_path, fresh=False), _clients(tmp_path, fresh=True)) == (12, 40)
