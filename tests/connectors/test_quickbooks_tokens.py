"""The connection to QuickBooks survives rotation, crashes and crowds, and says plainly when a person is needed."""

from __future__ import annotations

import fcntl
import json
import logging
import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from connectors.contract import Finding
from connectors.http import CountingAdapter
from connectors.quickbooks import CONNECTOR, tokens
from hub.clock import now, parse_instant
from hub.errors import NeedsPerson, RetryLater
from sandbox.serve import serving
from sandbox.state import State

REALM = "4620816365179422850"
BACK = "http://localhost:1/callback"
DAY_MS = 86_400_000


class Crash(BaseException):
    """The process dies here."""


class FileStore:
    """A TokenStore in a real file, with a lock that holds between processes; dies where a test says so."""

    def __init__(self, folder: Path, die: str = "") -> None:
        self.file, self.die = folder / "token.json", die

    def get(self) -> dict[str, str] | None:
        return json.loads(self.file.read_text()) if self.file.exists() else None

    def put(self, token: Mapping[str, str]) -> None:
        self._may_die("before put")
        fresh = self.file.with_suffix(".new")
        with fresh.open("w") as target:
            json.dump(dict(token), target)
            target.flush()
            os.fsync(target.fileno())
        self._may_die("within put")
        fresh.replace(self.file)
        self._may_die("after put")

    @contextmanager
    def lock(self) -> Iterator[None]:
        self._may_die("before lock")
        with self.file.with_suffix(".lock").open("w") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            self._may_die("within lock")
            yield
            self._may_die("end of lock")

    def _may_die(self, place: str) -> None:
        if place == self.die:
            raise Crash


@pytest.fixture
def state(tmp_path) -> Iterator[State]:
    state = State(tmp_path / "sandbox.sqlite")
    state.put("quickbooks", "CompanyInfo", "1", {"CompanyName": "Harbour & Pine"})
    yield state
    state.close()


@pytest.fixture
def base(state: State) -> Iterator[str]:
    with serving(state) as address:
        yield address


def settings(base: str, **facts: Any) -> Any:
    usual = {"client_id": "sandbox-qbo-client", "client_secret": "sandbox-qbo-secret", "realm_id": REALM}
    return CONNECTOR.settings.model_validate({"base_url": base, **usual, **facts})


def first(base: str, **facts: Any) -> Any:
    return settings(base, refresh_token="sandbox-refresh-0", **facts)


def company_of(configured: Any, store: FileStore) -> Finding:
    """Open, call, close: what each run does. The finding of the company itself."""
    with CONNECTOR.open(configured, store) as company:
        return CONNECTOR.check(company, {})[0]


def switch(base: str, **switches: bool) -> None:
    requests.post(f"{base}/control/quickbooks", json=switches, timeout=10).raise_for_status()


def arm(base: str, **fault: Any) -> None:
    requests.post(f"{base}/control/faults", json={"vendor": "quickbooks", **fault}, timeout=10).raise_for_status()


def token_requests(base: str) -> int:
    report = requests.get(f"{base}/control/requests?vendor=quickbooks", timeout=10).json()
    return sum(entry["path"] == "/oauth2/v1/tokens/bearer" for entry in report["last"])


def expire(store: FileStore) -> None:
    """An hour passes."""
    store.put({**(store.get() or {}), "expires_at": "2020-01-01T00:00:00Z"})


def test_the_first_use_stores_the_token_with_its_expiry(base: str, tmp_path: Path) -> None:
    store = FileStore(tmp_path)
    assert company_of(first(base), store).ok
    stored = store.get() or {}
    assert 3500 < (parse_instant(stored["expires_at"]) - now()).total_seconds() <= 3600
    assert (parse_instant(stored["refresh_expires_at"]) - now()).days == 100
    assert company_of(settings(base), store).ok
    assert token_requests(base) == 1


