"""Google's own client works against the emulated Drive as against the real one."""

from __future__ import annotations

import hashlib
import io
import json
import time
from typing import Any

import httpx
import pytest
from google.oauth2.service_account import Credentials
from googleapiclient.discovery import build_from_document
from googleapiclient.discovery_cache import get_static_doc
from googleapiclient.errors import HttpError
from googleapiclient.http import MediaFileUpload, MediaIoBaseDownload, MediaIoBaseUpload

from sandbox.google_drive.files import file_body, new_file, new_version, share
from sandbox.google_drive.tree import FOLDER

DRIVE = "https://www.googleapis.com/auth/drive"
SUBJECT, DOCUMENT, PDF = "hub@sandbox.example", "application/vnd.google-apps.document", "application/pdf"


@pytest.fixture
def site(url):
    with httpx.Client(base_url=url) as client:
        yield client


@pytest.fixture
def key(site):
    return site.get("/control/google/service-account.json").json()


def client(url: str, key: dict[str, str], scope: str = DRIVE, subject: str | None = SUBJECT) -> Any:
    document = json.loads(get_static_doc("drive", "v3"))
    document["rootUrl"] = f"{url}/"
    return build_from_document(
        document, credentials=Credentials.from_service_account_info(key, scopes=[scope], subject=subject)
    )


@pytest.fixture
def drive(url, key):
    with client(url, key) as drive:
        yield drive


@pytest.fixture
def bearer(site, drive):
    """A raw HTTP client with the token that Google's client was given."""
    drive.files().list().execute()
    site.headers["authorization"] = f"Bearer {drive._http.credentials.token}"
    return site


def put(state, id_, name, parent="root", mime="text/plain", content=b"text", **fields):
    return new_file(state, id_, file_body(state, name, mime, parent, content=content, **fields))


def folder(state, id_, name="Folder", parent="root"):
    return new_file(state, id_, file_body(state, name, FOLDER, parent))


def reason(error: HttpError) -> tuple[int, str]:
    return error.resp.status, json.loads(error.content)["error"]["errors"][0]["reason"]


def names(answer):
    return sorted(file["name"] for file in answer["files"])


class TestToken:
    @pytest.mark.parametrize(
        ("scope", "subject", "code"),
        [
            ("https://mail.google.com/", SUBJECT, "unauthorized_client"),
            (DRIVE, "nobody@elsewhere.example", "invalid_grant"),
            ("", SUBJECT, "invalid_scope"),
        ],
    )
    def test_refuses_in_googles_words(self, url, key, scope, subject, code):
        with client(url, key, scope, subject) as drive, pytest.raises(Exception, match=code):
            drive.files().list().execute()

    def test_only_the_delegated_scopes_are_given(self, url, key, site):
        site.post("/control/google/scopes", json={"scopes": [DRIVE + ".readonly"]})
        with client(url, key, DRIVE + ".readonly") as drive:
            drive.files().list().execute()
        with client(url, key) as drive, pytest.raises(Exception, match="unauthorized_client"):
            drive.files().list().execute()

    def test_the_audience_is_googles_or_what_the_key_names_as_go_and_java_have_it(self, key, site):
        import google.auth.jwt

        signer = Credentials.from_service_account_info(key).signer
        grant, now = "urn:ietf:params:oauth:grant-type:jwt-bearer", int(time.time())

        def ask(audience):
            payload = {"iss": key["client_email"], "aud": audience, "iat": now, "exp": now + 3600, "scope": DRIVE}
            assertion = google.auth.jwt.encode(signer, payload).decode()
            return site.post("/token", data={"grant_type": grant, "assertion": assertion})

        for right in ("https://oauth2.googleapis.com/token", key["token_uri"]):
            assert ask(right).json()["token_type"] == "Bearer"
        answer = ask("https://example.com/token")
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")
        assert "audience" in answer.json()["error_description"]
        assert site.post("/token", data={"grant_type": "password"}).json()["error"] == "unsupported_grant_type"
        for broken in ("", "a.b", "a.b.c"):
            answer = site.post("/token", data={"grant_type": grant, "assertion": broken})
            assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")

    def test_an_unknown_bearer_is_401_and_an_old_one_too(self, bearer, state):
        assert bearer.get("/drive/v3/files").status_code == 200
        state.set_fact("clock_offset_ms", str(3601 * 1000))
        answer = bearer.get("/drive/v3/files")
        assert (answer.status_code, answer.json()["error"]["errors"][0]["reason"]) == (401, "authError")
        assert answer.json()["error"]["status"] == "UNAUTHENTICATED"

    def test_reading_scopes_read_and_no_more(self, url, key, state):
        put(state, "x", "x.txt")
        with client(url, key, DRIVE + ".metadata.readonly") as drive:
            drive.files().get(fileId="x").execute()
            with pytest.raises(HttpError) as refused:
                drive.files().get_media(fileId="x").execute()
            assert reason(refused.value) == (403, "insufficientPermissions")
        with client(url, key, DRIVE + ".readonly") as drive, pytest.raises(HttpError) as refused:
            drive.files().create(body={"name": "y"}).execute()
        assert reason(refused.value) == (403, "insufficientPermissions")


