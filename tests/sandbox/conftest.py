"""A fresh sandbox, served over HTTP from a thread."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from simple_salesforce import Salesforce

from connectors.http import new_session
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
