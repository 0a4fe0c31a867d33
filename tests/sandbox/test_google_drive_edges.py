"""What is asked of Drive at its edges."""

from __future__ import annotations

import pytest
import requests

from sandbox.google_drive.files import file_body, new_file
from sandbox.google_drive.tree import FOLDER
from sandbox.state import State


@pytest.fixture
def files(state: State, url: str) -> State:
    """A folder with a file in it, and a file beside."""
    new_file(state, "dir", file_body(state, "Folder", FOLDER, "root"))
    new_file(state, "in", file_body(state, "In.txt", "text/plain", "dir", content=b"in"))
    new_file(state, "x", file_body(state, "X.txt", "text/plain", "root", content=b"0123456789"))
    return state


def test_the_trash_is_emptied_with_all_below_and_nothing_else(files: State, url: str, google: requests.Session) -> None:
    google.patch(f"{url}/drive/v3/files/dir", json={"trashed": True}, timeout=10)
    assert google.delete(f"{url}/drive/v3/files/trash", timeout=10).status_code == 204
    left = google.get(f"{url}/drive/v3/files", timeout=10).json()["files"]
    assert [file["id"] for file in left] == ["x"]
    assert google.get(f"{url}/drive/v3/files/in", timeout=10).status_code == 404


@pytest.mark.parametrize(
    ("asked", "status"), [("bytes=5-2", 200), ("bytes=x", 200), ("bytes=2-5", 206), ("bytes=-0", 416)]
)
def test_a_range_that_is_none_is_ignored(
    files: State, url: str, google: requests.Session, asked: str, status: int
) -> None:
    answer = google.get(f"{url}/drive/v3/files/x?alt=media", headers={"Range": asked}, timeout=10)
    expected = {200: b"0123456789", 206: b"2345", 416: b""}[status]
    assert (answer.status_code, answer.content) == (status, expected)


def test_an_export_does_not_say_how_long_it_is(state: State, url: str, google: requests.Session) -> None:
    native = file_body(state, "D", "application/vnd.google-apps.document", "root", exports={"text/plain": b"words"})
    new_file(state, "d", native)
    link = google.get(f"{url}/drive/v3/files/d?fields=exportLinks", timeout=10).json()["exportLinks"]["text/plain"]
    for address in (f"{url}/drive/v3/files/d/export?mimeType=text/plain", link):
        answer = google.get(address, timeout=10)
        assert (answer.content, "Content-Length" in answer.headers) == (b"words", False)


@pytest.mark.parametrize("wrong", ["pageSize=0", "pageSize=-1", "pageSize=x", "spaces=zz", "spaces=drive,zz"])
def test_a_parameter_that_cannot_be_is_refused(files: State, url: str, google: requests.Session, wrong: str) -> None:
    for path in ("files?", "changes?pageToken=1&"):
        answer = google.get(f"{url}/drive/v3/{path}{wrong}", timeout=10)
        error = answer.json()["error"]["errors"][0]
        assert (answer.status_code, error["reason"], error["location"]) == (400, "invalid", wrong.partition("=")[0])
    assert google.get(f"{url}/drive/v3/files?spaces=appDataFolder", timeout=10).json()["files"] == []
    assert len(google.get(f"{url}/drive/v3/files?spaces=drive&pageSize=5000", timeout=10).json()["files"]) == 3


def test_chunks_may_be_posted_to_a_session_as_rclone_does(url: str, google: requests.Session) -> None:
    place = f"{url}/upload/drive/v3/files?uploadType=resumable&fields=size"
    session = google.post(place, json={"name": "big"}, headers={"X-Upload-Content-Length": "262147"}, timeout=10)
    first, last = b"a" * 262_144, b"end"
    for start, chunk in ((0, first), (262_144, last)):
        headers = {"Content-Range": f"bytes {start}-{start + len(chunk) - 1}/262147", "Authorization": ""}
        answer = google.post(session.headers["Location"], chunk, headers=headers, timeout=10)
    assert (answer.status_code, answer.json()) == (200, {"size": "262147"})


def test_a_time_is_kept_to_the_millisecond_and_what_is_none_is_refused(
    files: State, url: str, google: requests.Session
) -> None:
    place = f"{url}/drive/v3/files/x?fields=modifiedTime"
    for sent in ("2026-11-29T14:22:00.184326674Z", "2026-11-29T16:22:00.184+02:00"):
        assert google.patch(place, json={"modifiedTime": sent}, timeout=10).json() == {
            "modifiedTime": "2026-11-29T14:22:00.184Z"
        }
    refused = google.patch(place, json={"modifiedTime": "yesterday"}, timeout=10)
    assert (refused.status_code, refused.json()["error"]["errors"][0]["reason"]) == (400, "invalid")


def test_a_bad_token_is_challenged_and_a_good_one_may_stand_in_the_address(url: str, google: requests.Session) -> None:
    refused = requests.get(f"{url}/drive/v3/files", timeout=10)
    assert refused.status_code == 401
    assert refused.headers["WWW-Authenticate"].startswith('Bearer realm="https://accounts.google.com/"')
    token = str(google.headers["Authorization"]).removeprefix("Bearer ")
    assert requests.get(f"{url}/drive/v3/files", params={"access_token": token}, timeout=10).status_code == 200


def test_an_upload_to_a_file_that_is_not_there_is_refused_at_once(url: str, google: requests.Session) -> None:
    address = f"{url}/upload/drive/v3/files/never?uploadType=resumable"
    assert google.patch(address, json={}, timeout=30).status_code == 404


@pytest.mark.parametrize("path", ["/drive/v3/files", "/drive/v3/changes"])
def test_a_page_may_come_empty_and_not_be_the_last(files: State, url: str, google: requests.Session, path: str) -> None:
    fault = {"fault": "short_pages", "vendor": "google_drive", "path": f"{path}?", "times": 2}
    requests.post(f"{url}/control/faults", json=fault, timeout=30).raise_for_status()
    kind, given = path.rsplit("/", 1)[1], {"pageToken": "1"} if path.endswith("changes") else {}
    found = []
    for _ in range(3):
        page = google.get(f"{url}{path}", params=given, timeout=30).json()
        found.append(len(page[kind]))
        given = {"pageToken": page.get("nextPageToken", "")}
    assert found[:2] == [0, 0]
    assert found[2] > 1
    assert given == {"pageToken": ""}


def test_a_search_may_be_incomplete_and_says_so(files: State, url: str, google: requests.Session) -> None:
    requests.post(
        f"{url}/control/faults", json={"fault": "incomplete_search", "path": "/v3/files?"}, timeout=30
    ).raise_for_status()
    first, second = (google.get(f"{url}/drive/v3/files", timeout=30).json() for _ in range(2))
    assert (first["incompleteSearch"], second["incompleteSearch"]) == (True, False)
    assert len(first["files"]) < len(second["files"])