class TestList:
    def test_shows_four_fields_unless_asked_for_more(self, drive, state):
        put(state, "x", "x.txt", properties={"project": "P1"})
        assert drive.files().list().execute()["files"] == [
            {"kind": "drive#file", "id": "x", "name": "x.txt", "mimeType": "text/plain"}
        ]
        fields = "files(id,size,version,properties/project,owners(emailAddress),createdTime)"
        [file] = drive.files().list(fields=fields).execute()["files"]
        assert (file["size"], file["properties"], file["owners"]) == (
            "4",
            {"project": "P1"},
            [{"emailAddress": SUBJECT}],
        )
        assert file["version"].isdigit()
        assert file["createdTime"].endswith("Z")

    def test_pages_and_forgets_the_token_that_was_not_asked_for(self, drive, state):
        for number in range(7):
            put(state, f"x{number}", f"x{number}")
        seen, request = [], drive.files().list(pageSize=3, fields="nextPageToken,files(id)")
        while request is not None:
            answer = request.execute()
            seen.append([file["id"] for file in answer["files"]])
            request = drive.files().list_next(request, answer)
        assert [len(page) for page in seen] == [3, 3, 1]
        assert sorted(id_ for page in seen for id_ in page) == [f"x{number}" for number in range(7)]
        assert "nextPageToken" not in drive.files().list(pageSize=3, fields="files(id)").execute()
        ordered = drive.files().list(pageSize=4, orderBy="name desc", fields="nextPageToken,files(name)").execute()
        assert [file["name"] for file in ordered["files"]] == ["x6", "x5", "x4", "x3"]
        rest = drive.files().list(pageSize=4, orderBy="name desc", pageToken=ordered["nextPageToken"]).execute()
        assert names(rest) == ["x0", "x1", "x2"]

    def test_a_page_token_serves_its_own_query_for_some_hours(self, drive, state):
        for number in range(3):
            put(state, f"x{number}", f"x{number}")
        token = drive.files().list(pageSize=1).execute()["nextPageToken"]
        for wrong in (
            {"pageToken": token, "q": "name = 'x1'"},
            {"pageToken": "nonsense"},
            {"pageToken": token[:-3]},
        ):
            with pytest.raises(HttpError) as refused:
                drive.files().list(**wrong).execute()
            assert reason(refused.value) == (400, "invalid")
            assert refused.value.error_details[0]["location"] == "pageToken"
        assert drive.files().list(pageToken=token, pageSize=1).execute()["files"]

    def test_a_page_size_above_the_most_is_brought_down(self, drive, state):
        for number in range(3):
            put(state, f"x{number}", f"x{number}")
        assert len(drive.files().list(pageSize=5000).execute()["files"]) == 3

    @pytest.mark.parametrize(
        ("given", "location"),
        [
            ({"q": "name like 'x'"}, "q"),
            ({"orderBy": "colour"}, "orderBy"),
            ({"corpora": "drive"}, "driveId"),
            ({"driveId": "DRV"}, "driveId"),
            ({"corpora": "allDrives"}, "supportsAllDrives"),
            ({"q": "fullText contains 'x'", "orderBy": "name"}, "orderBy"),
            ({"fields": "files(colour)"}, "fields"),
            ({"fields": "files(id"}, "fields"),
        ],
    )
    def test_what_drive_refuses_is_refused(self, drive, given, location):
        with pytest.raises(HttpError) as refused:
            drive.files().list(**given).execute()
        assert refused.value.resp.status == 400
        assert refused.value.error_details[0]["location"] == location

    def test_a_long_query_comes_as_post_and_is_a_get(self, drive, state, site):
        put(state, "x", "x.txt", "folder-0")
        query = " or ".join(f"'folder-{number}' in parents" for number in range(120))
        assert names(drive.files().list(q=query).execute()) == ["x.txt"]
        assert site.get("/control/requests").json()["last"][-1]["method"] == "POST"


