"""Drive on a bad day: what its lists spoil is held alone, and a root folder that is lost is told by the next sync."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from connectors.google_drive.client import Drive
from flows.hub import Hub
from flows.status import status
from flows.sweep import sweep_source
from flows.sync import RunSummary, sync_source
from flows.targeted import replay
from hub.errors import BadRecord
from hub.settings import Settings, Source
from sandbox.google_drive.files import file_body, new_file, share
from sandbox.google_drive.tree import FOLDER
from sandbox.serve import serving
from sandbox.state import State
from store.engine import create_engine
from store.hub_tables import HeldRecord
from store.migrate import upgrade
from store.tables import Document, Folder
from warehouse.landing import Landing

SHARE, ROOT, USER = "fld-all", "fld-clients", "hub@sandbox.example"


class Firm:
    """A firm's Drive, what is spoilt of its answers, and our copy of it."""

    def __init__(self, tmp_path: Path, state: State, url: str) -> None:
        self.state, self.spoil = state, lambda answer: answer
        key = httpx.get(f"{url}/control/google/service-account.json").text
        drive = {"base_url": url, "root_folder_id": ROOT, "subject": USER, "service_account_json": key}
        settings = Settings(
            secret_key="x" * 32,
            sources={"google_drive": Source(connector="google_drive", **drive)},
        )
        engine = create_engine(f"sqlite:///{tmp_path}/store.sqlite")
        upgrade(engine)
        self.hub = Hub(settings, engine, Landing(tmp_path / "landing"))

    def put(self, id_: str, parent: str, kind: str = "text/plain", name: str = "") -> None:
        new_file(self.state, id_, file_body(self.state, name or id_, kind, parent, content=b"x"))

    def change(self, id_: str, *, deleted: bool = False, **fields: Any) -> None:
        found = self.state.get("google_drive", "file", id_)
        assert found is not None
        self.state.put("google_drive", "file", id_, {**found.body, **fields}, deleted=deleted)

    def sync(self, **options: Any) -> RunSummary:
        return sync_source(self.hub, "google_drive", **options)

    def live(self, table: Any = Document) -> dict[str, str]:
        with self.hub.engine.connect() as connection:
            query = select(table.c.external_id, table.c.name).where(table.c.deleted_at.is_(None))
            return {row.external_id: row.name for row in connection.execute(query)}

    def held(self) -> dict[str, tuple[str, str]]:
        with self.hub.engine.connect() as connection:
            query = select(HeldRecord).where(HeldRecord.c.resolved_at.is_(None))
            rows = connection.execute(query).all()
        return {"?" if r.external_id[0] == "?" else r.external_id: (r.stream, r.sentence) for r in rows}

    def holding(self, id_: str) -> set[str]:
        with self.hub.engine.connect() as connection:
            return set(connection.scalars(select(HeldRecord.c.stream).where(HeldRecord.c.external_id == id_)))

    def told(self) -> set[tuple[str, str | None, str | None]]:
        return {(s.state, s.error, s.step) for s in status(self.hub.engine, self.hub.known()).streams}


@pytest.fixture
def firm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Firm]:
    state = State(tmp_path / "sandbox.sqlite")
    with serving(state) as url:
        firm = Firm(tmp_path, state, url)
        firm.put(SHARE, "root", FOLDER)
        firm.put(ROOT, SHARE, FOLDER, "Clients")
        for client in "ab":
            firm.put(client, ROOT, FOLDER)
            firm.put(f"{client}-Reports", client, FOLDER)
            for number in "123":
                firm.put(f"{client}{number}", f"{client}-Reports")
        execute = Drive.execute
        monkeypatch.setattr(Drive, "execute", lambda drive, request: firm.spoil(execute(drive, request)))
        yield firm
        firm.hub.engine.dispose()
    state.close()


def test_another_root_folder_is_read_from_its_beginning(firm: Firm) -> None:
    for id_, parent, kind in (("new", SHARE, FOLDER), ("c", "new", FOLDER), ("c1", "c", "text/plain")):
        firm.put(id_, parent, kind)
    firm.sync()
    assert "c1" not in firm.live()
    [(name, drive)] = firm.hub.settings.sources.items()
    elsewhere = {name: drive.model_copy(update={"root_folder_id": "new"})}
    firm.hub = replace(firm.hub, settings=firm.hub.settings.model_copy(update={"sources": elsewhere}))
    firm.sync()
    assert set(firm.live()) == {"c1"}


Spoil = Callable[[Any], Any]


def files(spoil: Spoil, id_: str) -> Spoil:
    """Spoil one file wherever it is listed."""

    def whole(answer: dict[str, Any]) -> dict[str, Any]:
        if "files" in answer:
            return answer | {"files": [spoil(f) if f.get("id") == id_ else f for f in answer["files"]]}
        entries = answer.get("changes", [])
        other = [e | {"file": spoil(e["file"])} if e.get("fileId") == id_ and "file" in e else e for e in entries]
        return answer | ({"changes": other} if entries else {})

    return whole


