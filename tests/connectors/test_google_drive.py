"""What a sync gets from Google Drive: every client's files in their place, and every later change of either."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import requests
from google.oauth2.service_account import Credentials
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.contract import Page, Record, Want
from connectors.google_drive import CONNECTOR, listing
from connectors.google_drive.client import Drive
from hub.errors import NeedsPerson, RetryLater
from sandbox.google_drive.files import file_body, new_file, new_version, share
from sandbox.google_drive.tree import FOLDER, select_files
from sandbox.serve import serving
from sandbox.state import State

ROOT, SUBJECT = "fld-clients", "hub@sandbox.example"
WANT = Want(("id", "name"))


class Firm:
    """The firm's Drive as its people use it."""

    def __init__(self, state: State, root: str = ROOT) -> None:
        self.state, self.root = state, root
        self.folder(root, "Clients", "root")

    def folder(self, id_: str, name: str, parent: str) -> str:
        return new_file(self.state, id_, file_body(self.state, name, FOLDER, parent)).id

    def file(self, id_: str, name: str, parent: str, content: bytes = b"text", **fields: Any) -> str:
        return new_file(
            self.state, id_, file_body(self.state, name, "text/plain", parent, content=content, **fields)
        ).id

    def change(self, id_: str, *, deleted: bool = False, **fields: Any) -> None:
        found = self.state.get("google_drive", "file", id_)
        assert found is not None
        self.state.put("google_drive", "file", id_, {**found.body, **fields}, deleted=deleted)

    def truth(self) -> dict[str, tuple[str, str, str]]:
        """Every file that clients may have: (client folder, category, path), worked out from the stored bodies."""
        files = {file.id: file for file in select_files(self.state, "NOT gone AND NOT trashed")}
        found = {}
        for file in files.values():
            names, parent = [file.body["name"].replace("/", "∕")], file.body["parents"][0]
            chain = []
            while parent in files and parent != self.root:
                chain.append(parent)
                names.append(files[parent].body["name"].replace("/", "∕"))
                parent = files[parent].body["parents"][0]
            if parent == self.root and chain and file.body["mimeType"] not in (FOLDER, SHORTCUT):
                category = files[chain[-2]].body["name"] if len(chain) > 1 else ""
                found[file.id] = (chain[-1], category, "/".join(names[-2::-1]))
        return found


SHORTCUT = "application/vnd.google-apps.shortcut"


class Copy:
    """A copy as the engine keeps it: pages in order, the cursor through JSON, a sweep where one is asked for."""

    def __init__(self, stream: str = "files") -> None:
        self.stream = CONNECTOR.stream(stream)
        self.records: dict[str, Record] = {}
        self.gone: dict[str, str] = {}
        self.cursor: Any = None

    def apply(self, page: Page) -> None:
        for record in page.records:
            self.records[record["id"]] = record
            self.gone.pop(record["id"], None)
        for item in page.deleted:
            if self.records.pop(item.external_id, None) is not None:
                self.gone[item.external_id] = item.reason
        assert {record["id"] for record in json.loads(page.raw)["records"]} == {r["id"] for r in page.records}
        self.cursor = json.loads(json.dumps(page.cursor))

    def sync(self, drive: Drive, *, stop_after: int = 0, between: Callable[[], None] | None = None) -> Copy:
        sweep = False
        for number, page in enumerate(self.stream.read(drive, Want((), self.cursor)), start=1):
            self.apply(page)
            sweep |= page.sweep
            if number == 1 and between:
                between()
            if number == stop_after:
                return self
        if sweep:
            live = {key for page in self.stream.keys(drive) for key in page}
            self.records = {key: record for key, record in self.records.items() if key in live}
        return self

    def places(self) -> dict[str, tuple[str, str, str]]:
        places = {id_: record["frontdesk"] for id_, record in self.records.items()}
        return {id_: (place["client_folder"], place["category"], place["path"]) for id_, place in places.items()}