class TestSharedDrive:
    def test_is_seen_only_by_those_who_ask_for_it(self, drive, state):
        state.put("google_drive", "drive", "DRV", {"name": "Old"})
        start = drive.changes().getStartPageToken(driveId="DRV").execute()["startPageToken"]
        state.put("google_drive", "drive", "DRV", {"name": "Firm"})
        put(state, "theirs", "theirs.txt", "DRV", driveId="DRV")
        put(state, "mine", "mine.txt")
        both = {"supportsAllDrives": True, "includeItemsFromAllDrives": True}
        assert names(drive.files().list().execute()) == ["mine.txt"]
        assert names(drive.files().list(**both).execute()) == ["mine.txt", "theirs.txt"]
        assert names(drive.files().list(**both, corpora="drive", driveId="DRV").execute()) == ["theirs.txt"]
        with pytest.raises(HttpError) as hidden:
            drive.files().get(fileId="theirs").execute()
        assert reason(hidden.value) == (404, "notFound")
        drive.files().get(fileId="theirs", supportsAllDrives=True).execute()
        assert drive.drives().list().execute()["drives"] == [{"kind": "drive#drive", "id": "DRV", "name": "Firm"}]
        own = drive.changes().list(pageToken=start, driveId="DRV", **both).execute()
        assert [change.get("fileId") for change in own["changes"]] == [None, "theirs"]
        assert [change["fileId"] for change in drive.changes().list(pageToken="1").execute()["changes"]] == ["mine"]


class TestServiceAccount:
    """Whoever names no user asks as the service account, and has what was shared with it."""

    @pytest.fixture(autouse=True)
    def stays_here(self, monkeypatch):
        """Without a user Google's library asks Google itself where the account may be used, in the background."""
        monkeypatch.setattr(Credentials, "_build_regional_access_boundary_lookup_url", lambda *_, **__: None)

    def test_sees_what_was_shared_with_it_and_all_below(self, drive, state, url, key):
        folder(state, "a")
        folder(state, "b", parent="a")
        put(state, "x", "x.txt", "b")
        put(state, "other", "other.txt")
        with client(url, key, subject=None) as own:
            assert names(own.files().list().execute()) == []
            start = own.changes().getStartPageToken().execute()["startPageToken"]
            wish = {"type": "user", "role": "reader", "emailAddress": key["client_email"]}
            given = drive.permissions().create(fileId="a", body=wish).execute()
            assert names(own.files().list(q="'b' in parents").execute()) == ["x.txt"]
            put(state, "other", "other again.txt")
            told = own.changes().list(pageToken=start).execute()
            assert [(change["fileId"], change["removed"]) for change in told["changes"]] == [("a", False)]
            with pytest.raises(HttpError) as hidden:
                own.files().get(fileId="other").execute()
            assert reason(hidden.value) == (404, "notFound")
            drive.permissions().delete(fileId="a", permissionId=given["id"]).execute()
            told = own.changes().list(pageToken=told["newStartPageToken"]).execute()
            assert [(change["fileId"], change["removed"]) for change in told["changes"]] == [("a", True)]
            assert names(own.files().list().execute()) == []
        assert len(names(drive.files().list().execute())) == 4


