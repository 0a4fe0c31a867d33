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