@pytest.fixture
def firm(state: State) -> Firm:
    firm = Firm(state)
    for client in ("a", "b"):
        firm.folder(client, f"Client {client.upper()}", ROOT)
        for category in ("Contracts", "Reports"):
            firm.folder(f"{client}-{category}", category, client)
            firm.file(f"{client}-{category}-1", f"{category} 1.txt", f"{client}-{category}")
    return firm


@contextmanager
def opened(url: str, **given_settings: Any) -> Iterator[Drive]:
    key = requests.get(f"{url}/control/google/service-account.json", timeout=30).text
    wish = {"base_url": url, "root_folder_id": ROOT, "subject": SUBJECT, "service_account_json": key, **given_settings}
    with CONNECTOR.open(CONNECTOR.settings.model_validate(wish), None) as drive:  # type: ignore[arg-type]
        yield drive


@pytest.fixture
def drive(url: str, firm: Firm) -> Iterator[Drive]:
    with opened(url) as drive:
        yield drive


def test_every_file_below_a_clients_folder_comes_with_its_place(drive, firm):
    firm.folder("a-2026", "2026", "a-Contracts")
    firm.file("deep", "x.pdf", "a-2026", properties={"project": "P1", "status": "Signed"})
    firm.file("top", "hello.txt", "a")
    firm.file("nobody", "lies in the root.txt", ROOT)
    firm.file("elsewhere", "private.txt", "root")
    copy = Copy().sync(drive)
    assert copy.places() == firm.truth()
    assert copy.places()["deep"] == ("a", "Contracts", "Contracts/2026/x.pdf")
    assert copy.places()["top"] == ("a", "", "hello.txt")
    assert copy.records["deep"]["properties"] == {"project": "P1", "status": "Signed"}
    assert not {"nobody", "elsewhere"} & set(copy.records)


def test_the_folders_stream_holds_the_clients_folders_alone(drive, firm):
    copy = Copy("folders").sync(drive)
    assert {record["name"] for record in copy.records.values()} == {"Client A", "Client B"}
    firm.folder("c", "Client C", ROOT)
    firm.change("a", name="Client A GmbH")
    firm.change("b", trashed=True)
    firm.folder("a-New", "New", "a")
    copy.sync(drive)
    assert {record["name"] for record in copy.records.values()} == {"Client A GmbH", "Client C"}
    assert copy.gone == {"b": "deleted"}
    share(firm.state, "a", shared=False)
    firm.change("b", trashed=False)
    copy.sync(drive)
    assert set(copy.records) == {"b", "c"}
    assert copy.gone == {"a": "access_lost"}
    assert {key for page in CONNECTOR.stream("folders").keys(drive) for key in page} == {"b", "c"}


def test_a_run_without_changes_costs_one_request_for_both_streams(drive, firm):
    folders, files = Copy("folders").sync(drive), Copy().sync(drive)
    folders.sync(drive)
    before = CONNECTOR.requests(drive)
    for copy in (folders, files):
        [page] = copy.stream.read(drive, Want((), copy.cursor))
        assert (page.records, page.deleted, page.sweep) == ([], [], False)
        assert page.high_water.tzinfo is not None
    assert CONNECTOR.requests(drive) - before == 1
    firm.change("a-Reports-1", name="renamed.txt")
    assert files.sync(drive).records["a-Reports-1"]["name"] == "renamed.txt"


def test_1200_files_are_read_while_people_go_on_working(drive, firm, url):
    for number in range(1200):
        firm.file(f"n{number:04}", f"Note {number}.txt", ("a", "a-Contracts", "b-Reports")[number % 3])

    def work() -> None:
        firm.change("n0001", name="renamed.txt")
        firm.change("n1190", name="renamed too.txt")
        firm.change("n0002", trashed=True)
        firm.change("n1191", trashed=True)
        firm.change("n0003", deleted=True)
        firm.file("new", "new.txt", "b-Contracts")
        firm.change("a-Contracts", parents=["b"])
        new_version(firm.state, "n0004", b"second")

    copy = Copy().sync(drive, between=work)
    assert copy.places() == firm.truth()
    assert len(copy.records) == 1202
    assert copy.places()["n0001"] == ("b", "Contracts", "Contracts/renamed.txt")
    assert copy.records["n0004"]["size"] == "6"