class TestTree:
    def test_trash_reaches_down_and_only_the_folder_itself_is_explicit(self, drive, state):
        folder(state, "a")
        folder(state, "b", parent="a")
        put(state, "x", "x.txt", "b")
        drive.files().update(fileId="a", body={"trashed": True}).execute()
        fields = "trashed,explicitlyTrashed,modifiedTime"
        assert drive.files().get(fileId="x", fields=fields).execute()["trashed"] is True
        assert drive.files().get(fileId="x", fields=fields).execute()["explicitlyTrashed"] is False
        assert drive.files().get(fileId="a", fields=fields).execute()["explicitlyTrashed"] is True
        assert drive.files().list(q="trashed = false").execute()["files"] == []
        drive.files().update(fileId="a", body={"trashed": False}).execute()
        assert len(drive.files().list(q="trashed = false").execute()["files"]) == 3

    def test_what_is_deleted_or_not_shared_is_not_found_with_all_below(self, drive, state, site):
        folder(state, "a")
        put(state, "x", "x.txt", "a")
        put(state, "y", "y.txt", "a")
        site.post("/control/google/unshare/a")
        for id_ in ("a", "x"):
            with pytest.raises(HttpError, match=f"File not found: {id_}") as lost:
                drive.files().get(fileId=id_).execute()
            assert reason(lost.value) == (404, "notFound")
        site.post("/control/google/share/a")
        assert drive.files().get(fileId="x").execute()["name"] == "x.txt"
        drive.files().delete(fileId="a").execute()
        assert drive.files().list().execute()["files"] == []
        assert site.post("/control/google/unshare/never").status_code == 404