def changes(spoil: Spoil, id_: str) -> Spoil:
    """Spoil one entry of the change log."""

    def whole(answer: dict[str, Any]) -> dict[str, Any]:
        entries = answer.get("changes", [])
        return answer | ({"changes": [spoil(e) if e.get("fileId") == id_ else e for e in entries]} if entries else {})

    return whole


BAD_FILES = [
    ("a1", {"name": None}, "name: None is not a text."),
    ("a1", {"mimeType": 7}, "mimeType: 7 is not a media type."),
    ("a1", {"parents": "a-Reports"}, "parents: 'a-Reports' is not a list of folders' ids."),
    ("a1", {"parents": [None]}, "parents: [None] is not a list of folders' ids."),
    ("a1", {"trashed": "no"}, "trashed: 'no' is not true or false."),
    ("?", {"id": None}, "id: None is not an id."),
    ("?", {"id": {"x": 1}}, "id: {'x': 1} is not an id."),
]


@pytest.mark.parametrize(("held_as", "wrong", "said"), BAD_FILES)
def test_a_file_that_a_list_spoils_is_held_and_its_neighbours_are_read(
    firm: Firm, held_as: str, wrong: dict[str, Any], said: str
) -> None:
    firm.spoil = files(lambda file: {**file, **wrong}, "a1")
    assert firm.sync().state == "done"
    assert firm.live().keys() == {"a2", "a3", "b1", "b2", "b3"}
    assert firm.held() == {held_as: ("files", said)}
    firm.spoil = lambda answer: answer
    firm.sync(full=True)
    assert firm.live().keys() == {"a1", "a2", "a3", "b1", "b2", "b3"}
    assert firm.held().keys() <= {"?"}, "what has no id to be known by is let go by a person"


@pytest.mark.parametrize("nothing", [None, "a1", 7, []])
def test_what_is_no_object_is_held_too(firm: Firm, nothing: Any) -> None:
    firm.spoil = files(lambda _: nothing, "a1")
    assert firm.sync().state == "done"
    assert firm.live().keys() == {"a2", "a3", "b1", "b2", "b3"}
    assert firm.held()["?"][0] == "files"


BAD_CHANGES = [
    ({"file": None}, "a1", "file: Drive tells of a change and not of what became of the file."),
    ({"file": "a1"}, "a1", "file: Drive tells of a change and not of what became of the file."),
    ({"removed": "no"}, "a1", "removed: Drive tells of a change and not of what became of the file."),
    ({"time": None}, "", ""),
    ({"time": 7}, "", ""),
    ({"fileId": None, "file": None}, "?", "fileId: Drive tells of a change and not of which file."),
]


@pytest.mark.parametrize(("wrong", "held_as", "said"), BAD_CHANGES)
def test_a_change_that_the_log_spoils_is_held_and_the_others_are_read(
    firm: Firm, wrong: dict[str, Any], held_as: str, said: str
) -> None:
    firm.sync()
    for id_ in ("a1", "a2", "b"):
        firm.change(id_, name=f"{id_} new")
    firm.spoil = changes(lambda entry: {**entry, **wrong}, "a1")
    assert firm.sync().state == "done"
    assert firm.live()["a2"] == "a2 new"
    assert firm.live(Folder)["b"] == "b new"
    assert firm.live()["a1"] == ("a1" if held_as else "a1 new")
    assert {key: sentence.startswith(said) for key, (_, sentence) in firm.held().items()} == (
        {held_as: True} if held_as else {}
    )
    firm.spoil = lambda answer: answer
    firm.change("a1", name="a1 at last")
    firm.sync()
    assert firm.live()["a1"] == "a1 at last"
    assert firm.held().keys() <= {"?"}


@pytest.mark.parametrize("entry", [None, "a1", 7])
def test_an_entry_of_the_log_that_is_no_object_is_told(firm: Firm, entry: Any) -> None:
    firm.sync()
    firm.change("a1", name="new")
    firm.change("a2", name="new")
    firm.spoil = changes(lambda _: entry, "a1")
    assert firm.sync().state == "done"
    assert firm.live()["a2"] == "new"
    assert "A full sync reads everything again." in firm.held()["?"][1]


@pytest.mark.parametrize("wrong", [{"name": None}, {"parents": 7}])
def test_a_clients_folder_that_cannot_be_read_is_held_with_what_lies_in_it(firm: Firm, wrong: dict[str, Any]) -> None:
    firm.spoil = files(lambda file: {**file, **wrong}, "a")
    assert firm.sync().state == "done"
    assert firm.live().keys() == {"b1", "b2", "b3"}
    held = firm.held()
    assert held["a"][0] == "folders"
    assert held["a1"] == ("files", "parents: The folder a, in which it lies, cannot be read.")
    assert held.keys() == {"a", "a1", "a2", "a3"}
    sweep_source(firm.hub, "google_drive")
    assert firm.held().keys() == {"a", "a1", "a2", "a3"}, "none of it is gone"
    firm.spoil = lambda answer: answer
    firm.change("a", name="Client A")
    firm.sync()
    assert firm.live().keys() == {"a1", "a2", "a3", "b1", "b2", "b3"}
    assert firm.held() == {}


