"""Who may see a file: given, changed, searched for and taken back with Google's own client."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from google.oauth2.service_account import Credentials
from googleapiclient.discovery import build_from_document
from googleapiclient.discovery_cache import get_static_doc
from googleapiclient.errors import HttpError

from sandbox.google_drive.files import file_body, new_file
from sandbox.state import State

SCOPE, ME = "https://www.googleapis.com/auth/drive", "hub@sandbox.example"


@pytest.fixture
def drive(state: State, url: str) -> Iterator[Any]:
    """Google's client over a Drive with one file."""
    new_file(state, "x", file_body(state, "X.txt", "text/plain", "root", content=b"x"))
    key = requests.get(f"{url}/control/google/service-account.json", timeout=10).json()
    document = get_static_doc("drive", "v3").replace("https://www.googleapis.com/", f"{url}/")
    credentials = Credentials.from_service_account_info(key, scopes=[SCOPE], subject=ME)
    with build_from_document(document, credentials=credentials) as service:
        yield service


def give(drive: Any, **wish: Any) -> Any:
    return drive.permissions().create(fileId="x", body=wish, fields="*").execute()


def found(drive: Any, query: str) -> list[str]:
    return [file["id"] for file in drive.files().list(q=f"{query} and name = 'X.txt'").execute()["files"]]


def test_a_role_is_given_changed_and_taken_back(drive: Any, state: State) -> None:
    before = drive.files().get(fileId="x", fields="modifiedTime,version").execute()
    made = give(drive, type="user", role="reader", emailAddress="ann@client.example")
    assert (made["displayName"], made["role"]) == ("Ann", "reader")
    assert give(drive, type="user", role="commenter", emailAddress="Ann@client.example")["id"] == made["id"]
    drive.permissions().update(fileId="x", permissionId=made["id"], body={"role": "writer"}).execute()
    kept = drive.permissions().list(fileId="x").execute()["permissions"]
    assert [one["role"] for one in kept] == ["owner", "writer"]
    assert found(drive, "'ann@client.example' in writers") == ["x"]
    assert found(drive, "'ann@client.example' in owners") == []
    after = drive.files().get(fileId="x", fields="modifiedTime,version,permissionIds").execute()
    assert (after["modifiedTime"], after["permissionIds"][1]) == (before["modifiedTime"], made["id"])
    assert int(after["version"]) > int(before["version"])
    drive.permissions().delete(fileId="x", permissionId=made["id"]).execute()
    assert found(drive, "'ann@client.example' in readers") == []
    assert len(drive.permissions().list(fileId="x").execute()["permissions"]) == 1


def test_a_link_for_anyone_makes_the_file_visible_by_it(drive: Any) -> None:
    assert found(drive, "visibility = 'anyoneWithLink'") == []
    assert give(drive, type="anyone", role="reader")["id"] == "anyoneWithLink"
    assert found(drive, "visibility = 'anyoneWithLink'") == ["x"]


def test_me_is_whoever_asks(drive: Any) -> None:
    assert found(drive, "'me' in owners") == found(drive, f"'{ME}' in readers") == ["x"]
    assert found(drive, "'ann@client.example' in owners") == []


@pytest.mark.parametrize(
    ("wish", "status", "why"),
    [
        ({"role": "reader"}, 400, "required"),
        ({"type": "user", "role": "reader"}, 400, "invalid"),
        ({"type": "anyone", "role": "king"}, 400, "invalid"),
        ({"type": "user", "role": "owner", "emailAddress": "a@b.example"}, 403, "forbidden"),
    ],
)
def test_a_permission_that_is_not_whole_is_refused(drive: Any, wish: dict[str, str], status: int, why: str) -> None:
    with pytest.raises(HttpError) as refused:
        give(drive, **wish)
    assert (refused.value.resp.status, refused.value.error_details[0]["reason"]) == (status, why)


def test_the_owners_own_permission_stays_and_an_unknown_one_is_not_found(drive: Any) -> None:
    for permission, status in (("07", 403), ("nobody", 404)):
        with pytest.raises(HttpError) as refused:
            drive.permissions().delete(fileId="x", permissionId=permission).execute()
        assert refused.value.resp.status == status
    assert drive.permissions().get(fileId="x", permissionId="07").execute()["role"] == "owner"