class TestChanges:
    def test_each_file_comes_once_in_its_last_state(self, drive, state):
        start = drive.changes().getStartPageToken().execute()["startPageToken"]
        folder(state, "a")
        put(state, "x", "x.txt", "a")
        put(state, "y", "y.txt", "a")
        new_version(state, "x", b"second")
        drive.files().update(fileId="y", body={"trashed": True}).execute()
        share(state, "x", shared=False)
        fields = "newStartPageToken,changes(fileId,removed,changeType,file(name,trashed))"
        answer = drive.changes().list(pageToken=start, fields=fields).execute()
        assert answer["changes"] == [
            {"fileId": "a", "removed": False, "changeType": "file", "file": {"name": "Folder", "trashed": False}},
            {"fileId": "y", "removed": False, "changeType": "file", "file": {"name": "y.txt", "trashed": True}},
            {"fileId": "x", "removed": True, "changeType": "file"},
        ]
        again = drive.changes().list(pageToken=answer["newStartPageToken"]).execute()
        assert again["changes"] == []
        live = drive.changes().list(pageToken=start, includeRemoved=False).execute()
        assert [change["fileId"] for change in live["changes"]] == ["a", "y"]

    def test_every_user_and_every_shared_drive_has_a_log_of_its_own(self, drive, state, url, key):
        everywhere = {"includeItemsFromAllDrives": True, "supportsAllDrives": True}
        for name in ("one", "two"):
            state.put("google_drive", "drive", name, {"name": name})
        with client(url, key, subject="ann@sandbox.example") as ann:
            shared = [{"driveId": name, **everywhere} for name in ("one", "two")]
            logs: list[tuple[Any, dict[str, Any]]] = [(drive, {}), (ann, {}), *((drive, place) for place in shared)]
            for asked, (who, where) in enumerate(logs):
                start = {"driveId": where["driveId"], "supportsAllDrives": True} if where else {}
                token = who.changes().getStartPageToken(**start).execute()["startPageToken"]
                for other, (reader, place) in enumerate(logs):
                    request = reader.changes().list(pageToken=token, **place)
                    if asked == other:
                        assert request.execute()["changes"] == []
                    else:
                        with pytest.raises(HttpError) as refused:
                            request.execute()
                        assert reason(refused.value) == (400, "invalid")

    def test_moving_a_folder_tells_of_the_folder_alone(self, drive, state):
        folder(state, "a")
        folder(state, "b")
        put(state, "x", "x.txt", "a")
        start = drive.changes().getStartPageToken().execute()["startPageToken"]
        drive.files().update(fileId="a", addParents="b", removeParents="root").execute()
        assert [change["fileId"] for change in drive.changes().list(pageToken=start).execute()["changes"]] == ["a"]

    def test_has_either_a_next_page_or_a_new_start(self, drive, state):
        for number in range(5):
            put(state, f"x{number}", f"x{number}")
        token, seen = "1", []
        while True:
            answer = drive.changes().list(pageToken=token, pageSize=2).execute()
            seen += [change["fileId"] for change in answer["changes"]]
            assert ("nextPageToken" in answer) != ("newStartPageToken" in answer)
            if "newStartPageToken" in answer:
                break
            token = answer["nextPageToken"]
        assert seen == [f"x{number}" for number in range(5)]
        for wrong in ("0", "999999", "x"):
            with pytest.raises(HttpError) as refused:
                drive.changes().list(pageToken=wrong).execute()
            assert reason(refused.value) == (400, "invalid")

    def test_a_shared_drive_that_is_renamed_or_left_is_a_change_without_a_file(self, drive, state):
        everywhere = {"includeItemsFromAllDrives": True, "supportsAllDrives": True}
        start = drive.changes().getStartPageToken().execute()["startPageToken"]
        state.put("google_drive", "drive", "sd1", {"name": "Firm"})
        put(state, "x", "x.txt")
        seen = drive.changes().list(pageToken=start, pageSize=1, **everywhere).execute()
        (entry,) = seen["changes"]
        assert (entry["changeType"], entry["driveId"], "fileId" in entry) == ("drive", "sd1", False)
        rest = drive.changes().list(pageToken=seen["nextPageToken"], **everywhere).execute()
        assert [entry["fileId"] for entry in rest["changes"]] == ["x"]
        state.put("google_drive", "drive", "sd1", {"name": "Firm"}, deleted=True)
        left = drive.changes().list(pageToken=rest["newStartPageToken"], fields="*", **everywhere).execute()["changes"]
        assert [(entry["removed"], entry.get("drive")) for entry in left] == [(True, None)]
        assert drive.changes().list(pageToken=start).execute()["changes"][0]["changeType"] == "file"
        with pytest.raises(HttpError, match="Shared drive not found"):
            drive.changes().list(pageToken=start, driveId="sd1", **everywhere).execute()

    def test_a_channel_needs_an_address_that_is_safe(self, drive):
        wish = {"id": "c1", "type": "web_hook", "address": "http://x.example"}
        with pytest.raises(HttpError, match="HTTPS"):
            drive.changes().watch(pageToken="1", body=wish).execute()
        with pytest.raises(HttpError, match="not found"):
            drive.channels().stop(body={"id": "c1", "resourceId": "x"}).execute()


def download(request, chunk=1000):
    buffer = io.BytesIO()
    loader, done = MediaIoBaseDownload(buffer, request, chunksize=chunk), False
    while not done:
        _, done = loader.next_chunk()
    return buffer.getvalue()