@pytest.mark.parametrize("place", ["before lock", "within lock", "within put", "after put", "end of lock"])
def test_a_crash_between_refresh_and_use_does_not_cut_the_connection(base: str, tmp_path: Path, place: str) -> None:
    """`within put` is survived because Intuit gives the same value again for a day; see the next test for the other."""
    with pytest.raises(Crash):
        company_of(first(base), FileStore(tmp_path, die=place))
    assert company_of(first(base), FileStore(tmp_path)).ok
    expire(FileStore(tmp_path))
    assert company_of(first(base), FileStore(tmp_path)).ok


@pytest.mark.parametrize(
    ("place", "survives"),
    [
        ("before lock", True),
        ("within lock", True),
        ("before put", False),
        ("within put", False),
        ("after put", True),
        ("end of lock", True),
    ],
)
def test_when_the_value_rotates_only_the_moment_before_it_is_on_disk_is_deadly(
    base: str, tmp_path: Path, place: str, *, survives: bool
) -> None:
    switch(base, rotate_always=True)
    assert company_of(first(base), FileStore(tmp_path)).ok
    expire(FileStore(tmp_path))
    with pytest.raises(Crash):
        company_of(settings(base), FileStore(tmp_path, die=place))
    if survives:
        expire(FileStore(tmp_path))
        assert company_of(settings(base), FileStore(tmp_path)).ok
        return
    with pytest.raises(NeedsPerson, match="no longer accepts our connection") as refused:
        company_of(settings(base), FileStore(tmp_path))
    assert "frontdesk connect quickbooks" in refused.value.step


def test_rotation_goes_on_for_days(base: str, state: State, tmp_path: Path) -> None:
    store, seen = FileStore(tmp_path), set()
    for day in range(5):
        state.set_fact("clock_offset_ms", str(day * (DAY_MS + 60_000)))
        if day:
            expire(store)
        assert company_of(first(base), store).ok
        seen.add((store.get() or {})["refresh_token"])
    assert len(seen) == 5


def test_two_refreshers_at_once_refresh_once(base: str, tmp_path: Path) -> None:
    switch(base, rotate_always=True)
    assert company_of(first(base), FileStore(tmp_path)).ok
    expire(FileStore(tmp_path))
    asked, start, found = token_requests(base), threading.Barrier(4), []

    def run() -> None:
        start.wait()
        found.append(company_of(settings(base), FileStore(tmp_path)).ok)

    crowd = [threading.Thread(target=run) for _ in range(4)]
    for thread in crowd:
        thread.start()
    for thread in crowd:
        thread.join(20)
    assert found == [True] * 4
    assert token_requests(base) == asked + 1


def test_a_token_that_another_process_renewed_is_taken_from_the_store(base: str, tmp_path: Path) -> None:
    store = FileStore(tmp_path)
    with CONNECTOR.open(first(base), store) as slow:
        expire(store)
        assert company_of(settings(base), store).ok
        arm(base, fault="expired_token", path="/v3/company/")
        asked = token_requests(base)
        assert CONNECTOR.check(slow, {})[0].ok
        assert token_requests(base) == asked


def test_a_refusal_after_somebody_elses_rotation_reads_the_store_again(base: str, tmp_path: Path) -> None:
    """A process that shares no lock with us rotates while we ask with the former value."""
    switch(base, rotate_always=True)
    assert company_of(first(base), FileStore(tmp_path)).ok
    expire(FileStore(tmp_path))

    class Late(FileStore):
        @contextmanager
        def lock(self) -> Iterator[None]:
            stale = self.get() or {}
            assert company_of(settings(base), FileStore(tmp_path)).ok
            with super().lock():
                self.once: dict[str, str] | None = stale
                yield

        def get(self) -> dict[str, str] | None:
            stale = getattr(self, "once", None)
            self.once = None
            return stale or super().get()

    asked = token_requests(base)
    assert company_of(settings(base), Late(tmp_path)).ok
    assert token_requests(base) == asked + 2