@pytest.mark.parametrize("fault", ["", "lost_locator"])
def test_a_first_load_goes_on_where_it_was_stopped(url, drive, firm, arm, fault):
    for number in range(1100):
        firm.file(f"n{number:04}", f"Note {number}.txt", "a")
    copy = Copy().sync(drive, stop_after=1)
    assert 0 < len(copy.records) < 1100
    firm.file("late", "late.txt", "b")
    if fault:
        arm(fault, vendor="google_drive")
    with opened(url) as later:
        copy.sync(later)
    assert copy.places() == firm.truth()


def test_a_rejected_change_token_means_reading_everything_again(drive, firm, arm):
    copy, folders = Copy().sync(drive), Copy("folders").sync(drive)
    firm.change("a-Reports-1", deleted=True)
    firm.change("b", deleted=True)
    arm("lost_locator", vendor="google_drive", path="/changes", times=1)
    assert copy.sync(drive).places() == firm.truth()
    arm("lost_locator", vendor="google_drive", path="/changes", times=1)
    assert set(folders.sync(drive).records) == {"a"}


@pytest.fixture
def forgetful(drive, firm, monkeypatch):
    """Drive takes no token that it has given, neither of a list's next page nor of its change log."""
    plain = listing.asked_with_token

    def ask(session, request, token):
        if token:
            raise listing.TokenRejected(token)
        return plain(session, request, token)

    return lambda: monkeypatch.setattr(listing, "asked_with_token", ask)


@pytest.mark.parametrize("stream", ["files", "folders"])
def test_a_change_token_that_is_never_taken_ends_the_reading_and_not_in_a_loop(drive, firm, forgetful, stream):
    copy = Copy(stream).sync(drive)
    forgetful()
    before = CONNECTOR.requests(drive)
    with pytest.raises(RetryLater, match="does not know the token that it has just given"):
        copy.sync(drive)
    assert CONNECTOR.requests(drive) - before < 20


@pytest.mark.parametrize("stream", ["files", "folders"])
@pytest.mark.parametrize("keys", [True, False])
def test_a_list_that_forgets_its_place_each_time_is_given_up(drive, firm, forgetful, monkeypatch, stream, keys):
    monkeypatch.setattr(listing, "PAGE_SIZE", 1)
    forgetful()
    before = CONNECTOR.requests(drive)
    with pytest.raises(RetryLater, match="again and again"):
        list(CONNECTOR.stream(stream).keys(drive) if keys else CONNECTOR.stream(stream).read(drive, WANT))
    assert CONNECTOR.requests(drive) - before < 20


@pytest.mark.parametrize("stream", ["files", "folders"])
def test_a_list_that_drive_forgets_twice_is_begun_again(drive, firm, arm, monkeypatch, stream):
    monkeypatch.setattr(listing, "PAGE_SIZE", 1)
    arm("lost_locator", vendor="google_drive", times=2)
    assert set(Copy(stream).sync(drive).records) == set(Copy(stream).sync(drive).records) != set()


def test_pages_that_come_empty_end_nothing(drive, firm, arm):
    arm("short_pages", vendor="google_drive", path="/v3/files?", times=3)
    copy = Copy().sync(drive)
    assert copy.places() == firm.truth()
    firm.change("a-Reports-1", name="renamed.txt")
    arm("short_pages", vendor="google_drive", path="/v3/changes?", times=2)
    # Of how far an empty page brings the copy, it says nothing, so none comes of it.
    [page] = copy.stream.read(drive, Want((), copy.cursor))
    assert [record["name"] for record in page.records] == ["renamed.txt"]
    arm("short_pages", vendor="google_drive", path="/v3/files?", times=3)
    assert {key for found in copy.stream.keys(drive) for key in found} == set(copy.records)