class TestContent:
    @pytest.mark.parametrize("size", [0, 1, 999, 1000, 1001, 5000])
    def test_comes_in_ranges_to_the_last_byte(self, drive, state, size):
        body = bytes(number % 251 for number in range(size))
        put(state, "x", "x.bin", content=body)
        assert download(drive.files().get_media(fileId="x")) == body
        facts = drive.files().get(fileId="x", fields="md5Checksum,size").execute()
        assert facts == {"md5Checksum": hashlib.md5(body).hexdigest(), "size": str(size)}

    def test_ranges_are_http_ranges(self, bearer, state):
        put(state, "x", "x.txt", content=b"0123456789")
        put(state, "empty", "e.txt", content=b"")
        for asked, status, text, said in [
            ("bytes=0-3", 206, "0123", "bytes 0-3/10"),
            ("bytes=8-100", 206, "89", "bytes 8-9/10"),
            ("bytes=-2", 206, "89", "bytes 8-9/10"),
            ("bytes=4-", 206, "456789", "bytes 4-9/10"),
            ("bytes=10-", 416, "", "bytes */10"),
        ]:
            answer = bearer.get("/drive/v3/files/x?alt=media", headers={"range": asked})
            assert (answer.status_code, answer.text, answer.headers["content-range"]) == (status, text, said)
        answer = bearer.get("/drive/v3/files/empty?alt=media", headers={"range": "bytes=0-99"})
        assert (answer.status_code, answer.headers["content-range"]) == (416, "bytes */0")

    def test_native_documents_are_exported_and_not_downloaded(self, drive, state):
        body = file_body(state, "Minutes", DOCUMENT, "root", exports={PDF: b"%PDF-1", "text/plain": b"words"})
        new_file(state, "d", body)
        put(state, "x", "x.txt")
        one, other = (drive.files().export(fileId="d", mimeType=PDF).execute() for _ in range(2))
        assert one.startswith(b"%PDF-1\n%")
        assert one != other, "Google makes each export anew, never twice with the same bytes"
        shown = drive.files().get(fileId="d", fields="size,md5Checksum,headRevisionId,exportLinks").execute()
        assert set(shown) == {"exportLinks"}
        for request, expected in [
            (drive.files().get_media(fileId="d"), (403, "fileNotDownloadable")),
            (drive.files().export(fileId="x", mimeType=PDF), (403, "fileNotExportable")),
            (drive.files().export(fileId="d", mimeType="image/gif"), (400, "badRequest")),
        ]:
            with pytest.raises(HttpError) as refused:
                request.execute()
            assert reason(refused.value) == expected

    def test_an_export_has_a_limit_that_its_link_has_not(self, drive, state, bearer):
        big = b"%PDF" + bytes(10 * 1024 * 1024)
        new_file(state, "d", file_body(state, "Big", DOCUMENT, "root", exports={PDF: big}))
        with pytest.raises(HttpError) as refused:
            drive.files().export(fileId="d", mimeType=PDF).execute()
        assert reason(refused.value) == (403, "exportSizeLimitExceeded")
        link = drive.files().get(fileId="d", fields="exportLinks").execute()["exportLinks"][PDF]
        assert bearer.get(link).content.startswith(big)

    def test_nonsense_in_a_parameter_or_a_body_is_refused(self, bearer, state):
        put(state, "x", "x.txt")
        channel = {"id": "c", "type": "web_hook", "address": "https://[x"}
        refused = [
            bearer.get("/drive/v3/files/x/revisions?pageToken=x"),
            bearer.post("/upload/drive/v3/files?uploadType=resumable", headers={"X-Upload-Content-Length": "many"}),
            bearer.post("/drive/v3/changes/watch?pageToken=1", json=channel),
        ]
        assert [answer.status_code for answer in refused] == [400, 400, 400]
        assert {answer.json()["error"]["errors"][0]["reason"] for answer in refused} == {"invalid", "badRequest"}

    def test_a_download_is_an_operation_that_ends_in_an_address_without_the_limit(self, drive, bearer, state):
        big = b"x" * (10 * 1024 * 1024 + 1)
        new_file(state, "d", file_body(state, "Big", DOCUMENT, "root", exports={PDF: big}))
        begun = drive.files().download(fileId="d", mimeType=PDF).execute()
        assert not begun.get("done")
        ended = drive.operations().get(name=begun["name"]).execute()
        assert ended["done"] is True
        assert bearer.get(ended["response"]["downloadUri"]).content == big
        put(state, "x", "x.txt")
        plain = drive.operations().get(name=drive.files().download(fileId="x").execute()["name"]).execute()
        assert bearer.get(plain["response"]["downloadUri"]).content == b"text"
        with pytest.raises(HttpError) as refused:
            drive.files().download(fileId="x", mimeType=PDF).execute()
        assert reason(refused.value) == (400, "invalid")
        with pytest.raises(HttpError) as unknown:
            drive.operations().get(name="nonsense").execute()
        assert reason(unknown.value) == (404, "notFound")

    def test_every_version_stays(self, drive, state):
        put(state, "x", "x.txt", content=b"first")
        new_version(state, "x", b"second")
        drive.files().update(fileId="x", media_body=MediaIoBaseUpload(io.BytesIO(b"third"), "text/plain")).execute()
        found = drive.revisions().list(fileId="x", fields="revisions(id,size,md5Checksum)").execute()["revisions"]
        assert [revision["size"] for revision in found] == ["5", "6", "5"]
        texts = [drive.revisions().get_media(fileId="x", revisionId=revision["id"]).execute() for revision in found]
        assert texts == [b"first", b"second", b"third"]
        assert drive.files().get(fileId="x", fields="headRevisionId").execute()["headRevisionId"] == found[-1]["id"]
        with pytest.raises(HttpError, match="Revision not found"):
            drive.revisions().get(fileId="x", revisionId="never").execute()


