"""How what is stored stands to what is configured and mapped now: one decision, for the shell, the check and ops."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Known(NamedTuple):
    """The sources that are configured now, and the fingerprints of their mappings by source and stream."""

    sources: frozenset[str]
    fingerprints: Mapping[tuple[str, str], str]


UNMAPPED, UNCONFIGURED = "unmapped", "unconfigured"
UNREAD = frozenset({UNMAPPED, UNCONFIGURED})
"""Nobody reads these any more."""


class Standing(NamedTuple):
    """What to call it, what that means, and the next step."""

    word: str
    sentence: str
    step: str


def standing(known: Known, source: str, stream: str) -> Standing | None:
    """What is to be said of a stream that is stored; None where it is read as it was."""
    if source not in known.sources:
        return Standing(
            UNCONFIGURED,
            f"{source} is not configured any more; what it brought stays in clients' sight and grows old.",
            f"Put [sources.{source}] back into frontdesk.toml, or run `frontdesk forget {source} STREAM` for each.",
        )
    if (source, stream) not in known.fingerprints:
        return Standing(
            UNMAPPED,
            f"{stream} has no mapping any more; what it brought stays in clients' sight and grows old.",
            f"Put its file in mappings/{source}/ back, or run `frontdesk forget {source} {stream}`.",
        )
    return None
