"""A fresh sandbox, served over HTTP from a thread."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

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
