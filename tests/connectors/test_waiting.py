"""Retry-After says seconds, or a day and time; whatever else it says is as if it said nothing."""

from __future__ import annotations

import datetime as dt
from email.utils import format_datetime

import pytest

from connectors.waiting import wait_asked
from hub.clock import now


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("12", 12.0), (" 7 ", 7.0), ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0), ("soon", None), ("", None), (None, None),
     ("-5", None), ("\u00b2", None), ("nan", None)],
)  # fmt: skip
def test_retry_after_is_read_in_both_its_forms(header: str | None, seconds: float | None) -> None:
    assert wait_asked(header) == seconds


def test_a_time_of_no_zone_is_utc_wherever_this_machine_stands() -> None:
    in_an_hour = now() + dt.timedelta(hours=1)
    for text in (format_datetime(in_an_hour), format_datetime(in_an_hour).replace("+0000", "-0000")):
        assert 3_590 < (wait_asked(text) or 0) <= 3_600
