"""What is refused before anything is read or written."""

from __future__ import annotations

from sandbox.quickbooks.faults import misshapen
from sandbox.quickbooks.wire import Call

MINOR_VERSION = 75
"""The base and the newest that is known here. Older ones are ignored, as the vendor has announced."""


def check_version(call: Call) -> None:
    """Fault 2010 for a `minorversion` that is no whole number, or is newer than what this sandbox knows."""
    asked = call.query.get("minorversion", "")
    if not asked:
        return
    if not (asked.isascii() and asked.isdigit()) or int(asked) > MINOR_VERSION:
        raise misshapen(f"minorversion {asked} is not supported; the newest is {MINOR_VERSION}")