@pytest.mark.parametrize("stream", ["files", "folders"])
def test_an_incomplete_search_is_tried_again_and_takes_nothing_away(drive, firm, arm, stream):
    arm("incomplete_search", vendor="google_drive", path="/v3/files?", times=2)
    with pytest.raises(RetryLater, match="not searched everything"):
        list(CONNECTOR.stream(stream).read(drive, WANT))
    with pytest.raises(RetryLater, match="not searched everything"):
        list(CONNECTOR.stream(stream).keys(drive))


def test_without_a_subject_is_read_what_was_shared_with_the_service_account(url, firm, monkeypatch):
    # Without a user Google's library asks Google itself where the account may be used, in the background.
    monkeypatch.setattr(Credentials, "_build_regional_access_boundary_lookup_url", lambda *_, **__: None)
    with opened(url, subject="") as drive, pytest.raises(NeedsPerson, match="cannot see the root folder") as forgotten:
        Copy().sync(drive)
    assert "Share the folder with hub@sandbox-project.iam.example" in forgotten.value.step
    firm.change(ROOT, _permissions=[{"id": "1", "role": "reader", "emailAddress": "hub@sandbox-project.iam.example"}])
    with opened(url, subject="") as drive:
        assert Copy().sync(drive).places() == firm.truth()


def test_a_folder_moved_to_another_client_takes_its_files_along(drive, firm):
    copy = Copy().sync(drive)
    firm.change("a-Reports", parents=["b"])
    copy.sync(drive)
    assert copy.places()["a-Reports-1"] == ("b", "Reports", "Reports/Reports 1.txt")
    assert copy.places() == firm.truth()


def test_a_renamed_folder_changes_category_and_path_of_its_files(drive, firm):
    copy = Copy().sync(drive)
    firm.change("a-Reports", name="Berichte")
    assert copy.sync(drive).places()["a-Reports-1"] == ("a", "Berichte", "Berichte/Reports 1.txt")


def test_files_go_with_a_reason_and_come_back_as_themselves(drive, firm):
    copy = Copy().sync(drive)
    firm.change("a-Reports-1", trashed=True)
    firm.change("a-Contracts-1", deleted=True)
    share(firm.state, "b-Reports-1", shared=False)
    firm.change("b-Contracts-1", parents=["root"])
    copy.sync(drive)
    assert copy.records == {}
    assert copy.gone == {
        "a-Reports-1": "deleted",
        "a-Contracts-1": "access_lost",
        "b-Reports-1": "access_lost",
        "b-Contracts-1": "deleted",
    }
    firm.change("a-Reports-1", trashed=False)
    firm.change("a-Contracts-1")
    share(firm.state, "b-Reports-1", shared=True)
    firm.change("b-Contracts-1", parents=["b-Contracts"])
    assert copy.sync(drive).places() == firm.truth()
    assert len(copy.records) == 4


@pytest.mark.parametrize("loss", ["trash", "delete", "unshare", "move out"])
@pytest.mark.parametrize("folder", ["a", "a-Reports"])
def test_a_folder_that_goes_takes_its_files_with_it_and_brings_them_back(url, drive, firm, folder, loss):
    copy = Copy().sync(drive)
    found = firm.state.get("google_drive", "file", folder)
    assert found is not None
    if loss == "unshare":
        share(firm.state, folder, shared=False)
    else:
        firm.change(
            folder, **{"trash": {"trashed": True}, "delete": {"deleted": True}}.get(loss, {"parents": ["root"]})
        )
    with opened(url) as later:
        assert copy.sync(later).places() == firm.truth()
    assert "a-Reports-1" not in copy.records
    firm.state.put("google_drive", "file", folder, found.body)
    with opened(url) as later:
        assert copy.sync(later).places() == firm.truth()
    assert "a-Reports-1" in copy.records


def test_a_folder_that_comes_into_sight_again_brings_the_folders_below_it_along(drive, firm):
    copy = Copy().sync(drive)
    share(firm.state, "a", shared=False)
    assert "a-Reports-1" not in copy.sync(drive).records
    share(firm.state, "a", shared=True)
    assert copy.sync(drive).places() == firm.truth()
    assert "a-Reports-1" in copy.records