def test_a_folder_without_an_id_is_told_and_hides_no_other(firm: Firm) -> None:
    firm.spoil = files(lambda file: {**file, "id": None}, "a-Reports")
    assert firm.sync().state == "done"
    assert firm.live().keys() == {"b1", "b2", "b3"}
    assert firm.held()["?"][1] == "id: A folder came without an id, so what lies in it could not be read."


def test_a_folder_whose_change_cannot_be_read_keeps_its_files_where_they_are(firm: Firm) -> None:
    firm.sync()
    firm.change("a-Reports", name="Berichte")
    firm.change("b", name="Client B")
    firm.spoil = changes(lambda entry: {**entry, "file": None}, "a-Reports")
    firm.sync()
    assert firm.live().keys() == {"a1", "a2", "a3", "b1", "b2", "b3"}
    with firm.hub.engine.connect() as connection:
        assert set(connection.scalars(select(Document.c.category))) == {"Berichte", "b-Reports"}
    firm.change("b", name="B again")
    firm.spoil = changes(lambda entry: {**entry, "file": 7}, "b")
    firm.sync()
    assert firm.live(Folder)["b"] == "Client B", "the last good version stays"
    assert "folders" in firm.holding("b")


def test_a_file_that_cannot_be_read_is_not_taken_by_trying_again(firm: Firm) -> None:
    firm.spoil = files(lambda file: {**file, "parents": 7}, "a1")
    firm.sync()
    with firm.hub.engine.connect() as connection:
        held_id = connection.scalar(select(HeldRecord.c.id).where(HeldRecord.c.external_id == "a1"))
    assert held_id is not None
    with pytest.raises(BadRecord, match="not a list of folders' ids"):
        replay(firm.hub, held_id)
    assert "a1" not in firm.live()


@pytest.mark.parametrize(
    "answer", [{"files": None}, {"files": {"a": 1}}, {"changes": "x"}, {"newStartPageToken": None}]
)
def test_an_answer_that_is_no_list_at_all_is_asked_for_again_later(
    firm: Firm, answer: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flows.patience.sleep", lambda _seconds: None)
    firm.sync()
    firm.change("a1", name="new")
    name = next(iter(answer))
    firm.spoil = lambda whole: whole | answer if name in whole else whole
    found = sync_source(firm.hub, "google_drive", ["files"], full=name == "files")
    assert (found.state, found.streams[0].error_kind) == ("failed", "RetryLater")
    assert found.streams[0].sentence == "Google Drive's answer could not be read."


LOSSES: dict[str, Callable[[Firm, str], object]] = {
    "trashed": lambda firm, folder: firm.change(folder, trashed=True),
    "deleted": lambda firm, folder: firm.change(folder, deleted=True),
    "unshared": lambda firm, folder: share(firm.state, folder, shared=False),
}


@pytest.mark.parametrize("folder", [ROOT, SHARE])
@pytest.mark.parametrize("loss", LOSSES)
def test_a_lost_root_folder_is_told_by_the_next_sync_whatever_took_it_away(firm: Firm, folder: str, loss: str) -> None:
    firm.sync()
    known = firm.state.get("google_drive", "file", folder)
    assert known is not None
    LOSSES[loss](firm, folder)
    for _ in range(2):
        found = firm.sync()
        assert {(one.state, one.error_kind) for one in found.streams} == {("failed", "NeedsPerson")}
    [(state, said, step)] = firm.told()
    assert (state, "root folder" in str(said), "folder" in str(step)) == ("failed", True, True)
    assert len(firm.live()) == 6, "a mistake to mend is no end of every client"
    firm.state.put("google_drive", "file", folder, {**known.body, "_unshared": False})
    firm.change("a1", name="new")
    assert firm.sync().state == "done"
    assert {state for state, _, _ in firm.told()} == {"fine"}
    assert firm.live()["a1"] == "new"


def test_looking_for_the_root_costs_a_run_without_changes_nothing(firm: Firm) -> None:
    firm.sync()
    usual = firm.sync().requests
    firm.change("a1", name="new")
    assert firm.sync().requests - usual <= 1, "the folders, and no root"
    assert firm.sync().requests == usual


def test_the_nightly_sweep_tells_of_a_root_that_went_without_a_change(firm: Firm) -> None:
    firm.sync()
    LOSSES["unshared"](firm, SHARE)
    assert {one.error_kind for one in sweep_source(firm.hub, "google_drive")} == {"NeedsPerson"}
    [(state, said, step)] = firm.told()
    assert (state, step) == ("failed", f"Share the folder with {USER} as a viewer, or correct `root_folder_id`.")
    assert "cannot see the root folder" in str(said)
