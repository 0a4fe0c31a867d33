"""A fresh sandbox, served over HTTP from a thread."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from google.auth.transport.requests import Request
from google.oauth2.service_account import Credentials
from intuitlib.client import AuthClient
from quickbooks import QuickBooks
from simple_salesforce import Salesforce

from connectors.http import new_session
from sandbox.quickbooks.wire import REALM
from sandbox.serve import serving
from sandbox.state import State


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    """An empty sandbox memory."""
    state = State(tmp_path / "sandbox.sqlite")
    yield state
    state.close()


@pytest.fixture
def url(state: State) -> Iterator[str]:
    """The address of a running sandbox over `state`."""
    with serving(state) as address:
        yield address


@pytest.fixture
def google(url: str) -> Iterator[requests.Session]:
    """Plain HTTP with a token of the emulated Google."""
    key = requests.get(f"{url}/control/google/service-account.json", timeout=10).json()
    scopes, subject = ["https://www.googleapis.com/auth/drive"], "hub@sandbox.example"
    credentials = Credentials.from_service_account_info(key, scopes=scopes, subject=subject)
    with requests.Session() as session:
        credentials.refresh(Request(session))
        session.headers["Authorization"] = f"Bearer {credentials.token}"
        yield session


@pytest.fixture
def qb(url: str, monkeypatch: pytest.MonkeyPatch) -> QuickBooks:
    """python-quickbooks, connected to the company."""
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    monkeypatch.setattr(QuickBooks, "api_url_v3", f"{url}/v3")
    discovery = f"{url}/.well-known/openid_configuration"
    auth = AuthClient("sandbox-qbo-client", "sandbox-qbo-secret", "http://localhost:1/", discovery)
    return QuickBooks(auth_client=auth, refresh_token="sandbox-refresh-0", company_id=REALM, minorversion=75)


@pytest.fixture
def org(url: str) -> Iterator[Salesforce]:
    """simple-salesforce, signed in with client credentials."""
    http, _ = new_session(url)
    with http:
        yield Salesforce(
            domain="acme.my",
            consumer_key="sandbox-consumer-key",
            consumer_secret="sandbox-consumer-secret",
            session=http,
            version="68.0",
        )
