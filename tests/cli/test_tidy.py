"""Tidying by hand, where no worker does it each night."""

from __future__ import annotations

import subprocess
from collections.abc import Callable

Run = Callable[..., "subprocess.CompletedProcess[str]"]


def test_tidy_says_what_it_removed(migrated: Run) -> None:
    done = migrated("tidy")
    assert done.returncode == 0, done.stderr
    assert done.stdout == "Removed 0 sign-in links, 0 sessions, 0 hints, 0 runs, 0 landed pages.\n"


def test_days_that_would_take_what_was_landed_just_now_are_refused(migrated: Run) -> None:
    done = migrated("tidy", FRONTDESK_LANDING_KEEP_DAYS="1")
    assert done.returncode == 1
    assert "FRONTDESK_LANDING_KEEP_DAYS is not right: '1': Input should be greater than or equal to 7" in done.stderr
