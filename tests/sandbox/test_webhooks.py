"""Webhooks and notices: an edit in the sandbox is told to a real HTTP listener, as each vendor tells it."""

from __future__ import annotations

import hmac
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import orjson
import pytest
from googleapiclient.errors import HttpError
from quickbooks import QuickBooks

from sandbox.google_drive import files
from sandbox.quickbooks import webhooks
from sandbox.quickbooks.webhooks import VERIFIER_TOKEN
from sandbox.salesforce import callouts
from sandbox.serve import serving
from sandbox.state import State

SOON = 5.0
QUIET = 0.5
"""Long enough for a message to come that should not."""


class Listener:
    """An address that notes what is posted to it; `answers` are its next statuses, `seconds` how long it thinks
    unless it is `hurried`; `answered` counts.
    """

    def __init__(self) -> None:
        self.heard: list[tuple[dict[str, str], bytes]] = []
        self.answers: list[int] = []
        self.seconds, self.hurried, self.answered = 0.0, threading.Event(), 0
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                listener.heard.append(({name.lower(): value for name, value in self.headers.items()}, body))
                listener.hurried.wait(listener.seconds)
                listener.answered += 1
                self.send_response(listener.answers.pop(0) if listener.answers else 200)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Nothing is logged."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def wait(self, count: int) -> list[tuple[dict[str, str], bytes]]:
        deadline = time.monotonic() + SOON
        while len(self.heard) < count:
            assert time.monotonic() < deadline, f"heard {self.heard}"
            time.sleep(0.01)
        return self.heard

    def stays_at(self, count: int) -> None:
        time.sleep(QUIET)
        assert len(self.heard) == count, self.heard


@pytest.fixture
def listener() -> Iterator[Listener]:
    with listening() as listener:
        yield listener