class TestWriting:
    @pytest.mark.parametrize("resumable", [False, True])
    def test_an_upload_arrives_whole(self, drive, tmp_path, resumable):
        body = bytes(number % 253 for number in range(700_000)) + b"--boundary\r\n\n"
        (tmp_path / "plan.bin").write_bytes(body)
        media = MediaFileUpload(str(tmp_path / "plan.bin"), "application/x-plan", 256 * 1024, resumable)
        wish = {"name": "Übergabe O'Neill.bin", "properties": {"project": "P1"}}
        made = drive.files().create(body=wish, media_body=media, fields="id,name,size,mimeType,properties").execute()
        assert made | {"id": ""} == wish | {"id": "", "size": str(len(body)), "mimeType": "application/x-plan"}
        assert download(drive.files().get_media(fileId=made["id"]), 256 * 1024) == body

    def test_an_interrupted_upload_goes_on_where_it_stopped(self, bearer):
        start = bearer.post("/upload/drive/v3/files?uploadType=resumable", json={"name": "x"})
        place, chunk = start.headers["location"], bytes(256 * 1024)
        nothing = bearer.put(place, headers={"content-range": "bytes */300000"})
        assert (nothing.status_code, "range" in nothing.headers) == (308, False)
        first = bearer.put(place, content=chunk, headers={"content-range": "bytes 0-262143/300000"})
        assert (first.status_code, first.headers["range"]) == (308, "bytes=0-262143")
        gap = bearer.put(place, content=b"x", headers={"content-range": "bytes 299999-299999/300000"})
        odd = bearer.put(place, content=b"x" * 100, headers={"content-range": "bytes 262144-262243/300000"})
        assert (gap.status_code, odd.status_code) == (400, 400)
        where = bearer.put(place, headers={"content-range": "bytes */300000"})
        assert (where.status_code, where.headers["range"]) == (308, "bytes=0-262143")
        last = bearer.put(place, content=bytes(37856), headers={"content-range": "bytes 262144-299999/300000"})
        assert last.status_code == 200
        again = bearer.put(place, headers={"content-range": "bytes */300000"})
        assert again.json()["id"] == last.json()["id"]
        assert bearer.put(place.replace("ADPycd", "never")).status_code == 404

    def test_a_repeat_with_the_same_id_is_seen(self, drive):
        [id_] = drive.files().generateIds(count=1).execute()["ids"]
        drive.files().create(body={"id": id_, "name": "once"}).execute()
        with pytest.raises(HttpError) as repeat:
            drive.files().create(body={"id": id_, "name": "twice"}).execute()
        assert reason(repeat.value) == (409, "fileIdInUse")

    def test_edits_move_modified_time_and_trash_and_moves_do_not(self, drive, state):
        folder(state, "a")
        put(state, "x", "x.txt", modifiedTime="2020-01-01T00:00:00.000Z", properties={"a": "1", "b": "2"})
        fields = "modifiedTime,version,properties,parents"
        drive.files().update(fileId="x", body={"trashed": True}).execute()
        moved = drive.files().update(fileId="x", addParents="a", removeParents="root", fields=fields).execute()
        assert (moved["modifiedTime"], moved["parents"]) == ("2020-01-01T00:00:00.000Z", ["a"])
        wish = {"properties": {"a": None, "c": "3"}}
        edited = drive.files().update(fileId="x", body=wish, fields=fields).execute()
        assert edited["properties"] == {"b": "2", "c": "3"}
        assert edited["modifiedTime"] > "2020"
        assert int(edited["version"]) > int(moved["version"])
        own = {"modifiedTime": "2021-01-01T00:00:00.000Z", "name": "y"}
        assert drive.files().update(fileId="x", body=own, fields=fields).execute()["modifiedTime"][:4] == "2021"

    def test_copies_and_native_documents_and_shortcuts_are_made(self, drive, state):
        put(state, "x", "x.txt")
        copied = drive.files().copy(fileId="x", fields="id,name,headRevisionId,size").execute()
        assert (copied["name"], copied["size"]) == ("Copy of x.txt", "4")
        media = MediaIoBaseUpload(io.BytesIO(b"words"), "text/plain")
        made = drive.files().create(body={"name": "d", "mimeType": DOCUMENT}, media_body=media).execute()
        assert drive.files().export(fileId=made["id"], mimeType="text/plain").execute() == b"words"
        wish = {"name": "s", "mimeType": "application/vnd.google-apps.shortcut", "shortcutDetails": {"targetId": "x"}}
        made = drive.files().create(body=wish, fields="shortcutDetails").execute()
        assert made["shortcutDetails"] == {"targetId": "x", "targetMimeType": "text/plain"}

    @pytest.mark.parametrize(
        ("make", "expected"),
        [
            (lambda files: files.create(body={"name": "x", "size": "3"}), (403, "fieldNotWritable")),
            (lambda files: files.update(fileId="x", body={"parents": ["root"]}), (403, "fieldNotWritable")),
            (lambda files: files.create(body={"name": "x", "parents": ["never"]}), (404, "notFound")),
            (
                lambda files: files.create(body={"name": "x", "parents": ["root", "x"]}),
                (403, "multipleParentsNotSupported"),
            ),
            (lambda files: files.create(body={"id": "i", "mimeType": DOCUMENT}), (400, "generatedIdNotSupported")),
            (lambda files: files.create(body={"properties": {"key": "ü" * 61}}), (400, "invalid")),
            (
                lambda files: files.update(
                    fileId="x", body={"appProperties": dict.fromkeys("abcdefghijklmnopqrstuvwxyzABCDE", "1")}
                ),
                (400, "invalid"),
            ),
            (lambda files: files.delete(fileId="never"), (404, "notFound")),
        ],
    )
    def test_what_may_not_be_written_is_refused(self, drive, state, make, expected):
        put(state, "x", "x.txt")
        with pytest.raises(HttpError) as refused:
            make(drive.files()).execute()
        assert reason(refused.value) == expected