def test_a_folder_made_later_is_known_when_it_goes(drive, firm):
    copy = Copy().sync(drive)
    firm.folder("later", "Later", "a")
    firm.file("inside", "inside.txt", "later")
    assert copy.sync(drive).places() == firm.truth()
    share(firm.state, "later", shared=False)
    assert copy.sync(drive).places() == firm.truth()
    assert "inside" not in copy.records


def test_losing_the_root_folder_is_a_mistake_to_mend_and_no_delete(drive, firm):
    copy = Copy().sync(drive)
    share(firm.state, ROOT, shared=False)
    with pytest.raises(NeedsPerson, match="cannot see the root folder") as held:
        copy.sync(drive)
    assert SUBJECT in held.value.step
    assert len(copy.records) == 4
    share(firm.state, ROOT, shared=True)
    assert copy.sync(drive).places() == firm.truth()


def test_a_new_version_is_seen_by_its_revision(drive, firm):
    copy = Copy().sync(drive)
    old = copy.records["a-Reports-1"]
    new_version(firm.state, "a-Reports-1", b"second version")
    new = copy.sync(drive).records["a-Reports-1"]
    assert old["headRevisionId"] != new["headRevisionId"]
    assert (new["size"], new["frontdesk"]["revision"]) == ("14", new["headRevisionId"])


def test_names_are_kept_as_people_wrote_them(drive, firm):
    names = ["Übergabe O'Neill.txt", "a/b\\c.txt", "twice.txt", "twice.txt", "'in parents.txt", "..", "日本.txt"]
    for number, name in enumerate(names):
        firm.file(f"odd{number}", name, "a-Reports")
    firm.folder("quo'te", "Wer's / weiß", "a")
    firm.file("inside", "x.txt", "quo'te")
    copy = Copy().sync(drive)
    assert [copy.records[f"odd{number}"]["name"] for number in range(len(names))] == names
    assert copy.places()["odd1"] == ("a", "Reports", "Reports/a∕b\\c.txt")
    assert copy.places()["inside"] == ("a", "Wer's / weiß", "Wer's ∕ weiß/x.txt")
    firm.change("quo'te", name="Plain")
    assert copy.sync(drive).places() == firm.truth()


def test_shortcuts_hand_nothing_out(drive, firm):
    firm.file("secret", "private.txt", "root")
    details = {"targetId": "secret", "targetMimeType": "text/plain"}
    new_file(firm.state, "link", file_body(firm.state, "link", SHORTCUT, "a", shortcutDetails=details))
    copy = Copy().sync(drive)
    assert not {"link", "secret"} & set(copy.records)
    firm.change("link", name="link again")
    assert copy.sync(drive).places() == firm.truth()
    assert copy.stream.one(drive, "link", WANT) is None


def test_hundreds_of_folders_are_read_in_few_requests(drive, firm):
    for number in range(240):
        firm.folder(f"f{number:03}-{'x' * 28}", f"Client {number}", ROOT)
        firm.file(f"in{number}", "x.txt", f"f{number:03}-{'x' * 28}")
    before = CONNECTOR.requests(drive)
    copy = Copy().sync(drive)
    assert copy.places() == firm.truth()
    # Token, root, start, folders, five groups of fifty folders, changes.
    assert CONNECTOR.requests(drive) - before <= 10


def test_one_record_is_read_again_by_its_id(drive, firm):
    one = CONNECTOR.stream("files").one
    found = one(drive, "a-Reports-1", WANT)
    assert found is not None
    assert found["frontdesk"]["path"] == "Reports/Reports 1.txt"
    firm.file("private", "private.txt", "root")
    firm.change("b-Reports", trashed=True)
    for gone in ("private", "b-Reports-1", "never", "a-Reports"):
        assert one(drive, gone, WANT) is None
    folder = CONNECTOR.stream("folders").one
    assert (folder(drive, "a", WANT) or {})["name"] == "Client A"
    assert folder(drive, "a-Reports", WANT) is None


