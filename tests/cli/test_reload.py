"""Whoever works on the portal sees a changed template or style without a restart by hand."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from uvicorn import Config

from cli.reload import Reload


@pytest.mark.parametrize("name", ["page.py", "page.html", "page.css", "legal.yaml"])
def test_a_change_of_anything_that_shows_starts_the_portal_anew(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "templates" / name
    file.parent.mkdir()
    file.write_text("before")
    watch = Reload(Config("x:y", reload=True, reload_dirs=["templates"], reload_delay=0), lambda _: None, [])
    assert watch.should_restart() is None
    os.utime(file, (file.stat().st_mtime + 5,) * 2)
    assert watch.should_restart() == [file]
