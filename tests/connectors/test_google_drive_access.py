"""What a firm is told when Google refuses or fails, and the bytes that it gets when Google does not."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httplib2
import pytest
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from googleapiclient.errors import HttpError
from pydantic import ValidationError

from connectors.contract import Content, Want
from connectors.google_drive import CONNECTOR, SCOPE, STREAMS, DriveSettings
from connectors.google_drive.client import Drive, is_googles
from connectors.google_drive.failures import Account, failure
from hub.errors import BadRecord, NeedsPerson, RetryLater
from sandbox.google_drive.faults import fault_response
from sandbox.google_drive.files import file_body, new_file, new_version
from sandbox.google_drive.tree import FOLDER
from sandbox.state import State

ROOT, SUBJECT, DAY = "fld-clients", "hub@sandbox.example", 86400
WANT = Want(())
ACCOUNT = Account("hub@project.example", "1001", "project", SUBJECT)
DOCUMENT = "application/vnd.google-apps.document"
PDF, TEXT = "application/pdf", "text/plain"


@pytest.fixture
def key(url: str) -> dict[str, str]:
    """The service account's key as the firm's admin downloads it."""
    found: dict[str, str] = requests.get(f"{url}/control/google/service-account.json", timeout=30).json()
    return found


@contextmanager
def opened(url: str, key: dict[str, str], **given: Any) -> Iterator[Drive]:
    import json

    wish = {
        "base_url": url,
        "root_folder_id": ROOT,
        "subject": SUBJECT,
        "service_account_json": json.dumps(key),
        **given,
    }
    with CONNECTOR.open(CONNECTOR.settings.model_validate(wish), None) as drive:  # type: ignore[arg-type]
        yield drive


@pytest.fixture
def firm(state: State) -> State:
    new_file(state, ROOT, file_body(state, "Clients", FOLDER, "root"))
    new_file(state, "a", file_body(state, "Client A", FOLDER, ROOT))
    return state


@pytest.fixture
def drive(url: str, firm: State, key: dict[str, str]) -> Iterator[Drive]:
    with opened(url, key) as drive:
        yield drive


def put(state: State, id_: str, name: str, mime_type: str = TEXT, **given: Any) -> None:
    new_file(state, id_, file_body(state, name, mime_type, "a", **given))


def content(drive: Drive, id_: str) -> Content:
    read = CONNECTOR.stream("files").content
    assert read is not None
    return read(drive, id_)


def read_all(drive: Drive) -> list[Any]:
    return list(CONNECTOR.stream("files").read(drive, WANT))


class TestCheck:
    def test_says_what_it_sees(self, drive):
        findings = CONNECTOR.check(drive, {})
        assert [finding.ok for finding in findings] == [True, True, True]
        assert [finding.sentence for finding in findings] == [
            f"Google lets hub@sandbox-project.iam.example read Drive as {SUBJECT}.",
            "The root folder is Clients.",
            "It holds 1 client folder.",
        ]

    def test_names_the_scope_to_delegate_and_where(self, url, firm, key):
        requests.post(f"{url}/control/google/scopes", json={"scopes": [SCOPE + ".metadata"]}, timeout=30)
        with opened(url, key) as drive:
            [finding] = CONNECTOR.check(drive, {})
        assert not finding.ok
        assert SUBJECT in finding.sentence
        assert SCOPE in finding.step
        assert key["client_id"] in finding.step
        assert "Domain-wide delegation" in finding.step

    def test_names_a_user_that_does_not_exist(self, url, firm, key):
        with opened(url, key, subject="nobody@elsewhere.example") as drive:
            [finding] = CONNECTOR.check(drive, {})
        assert finding.sentence == "There is no Workspace user nobody@elsewhere.example."
        assert "subject" in finding.step

    def test_knows_a_key_that_google_does_not_know(self, url, firm, key):
        pem = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        with opened(url, {**key, "private_key": pem.decode()}) as drive:
            [finding] = CONNECTOR.check(drive, {})
        assert "does not know the key" in finding.sentence

    def test_says_whom_to_share_the_root_folder_with(self, url, firm, key):
        with opened(url, key, root_folder_id="nowhere") as drive:
            [_, finding] = CONNECTOR.check(drive, {})
        assert finding.sentence == f"{SUBJECT} cannot see the root folder nowhere."
        assert f"Share the folder with {SUBJECT}" in finding.step

    def test_wants_a_folder_for_a_root(self, url, firm, key):
        put(firm, "file", "x.txt", content=b"x")
        with opened(url, key, root_folder_id="file") as drive:
            assert CONNECTOR.check(drive, {})[-1].sentence == "The root folder x.txt is no folder."

    def test_describes_the_fields_that_mappings_read(self, drive):
        for name in STREAMS:
            describe = CONNECTOR.stream(name).describe
            assert describe is not None
            assert describe(drive)["properties"].type == "map"
        assert describe is not None
        assert "frontdesk.category" in describe(drive)


class TestKey:
    def test_a_missing_file_is_named(self, tmp_path):
        with pytest.raises(NeedsPerson, match=r"key\.json cannot be read"), opened_by(tmp_path / "key.json"):
            pass

    @pytest.mark.parametrize("text", ["no json", "[]", "{}", '{"client_email": "x"}'])
    def test_a_damaged_key_is_told_and_never_shown(self, tmp_path, text):
        (tmp_path / "key.json").write_text(text)
        with pytest.raises(NeedsPerson, match="key") as problem, opened_by(tmp_path / "key.json"):
            pass
        assert "Download a JSON key" in problem.value.step

    def test_settings_want_exactly_one_key_and_hide_it(self):
        with pytest.raises(ValidationError, match="either service_account_file or"):
            CONNECTOR.settings.model_validate({"root_folder_id": "x"})
        given = CONNECTOR.settings.model_validate({"root_folder_id": "x", "service_account_json": "secret"})
        assert "secret" not in repr(given)


@contextmanager
def opened_by(file: Any) -> Iterator[Drive]:
    given = CONNECTOR.settings.model_validate({"root_folder_id": "x", "service_account_file": str(file)})
    with CONNECTOR.open(given, None) as drive:  # type: ignore[arg-type]
        yield drive


class TestFaults:
    def test_an_expired_token_is_renewed_on_the_way(self, drive, arm):
        read_all(drive)
        arm("expired_token", vendor="google_drive", path="/drive/")
        assert read_all(drive)
        arm("expired_token", vendor="google_drive", times=9)
        with pytest.raises(NeedsPerson, match="does not accept our access"):
            read_all(drive)

    def test_tokens_that_all_ended_at_once_are_renewed(self, url, drive):
        read_all(drive)
        requests.post(f"{url}/control/google/expire", timeout=30).raise_for_status()
        assert read_all(drive)

    def test_a_rate_limit_waits_as_long_as_google_says(self, drive, arm):
        arm("rate_limited", vendor="google_drive", path="/drive/", retry_after=7)
        with pytest.raises(RetryLater) as wait:
            read_all(drive)
        assert wait.value.after == 7
        assert "userRateLimitExceeded" in wait.value.detail
        assert read_all(drive)

    @pytest.mark.parametrize("fault", ["server_error", "html_body", "cut_connection", "rate_limited"])
    @pytest.mark.parametrize("after", range(4))
    def test_whatever_breaks_on_the_way_may_be_tried_again(self, drive, firm, arm, fault, after):
        put(firm, "x", "x.txt", content=b"x")
        arm(fault, vendor="google_drive", path="/drive/", after=after)
        with pytest.raises(RetryLater):
            read_all(drive)
        assert [record["id"] for page in read_all(drive) for record in page.records] == ["x"]

    @pytest.mark.parametrize("fault", ["html_body", "server_error", "rate_limited", "unavailable"])
    def test_a_sign_in_that_is_in_trouble_blames_no_key(self, url, key, firm, arm, fault):
        arm(fault, vendor="google_drive", path="/token", times=9)
        with opened(url, key) as drive, pytest.raises(RetryLater, match=r"sign-in at .* is in trouble"):
            read_all(drive)

    def test_google_away_may_come_back(self, url, key, firm):
        for address in ("http://127.0.0.1:9", "http://nowhere.invalid"):
            host = address.removeprefix("http://")
            with opened(address, key) as drive, pytest.raises(RetryLater, match=f"at {host} cannot be reached") as away:
                read_all(drive)
            assert "address in the settings" in away.value.step

    @pytest.mark.parametrize(
        ("fault", "kind", "after"),
        [
            ("download_quota", RetryLater, DAY),
            ("daily_limit", RetryLater, 3600),
            ("too_many_requests", RetryLater, None),
            ("unavailable", RetryLater, None),
            ("insufficient_permissions", NeedsPerson, None),
            ("not_enabled", NeedsPerson, None),
        ],
    )
    def test_each_reason_has_its_answer(self, fault, kind, after):
        answer = fault_response(fault)
        assert answer is not None
        error = HttpError(httplib2.Response({"status": answer.status_code}), bytes(answer.body))
        found = failure(error, ACCOUNT)
        assert type(found) is kind
        assert getattr(found, "after", None) == after
        assert found.step


class TestContent:
    def test_bytes_come_in_chunks_and_whole(self, drive, firm, monkeypatch):
        monkeypatch.setattr("connectors.google_drive.downloading.CHUNK_BYTES", 1000)
        body = bytes(range(256)) * 20
        put(firm, "x", "Büro/Plan.bin", "application/octet-stream", content=body)
        found = content(drive, "x")
        chunks = list(found.chunks)
        assert b"".join(chunks) == body
        assert len(chunks) == 6
        assert (found.length, found.media_type, found.name) == (5120, "application/octet-stream", "Büro/Plan.bin")

    def test_an_empty_file_is_empty(self, drive, firm):
        put(firm, "x", "empty.txt", content=b"")
        found = content(drive, "x")
        assert (b"".join(found.chunks), found.length) == (b"", 0)

    def test_a_file_saved_while_it_is_read_is_never_taken_for_whole(self, drive, firm, monkeypatch):
        monkeypatch.setattr("connectors.google_drive.downloading.CHUNK_BYTES", 1000)
        put(firm, "x", "x.txt", content=b"a" * 3000)
        chunks = content(drive, "x").chunks
        got = [next(chunks)]
        new_version(firm, "x", b"b" * 3000)
        with pytest.raises(RetryLater, match="changed"):
            got.extend(chunks)
        assert sum(map(len, got)) < 3000

    @pytest.mark.parametrize("after", [0, 1])
    def test_a_download_cut_off_may_be_tried_again(self, drive, firm, arm, after):
        put(firm, "x", "x.txt", content=b"a" * 3000)
        arm("cut_connection", vendor="google_drive", path="/drive/v3/files/x", after=after)
        with pytest.raises(RetryLater):
            b"".join(content(drive, "x").chunks)
        assert b"".join(content(drive, "x").chunks) == b"a" * 3000

    def test_a_native_document_comes_as_pdf(self, drive, firm):
        put(firm, "d", "Protokoll", DOCUMENT, exports={PDF: b"%PDF-1", TEXT: b"words"})
        found = content(drive, "d")
        assert b"".join(found.chunks).startswith(b"%PDF-1")
        assert (found.media_type, found.name) == (PDF, "Protokoll.pdf")

    def test_one_too_large_to_export_comes_by_its_link(self, drive, firm):
        big = b"%PDF" + bytes(11 * 1024 * 1024)
        put(firm, "d", "Report.pdf", DOCUMENT, exports={PDF: big})
        found = content(drive, "d")
        assert (found.length or 0) >= len(big)
        assert found.name == "Report.pdf"

    @pytest.mark.parametrize(
        ("given", "code"),
        [
            ({"content": b"x", "capabilities": {"canDownload": False}}, "drive_cannotDownloadFile"),
            ({"content": b"x", "_abusive": True}, "drive_cannotDownloadAbusiveFile"),
            ({"content": b"x", "trashed": True}, "drive_trashed"),
            ({"mime_type": "application/vnd.google-apps.form"}, "drive_fileNotExportable"),
        ],
    )
    def test_a_file_that_has_nothing_to_give_says_so(self, drive, firm, given, code):
        put(firm, "x", "x.txt", **given)
        with pytest.raises(BadRecord) as refusal:
            b"".join(content(drive, "x").chunks)
        assert refusal.value.code == code

    def test_one_that_is_gone_says_so(self, drive):
        with pytest.raises(BadRecord, match="not there any more") as gone:
            content(drive, "never")
        assert gone.value.code == "drive_notFound"

    def test_our_bearer_goes_to_google_alone(self):
        real = DriveSettings.model_validate({"root_folder_id": "x", "service_account_json": "{}"})
        assert is_googles("https://docs.google.com/feeds/x", real)
        for address in (
            "",
            "http://docs.google.com/x",
            "https://google.com.evil.example/x",
            "https://evil-google.com/",
        ):
            assert not is_googles(address, real)


def test_the_import_brings_none_of_googles_libraries():
    code = (
        "import sys, connectors.google_drive; print([m for m in sys.modules if m.startswith(('google', 'httplib2'))])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout.strip() == b"[]"


def test_another_stream_is_refused_with_those_that_exist():
    with pytest.raises(NeedsPerson, match="no stream 'sheets'") as unknown:
        CONNECTOR.stream("sheets")
    assert unknown.value.step == "Its streams are folders and files."