@pytest.mark.parametrize("fault", ["server_error", "html_body", "rate_limited", "cut_connection"])
@pytest.mark.parametrize("path", ["/oauth2/v1/tokens/bearer", "/.well-known/"])
def test_a_sign_in_that_cannot_answer_is_tried_again_and_keeps_the_token(
    base: str, tmp_path: Path, fault: str, path: str
) -> None:
    store = FileStore(tmp_path)
    assert company_of(first(base), store).ok
    expire(store)
    kept = store.get()
    arm(base, fault=fault, path=path)
    with pytest.raises(RetryLater):
        company_of(settings(base), store)
    assert store.get() == kept
    assert company_of(settings(base), store).ok


def test_a_connection_that_was_revoked_needs_a_person(base: str, tmp_path: Path) -> None:
    store = FileStore(tmp_path)
    assert company_of(first(base), store).ok
    switch(base, disconnect=True)
    finding = company_of(first(base), store)
    assert not finding.ok
    assert finding.sentence == "QuickBooks no longer accepts our connection: it was revoked, or has expired."
    assert "frontdesk connect quickbooks" in finding.step


def test_nothing_configured_yet_says_so(base: str, tmp_path: Path) -> None:
    with pytest.raises(NeedsPerson, match="not connected yet"):
        company_of(settings(base), FileStore(tmp_path))


def test_a_wrong_client_secret_is_told_from_a_revoked_connection(base: str, tmp_path: Path) -> None:
    with pytest.raises(NeedsPerson, match="client id and secret"):
        company_of(first(base, client_secret="wrong"), FileStore(tmp_path))


def test_a_person_connects_in_the_browser_and_the_company_is_known_from_then_on(base: str, tmp_path: Path) -> None:
    authorize, store = CONNECTOR.authorize, FileStore(tmp_path)
    assert authorize is not None
    nameless = settings(base, realm_id="")
    address = authorize.url(nameless, BACK, "state-1")
    pressed = requests.post(address, timeout=10, allow_redirects=False)
    answer = {name: values[0] for name, values in parse_qs(urlsplit(pressed.headers["Location"]).query).items()}
    assert answer["state"] == "state-1"
    store.put(authorize.exchange(nameless, BACK, answer))
    assert company_of(nameless, store).sentence == f"Connected to Harbour & Pine, company {REALM}."
    expire(store)
    assert company_of(nameless, store).ok

    with pytest.raises(NeedsPerson, match="no longer accepts this answer"):
        authorize.exchange(nameless, BACK, answer)
    with pytest.raises(NeedsPerson, match="realm_id names 123"):
        authorize.exchange(settings(base, realm_id="123"), BACK, answer)


def test_a_connection_that_ends_soon_is_a_finding(base: str, tmp_path: Path) -> None:
    store = FileStore(tmp_path)
    assert company_of(first(base), store).ok
    store.put({**(store.get() or {}), "refresh_expires_at": "2020-01-01T00:00:00Z"})
    with CONNECTOR.open(settings(base), store) as company:
        finding = CONNECTOR.check(company, {})[1]
    assert (finding.ok, finding.subject) == (False, "quickbooks.connection")


def test_no_secret_is_logged_or_told(base: str, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    store = FileStore(tmp_path)
    assert company_of(first(base), store).ok
    arm(base, fault="expired_token", path="/v3/company/")
    assert company_of(first(base), store).ok
    stored = store.get() or {}
    secrets = [stored["access_token"], stored["refresh_token"], "sandbox-qbo-secret"]
    assert not [secret for secret in secrets if secret in caplog.text]
    assert "sandbox-qbo-secret" not in repr(first(base))


def test_an_invalid_grant_with_status_200_is_no_token(
    base: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seen in the field: taken for a token, it would overwrite the good one with nothing."""
    send = CountingAdapter.send

    def refusing(self: Any, request: Any, *args: Any, **kwargs: Any) -> requests.Response:
        response = send(self, request, *args, **kwargs)
        if request.url.endswith("/tokens/bearer"):
            assert response.content
            response._content = b'{"error":"invalid_grant"}'
        return response

    monkeypatch.setattr(CountingAdapter, "send", refusing)
    with closing(CountingAdapter(base)) as adapter, pytest.raises(tokens.InvalidGrant):
        tokens.refresh(first(base), adapter, "sandbox-refresh-0")