class TestRest:
    def test_a_batch_answers_each_call_for_itself(self, drive, state):
        put(state, "x", "x.txt")
        drive.files().list().execute()
        got: dict[str, Any] = {}
        batch = drive.new_batch_http_request(lambda id_, answer, error: got.update({id_: error or answer}))
        batch.add(drive.files().get(fileId="x"), request_id="good")
        batch.add(drive.files().get(fileId="never"), request_id="bad")
        batch.add(drive.files().update(fileId="x", body={"name": "Größe.txt"}), request_id="write")
        batch.execute()
        assert got["good"]["id"] == "x"
        assert reason(got["bad"]) == (404, "notFound")
        assert got["write"]["name"] == "Größe.txt"

    def test_about_wants_to_know_what_about(self, drive):
        with pytest.raises(HttpError) as refused:
            drive.about().get().execute()
        assert reason(refused.value) == (400, "required")
        assert drive.about().get(fields="user/emailAddress").execute() == {"user": {"emailAddress": SUBJECT}}

    def test_the_root_has_a_name(self, drive):
        assert drive.files().get(fileId="root").execute()["name"] == "My Drive"

    def test_a_method_that_is_none_and_a_body_that_is_none(self, bearer):
        assert bearer.put("/drive/v3/about").status_code == 405
        answer = bearer.post("/drive/v3/files", content=b"{nonsense")
        assert (answer.status_code, answer.json()["error"]["errors"][0]["reason"]) == (400, "parseError")