def test_a_shared_drive_is_read_by_its_own_log(url, state):
    state.put("google_drive", "drive", "DRV", {"name": "Firm"})
    firm = Firm(state)
    firm.change(ROOT, driveId="DRV", parents=["DRV"])
    new_file(state, "a", file_body(state, "Client A", FOLDER, ROOT, driveId="DRV"))
    firm.file("x", "x.txt", "a", driveId="DRV")
    firm.file("mine", "mine.txt", "root")
    with opened(url) as drive, pytest.raises(NeedsPerson, match="another drive") as wrong:
        Copy().sync(drive)
    assert wrong.value.step == "Set `drive_id` to DRV."
    with opened(url, drive_id="DRV") as drive:
        copy = Copy().sync(drive)
        assert set(copy.records) == {"x"}
        firm.file("y", "y.txt", "a", driveId="DRV")
        firm.change("x", trashed=True)
        assert set(copy.sync(drive).records) == {"y"}
        content = copy.stream.content
        assert content is not None
        assert b"".join(content(drive, "y").chunks) == b"text"


EDITS = st.lists(
    st.tuples(
        st.sampled_from(
            [
                "rename",
                "move",
                "trash",
                "restore",
                "delete",
                "undelete",
                "unshare",
                "share",
                "version",
                "create",
                "sync",
            ]
        ),
        st.integers(0, 11),
        st.integers(0, 5),
    ),
    max_size=14,
)


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[State, str, list[int]]]:
    state = State(tmp_path_factory.mktemp("busy") / "sandbox.sqlite")
    with serving(state) as url:
        yield state, url, [0]


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(edits=EDITS)
def test_whatever_people_do_the_copy_equals_the_drive(busy, edits):
    state, url, counter = busy
    counter[0] += 1
    mark = f"r{counter[0]}-"
    firm = Firm(state, f"{mark}root")
    folders = [firm.root, *(f"{mark}d{number}" for number in range(1, 6))]
    for number, parent in enumerate([0, 0, 1, 1, 3], start=1):
        firm.folder(folders[number], f"Folder {number}", folders[parent])
    files = [firm.file(f"{mark}f{number}", f"File {number}", folders[number % 6]) for number in range(7)]
    with opened(url, root_folder_id=firm.root) as drive:
        copy = Copy().sync(drive)
        for what, which, where in edits:
            edit(firm, [*folders[1:], *files][which], what, [*folders, "root"][where])
            if what == "sync":
                copy.sync(drive)
                assert copy.places() == firm.truth()
        assert copy.sync(drive).places() == firm.truth()


def edit(firm: Firm, id_: str, what: str, where: str) -> None:
    """One thing that a person does. Moves into what lies below are refused by Drive, so nobody can do them."""
    found = firm.state.get("google_drive", "file", id_)
    assert found is not None
    match what:
        case "rename":
            firm.change(id_, name=f"{found.body['name']}!", deleted=found.deleted)
        case "move" if not below(firm, where, id_):
            firm.change(id_, parents=[where], deleted=found.deleted)
        case "trash" | "restore":
            firm.change(id_, trashed=what == "trash", deleted=found.deleted)
        case "delete" | "undelete":
            firm.change(id_, deleted=what == "delete")
        case "unshare" | "share":
            share(firm.state, id_, shared=what == "share")
        case "create":
            made = firm.folder(f"{firm.root}-{secrets.token_hex(4)}", "Made", where)
            firm.file(f"{made}-file", "made.txt", made)
        case "version" if found.body.get("_blob"):
            new_version(firm.state, id_, found.body["name"].encode())


def below(firm: Firm, folder: str, ancestor: str) -> bool:
    while folder not in ("root", firm.root):
        if folder == ancestor:
            return True
        found = firm.state.get("google_drive", "file", folder)
        assert found is not None
        folder = found.body["parents"][0]
    return False
