"""A process killed anywhere loses nothing, doubles nothing, and tells nobody twice."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.slow
@pytest.mark.parametrize("database", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def test_a_sync_killed_before_any_statement_ends_as_if_it_had_not_been(
    tmp_path: Path, database: str, request: pytest.FixtureRequest
) -> None:
    program = Path(__file__).parent / "killed_sync.py"
    server = [request.getfixturevalue("postgres")] if database == "postgres" else []
    if server:
        request.getfixturevalue("postgres_do")
    done = subprocess.run(
        [sys.executable, str(program), str(tmp_path / "w"), *server],
        capture_output=True, text=True, check=False, timeout=1200,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout)
    assert found["first"]["bad"] == []
    assert found["later"]["bad"] == []
    assert found["first"]["places"] > 30
    assert found["later"]["places"] > 30