@contextmanager
def listening() -> Iterator[Listener]:
    listener = Listener()
    thread = threading.Thread(target=listener.server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield listener
    listener.hurried.set()
    listener.server.shutdown()
    listener.server.server_close()
    thread.join()


@pytest.fixture
def later(control: Callable[..., Any]) -> Callable[[float], None]:
    """`later(11)`: the sandbox's clock stands 11 seconds ahead."""
    return lambda seconds: control("POST", "clock", seconds=seconds)


@pytest.fixture
def control(url: str) -> Callable[..., Any]:
    def ask(method: str, path: str, **body: Any) -> Any:
        return httpx.request(method, f"{url}/control/{path}", json=body or None, timeout=30).raise_for_status().json()

    return ask


def is_signed(headers: dict[str, str], body: bytes, token: str) -> bool:
    """What Intuit's library says of a delivery."""
    books = QuickBooks(minorversion=75)
    return bool(books.validate_webhook_signature(body.decode(), headers["intuit-signature"], token))


class TestQuickBooks:
    @pytest.fixture(autouse=True)
    def books(self, state: State, listener: Listener, control: Callable[..., Any]) -> None:
        state.put("quickbooks", "Customer", "3", {"DisplayName": "Ann", "SyncToken": "0", "Balance": 80.0})
        sale = {"CustomerRef": {"value": "3"}, "TotalAmt": 80.0, "Balance": 80.0, "SyncToken": "0", "Line": []}
        state.put("quickbooks", "Invoice", "7", sale)
        control("POST", "quickbooks", webhook=f"{listener.url}/hooks")

    def test_a_payment_is_told_once_for_all_that_it_changed_signed_and_without_data(self, control, listener):
        began = time.monotonic()
        control("POST", "edits/pay-invoice", id="7")
        headers, body = listener.wait(1)[0]
        assert time.monotonic() - began < 1.0
        assert QuickBooks(minorversion=75).validate_webhook_signature(
            body.decode(), headers["intuit-signature"], VERIFIER_TOKEN
        )
        events = orjson.loads(body)
        told = {(event["type"], event["intuitentityid"]) for event in events}
        assert {("qbo.payment.created.v1", "8"), ("qbo.invoice.updated.v1", "7")} <= told
        assert {event["intuitaccountid"] for event in events} == {"4620816365179422850"}
        assert all(event["data"] == {} and event["specversion"] == "1.0" for event in events)
        assert len(events[0]["time"]) == len("2025-09-10T21:31:25.179851517Z")

    def test_the_older_shape_is_a_switch_away(self, control, listener):
        control("POST", "quickbooks", old_webhooks=True, verifier_token="another")
        control("PATCH", "records/quickbooks/Invoice/7", PrivateNote="Call first")
        headers, body = listener.wait(1)[0]
        assert QuickBooks(minorversion=75).validate_webhook_signature(
            body.decode(), headers["intuit-signature"], "another"
        )
        (notification,) = orjson.loads(body)["eventNotifications"]
        assert notification["realmId"] == "4620816365179422850"
        (entity,) = notification["dataChangeEvent"]["entities"]
        assert (entity["name"], entity["id"], entity["operation"]) == ("Invoice", "7", "Update")

    def test_a_void_and_a_deletion_are_told_as_such(self, control, listener):
        control("POST", "edits/void-invoice", id="7")
        listener.wait(1)
        control("POST", "edits/delete", vendor="quickbooks", kind="Invoice", id="7")
        told = [[e["type"] for e in orjson.loads(body) if e["intuitentityid"] == "7"] for _, body in listener.wait(2)]
        assert told == [["qbo.invoice.voided.v1"], ["qbo.invoice.deleted.v1"]]

    def test_what_was_not_acknowledged_is_tried_again_and_what_follows_waits_behind_it(self, control, later, listener):
        listener.answers = [500]
        control("PATCH", "records/quickbooks/Invoice/7", PrivateNote="one")
        listener.wait(1)
        control("PATCH", "records/quickbooks/Invoice/7", PrivateNote="two")
        listener.stays_at(1)
        later(11)
        first, again, second = listener.wait(3)
        assert again[1] == first[1] != second[1]
        listener.stays_at(3)

    def test_a_listener_that_thinks_for_long_holds_up_nobody_else(self, control, listener):
        listener.seconds = 2.0
        control("PATCH", "records/quickbooks/Invoice/7", PrivateNote="one")
        listener.wait(1)
        began = time.monotonic()
        control("PATCH", "records/quickbooks/Invoice/7", PrivateNote="two")
        assert time.monotonic() - began < 1.0

    def test_a_listener_that_thinks_for_long_keeps_no_other_waiting(self, state, control, listener):
        listener.seconds = 2.5
        control("PATCH", "records/quickbooks/Invoice/7", PrivateNote="one")
        listener.wait(1)
        with listening() as quick:
            callouts.subscribe(state, f"{quick.url}/hooks")
            state.put("salesforce", "Account", "001", {"Name": "Ann"})
            quick.wait(1)
            assert listener.answered == 0
        listener.hurried.set()

    def test_nobody_is_told_of_what_was_rolled_back(self, state, listener):
        def give_up() -> None:
            with state.transaction():
                state.put("quickbooks", "Invoice", "9", {"TotalAmt": 1.0})
                raise RuntimeError

        with pytest.raises(RuntimeError):
            give_up()
        listener.stays_at(0)

    def test_another_process_edits_and_is_told_of(self, state, listener):
        other = State(state.path)
        other.put("quickbooks", "Invoice", "7", {"TotalAmt": 5.0, "SyncToken": "9"})
        other.close()
        listener.wait(1)

    def test_what_was_edited_while_nobody_could_tell_is_told_after_the_start(self, tmp_path, listener):
        state = State(tmp_path / "another.sqlite")
        webhooks.subscribe(state, listener.url)
        state.put("quickbooks", "Invoice", "7", {"TotalAmt": 5.0})
        with serving(state):
            listener.wait(1)
        state.close()


@pytest.mark.usefixtures("url")
class TestSalesforce:
    def test_the_orgs_own_trigger_names_the_record_signed(self, state, listener):
        callouts.subscribe(state, listener.url)
        state.put("salesforce", "Account", "001000000000001AAA", {"Name": "Acme"})
        headers, body = listener.wait(1)[0]
        told = orjson.loads(body)
        assert (told["stream"], told["external_id"]) == ("Account", "001000000000001AAA")
        expected = hmac.new(callouts.SECRET.encode(), body, sha256).hexdigest()
        assert headers["x-frontdesk-signature"] == f"sha256={expected}"

    def test_a_formulas_new_value_fires_no_trigger(self, state, listener, control):
        state.put("salesforce", "Project__c", "a00000000000001AAA", {"Name": "Roof"})
        callouts.subscribe(state, listener.url)
        control("POST", "edits/recalculate-project", id="a00000000000001AAA", percent=55)
        listener.stays_at(0)


@pytest.fixture
def drive(url: str) -> Any:
    from google.oauth2.service_account import Credentials
    from google_auth_httplib2 import AuthorizedHttp
    from googleapiclient.discovery import build_from_document
    from googleapiclient.discovery_cache import get_static_doc
    from httplib2 import Http

    key = httpx.get(f"{url}/control/google/service-account.json", timeout=30).json()
    scope = ["https://www.googleapis.com/auth/drive"]
    credentials = Credentials.from_service_account_info(key, scopes=scope, subject="hub@sandbox.example")
    document = orjson.loads(get_static_doc("drive", "v3")) | {"rootUrl": f"{url}/"}
    http = AuthorizedHttp(credentials, http=Http(timeout=30))
    yield build_from_document(document, http=http)
    http.close()


def states(listener: Listener, count: int) -> list[tuple[str, str | None]]:
    told = [headers for headers, _ in listener.wait(count)]
    return [(headers["x-goog-resource-state"], headers.get("x-goog-changed")) for headers in told]


class TestDrive:
    @pytest.fixture(autouse=True)
    def file(self, state: State, drive: Any) -> None:
        files.new_file(state, "f1", files.file_body(state, "a.txt", "text/plain", "root", content=b"one"))

    def test_a_channel_says_sync_first_and_then_only_that_something_changed(self, drive, state, listener):
        wish = {"id": "c1", "type": "web_hook", "address": listener.url, "token": "secret"}
        channel = drive.changes().watch(pageToken="1", body=wish).execute()
        assert states(listener, 1) == [("sync", None)]
        files.new_version(state, "f1", b"two")
        first, second = listener.wait(2)
        assert first[0]["x-goog-message-number"] == "1"
        assert second[1] == b""
        assert second[0]["x-goog-resource-state"] == "change"
        assert second[0]["x-goog-resource-id"] == channel["resourceId"]
        assert (second[0]["x-goog-channel-id"], second[0]["x-goog-channel-token"]) == ("c1", "secret")
        assert int(second[0]["x-goog-message-number"]) > 1
        assert second[0]["x-goog-channel-expiration"].endswith("GMT")

    def test_a_files_channel_says_what_became_of_the_file(self, drive, state, listener):
        drive.files().watch(fileId="f1", body={"id": "c", "type": "web_hook", "address": listener.url}).execute()
        files.new_file(state, "f2", files.file_body(state, "b.txt", "text/plain", "root", content=b"two"))
        files.new_version(state, "f1", b"two")
        assert states(listener, 2)[1] == ("update", "content,properties")
        drive.files().update(fileId="f1", body={"trashed": True}).execute()
        assert states(listener, 3)[2] == ("trash", None)
        drive.files().update(fileId="f1", body={"trashed": False}).execute()
        assert states(listener, 4)[3] == ("untrash", None)
        drive.files().delete(fileId="f1").execute()
        assert states(listener, 5)[4] == ("remove", None)

    def test_a_folders_channel_hears_of_its_children(self, drive, state, listener):
        folder = files.file_body(state, "Reports", "application/vnd.google-apps.folder", "root")
        files.new_file(state, "d1", folder)
        drive.files().watch(fileId="d1", body={"id": "c", "type": "web_hook", "address": listener.url}).execute()
        drive.files().update(fileId="f1", addParents="d1", removeParents="root").execute()
        assert states(listener, 2)[1] == ("update", "children")

    def test_a_channel_ends_when_it_expires_or_is_stopped(self, drive, state, listener, later):
        wish = {"type": "web_hook", "address": listener.url}
        drive.changes().watch(pageToken="1", body={**wish, "id": "short"}).execute()
        week = str(state.now() + 30 * 24 * 3_600_000)
        long = drive.changes().watch(pageToken="1", body={**wish, "id": "long", "expiration": week}).execute()
        assert int(long["expiration"]) - state.now() < 7 * 24 * 3_600_000 + 1000
        listener.wait(2)
        later(3601)
        files.new_version(state, "f1", b"two")
        assert listener.wait(3)[2][0]["x-goog-channel-id"] == "long"
        drive.channels().stop(body={"id": "long", "resourceId": long["resourceId"]}).execute()
        files.new_version(state, "f1", b"three")
        listener.stays_at(3)

    def test_an_id_is_good_for_one_channel(self, drive, listener):
        wish = {"id": "c1", "type": "web_hook", "address": listener.url}
        drive.changes().watch(pageToken="1", body=wish).execute()
        with pytest.raises(HttpError, match="Channel id c1 not unique"):
            drive.changes().watch(pageToken="1", body=wish).execute()
        past = wish | {"id": "c2", "expiration": "1000"}
        with pytest.raises(HttpError, match="Invalid Value"):
            drive.changes().watch(pageToken="1", body=past).execute()

    def test_a_server_error_is_tried_again_and_any_other_is_a_lost_message(self, drive, state, listener, later):
        listener.answers = [503, 200, 404]
        wish = {"id": "c1", "type": "web_hook", "address": listener.url}
        drive.changes().watch(pageToken="1", body=wish).execute()
        listener.wait(1)
        later(2)
        assert states(listener, 2) == [("sync", None), ("sync", None)]
        files.new_version(state, "f1", b"two")
        listener.wait(3)
        later(3000)
        listener.stays_at(3)
