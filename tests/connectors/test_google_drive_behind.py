"""Drive's lists may be behind its change log: whatever they still say, clients see what is there and nothing else."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from connectors.contract import Want
from connectors.google_drive import files, listing
from connectors.google_drive.client import Drive
from sandbox.state import State
from tests.connectors.test_google_drive import ROOT, Copy, Firm, opened

Entry = dict[str, Any]
Behind = Callable[[Callable[[Entry], Entry | None]], None]


@pytest.fixture
def firm(state: State) -> Firm:
    firm = Firm(state)
    firm.folder("a", "Client A", ROOT)
    firm.folder("reports", "Reports", "a")
    firm.folder("2026", "2026", "reports")
    firm.file("x", "x.txt", "2026")
    firm.file("single", "single.txt", "2026", trashed=True)
    return firm


@pytest.fixture
def drive(url: str, firm: Firm) -> Iterator[Drive]:
    with opened(url) as drive:
        yield drive


@pytest.fixture
def behind(monkeypatch: pytest.MonkeyPatch) -> Behind:
    """What files.list says of an entry instead of how it stands; None leaves it out."""
    plain = listing.list_page

    def say(told: Callable[[Entry], Entry | None]) -> None:
        def page(*asked: Any) -> tuple[list[Any], str]:
            entries, token = plain(*asked)
            return [entry for entry in map(told, entries) if entry is not None], token

        monkeypatch.setattr(listing, "list_page", page)

    return say


def without(*ids: str) -> Callable[[Entry], Entry | None]:
    return lambda entry: None if entry["id"] in ids else entry


def test_what_lies_in_a_trashed_folder_goes_though_its_files_do_not_say_so_yet(url, drive, firm, behind):
    copy = Copy().sync(drive)
    assert set(copy.records) == {"x"}
    firm.change("reports", trashed=True)
    behind(lambda entry: {**entry, "trashed": entry.get("explicitlyTrashed", False)})
    with opened(url) as later:
        assert copy.sync(later).records == {}
        assert copy.stream.one(later, "x", Want(())) is None
    # Nor does whoever begins now get them.
    with opened(url) as later:
        assert Copy().sync(later).records == {}


def test_what_lies_in_a_trashed_folder_goes_though_no_list_names_it(url, drive, firm, behind):
    copy = Copy().sync(drive)
    firm.change("reports", trashed=True)
    behind(without("x", "2026", "reports"))
    with opened(url) as later:
        assert copy.sync(later).records == {}


def test_what_lies_in_a_restored_folder_comes_though_its_files_still_say_trashed(url, drive, firm, behind):
    copy = Copy().sync(drive)
    firm.change("reports", trashed=True)
    copy.sync(drive)
    firm.change("reports", trashed=False)
    behind(lambda entry: {**entry, "trashed": entry["id"] in ("x", "single")})
    with opened(url) as later:
        assert copy.sync(later).places() == firm.truth()
        assert set(copy.records) == {"x"}
        # A sweep does not take it away again.
        assert {key for page in copy.stream.keys(later) for key in page} == {"x"}


def test_a_new_folder_and_its_file_come_though_the_list_of_folders_lacks_it(url, drive, firm, behind):
    copy = Copy().sync(drive)
    firm.folder("new", "New", "reports")
    firm.file("inside", "inside.txt", "new")
    behind(without("new", "inside"))
    with opened(url) as later:
        assert copy.sync(later).places() == firm.truth()
    # And so does a file that is put into it when its folder has been told of before.
    firm.file("second", "second.txt", "new")
    with opened(url) as later:
        assert copy.sync(later).places() == firm.truth()
    assert {"inside", "second"} < set(copy.records)


def test_a_folder_that_drive_does_not_show_is_asked_for_once(url, drive, firm):
    copy = Copy().sync(drive)
    for number in range(3):
        firm.file(f"p{number}", "p.txt", "nowhere")
    before = drive.counter.count
    assert set(copy.sync(drive).records) == {"x"}
    assert drive.counter.count - before == 2


def test_what_a_list_lacked_below_a_folder_is_read_when_it_has_settled(drive, firm, monkeypatch, behind):
    copy = Copy().sync(drive)
    firm.change("reports", trashed=True)
    copy.sync(drive)
    firm.change("reports", trashed=False)
    behind(without("x"))
    assert copy.sync(drive).records == {}
    monkeypatch.undo()
    assert copy.sync(drive).records == {}
    copy.cursor["again"] = {id_: in_time(time) for id_, time in copy.cursor["again"].items()}
    assert copy.sync(drive).places() == firm.truth()
    assert set(copy.records) == {"x"}
    assert "again" not in copy.cursor


def test_a_folder_that_is_gone_when_its_time_has_come_is_not_asked_for(drive, firm, monkeypatch):
    copy = Copy().sync(drive)
    firm.folder("new", "New", "a")
    copy.sync(drive)
    firm.change("new", deleted=True)
    copy.sync(drive)
    copy.cursor["again"] = {"new": in_time(copy.cursor["again"]["new"])}
    plain = listing.list_page

    def page(drive: Drive, query: str, *rest: Any) -> Any:
        assert "'new'" not in query
        return plain(drive, query, *rest)

    monkeypatch.setattr(listing, "list_page", page)
    assert copy.sync(drive).places() == firm.truth()
    assert "again" not in copy.cursor


def in_time(text: str) -> str:
    """The time at which a folder is read again, as it looks when it has come."""
    return (dt.datetime.fromisoformat(text) - files.SETTLED).isoformat()
