"""Attachments in the emulated QuickBooks, with Intuit's Python client."""

from __future__ import annotations

import base64

import pytest
import requests
from intuitlib.client import AuthClient
from quickbooks import QuickBooks
from quickbooks.objects.attachable import Attachable
from quickbooks.objects.base import AttachableRef, Ref

from sandbox.state import State

REALM = "4620816365179422850"


@pytest.fixture
def qb(url: str, state: State, monkeypatch: pytest.MonkeyPatch) -> QuickBooks:
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    monkeypatch.setattr(QuickBooks, "api_url_v3", f"{url}/v3")
    discovery = f"{url}/.well-known/openid_configuration"
    client = AuthClient("sandbox-qbo-client", "sandbox-qbo-secret", "http://localhost:1/callback", discovery)
    return QuickBooks(auth_client=client, refresh_token="sandbox-refresh-0", company_id=REALM, minorversion=75)


def attached(qb: QuickBooks, content: bytes, to: str) -> Attachable:
    file, link = Attachable(), AttachableRef()
    link.EntityRef = Ref()
    link.EntityRef.type, link.EntityRef.value = "Invoice", to
    file.FileName, file.ContentType, file._FileBytes = "Größe.txt", "text/plain", content
    file.AttachableRef.append(link)
    return file.save(qb=qb)


def test_a_file_is_attached_found_by_its_owner_and_fetched(qb: QuickBooks, state: State) -> None:
    content = bytes(range(256)) * 10
    saved = attached(qb, content, "145")
    attached(qb, b"another", "146")
    assert (saved.Size, saved.ContentType) == (2560, "text/plain")
    owner = "AttachableRef.EntityRef.Type = 'invoice' AND AttachableRef.EntityRef.value = '145'"
    (found,) = Attachable.where(owner, qb=qb)
    assert (found.Id, found.FileName) == (saved.Id, "Größe.txt")
    assert requests.get(found.TempDownloadUri, timeout=30).content == content
    state.set_fact("clock_offset_ms", str(16 * 60_000))
    assert requests.get(found.TempDownloadUri, timeout=30).status_code == 403


def test_the_download_resource_says_where_the_bytes_are(qb: QuickBooks, url: str) -> None:
    saved = attached(qb, b"words", "145")
    headers = {"Authorization": f"Bearer {qb.auth_client.access_token}"}
    place = requests.get(f"{url}{saved.FileAccessUri}", headers=headers, timeout=30).text
    assert requests.get(place, timeout=30).content == b"words"
    assert requests.get(f"{place}0", timeout=30).status_code == 403


def test_a_note_needs_no_file_and_a_file_no_metadata(qb: QuickBooks, url: str) -> None:
    headers = {"Authorization": f"Bearer {qb.auth_client.access_token}"}
    address = f"{url}/v3/company/{REALM}"
    note = requests.post(f"{address}/attachable", json={"Note": "Call first"}, headers=headers, timeout=30).json()
    assert "TempDownloadUri" not in note["Attachable"]
    encoded = base64.b64encode(b"x")
    files = {"file_content_01": ("a.bin", encoded, "application/pdf", {"Content-Transfer-Encoding": "base64"})}
    (one,) = requests.post(f"{address}/upload", files=files, headers=headers, timeout=30).json()["AttachableResponse"]
    assert (one["Attachable"]["FileName"], one["Attachable"]["Size"]) == ("a.bin", 1)


def test_an_attachment_is_deleted_and_a_body_without_a_file_refused(qb: QuickBooks, url: str) -> None:
    saved = attached(qb, b"words", "145")
    saved.delete(qb=qb)
    assert Attachable.all(qb=qb) == []
    headers = {"Authorization": f"Bearer {qb.auth_client.access_token}"}
    for files in ({"file_metadata_01": "{}"}, None):
        answer = requests.post(f"{url}/v3/company/{REALM}/upload", files=files, headers=headers, timeout=30)
        assert answer.status_code == 400
        assert answer.json()["Fault"]["Error"][0]["code"] in {"2020", "2010"}
