"""A fresh sandbox over HTTP for the connectors' tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from sandbox.serve import serving
from sandbox.state import State

Arm = Callable[..., None]


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
def arm(url: str) -> Arm:
    """Switch a fault on: `arm("rate_limited", retry_after=7)`."""

    def switch(fault: str, **wish: Any) -> None:
        requests.post(f"{url}/control/faults", json={"fault": fault, **wish}, timeout=30).raise_for_status()

    return switch
