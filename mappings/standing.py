"""How what is stored stands to what is configured and mapped now: one decision, for the shell, the check and ops."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple, Protocol


class Known(NamedTuple):
    """The sources that are configured now, their mappings' fingerprints by source and stream, and where these lie."""

    sources: frozenset[str]
    fingerprints: Mapping[tuple[str, str], str]
    folder: Path = Path("mappings")


UNMAPPED, UNCONFIGURED = "unmapped", "unconfigured"
UNREAD = frozenset({UNMAPPED, UNCONFIGURED})
"""Nobody reads these any more."""


class Stored(Protocol):
    """A stream as it is stored. mapping: the fingerprint of the one that it was last read with."""

    @property
    def source(self) -> str: ...
    @property
    def stream(self) -> str: ...
    @property
    def mapping(self) -> str | None: ...
    @property
    def loaded_at(self) -> dt.datetime | None: ...


class Standing(NamedTuple):
    """What to call it, what that means, and the next step."""

    word: str
    sentence: str
    step: str


def unread(known: Known, source: str, stream: str) -> Standing | None:
    """What is to be said of a stream that is stored and nobody reads any more; None where one is read."""
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
            f"Put its file in {known.folder / source}/ back, or run `frontdesk forget {source} {stream}`.",
        )
    return None


def changed(known: Known, stored: Stored) -> bool:
    """Whether a stream that was read has another mapping now, with which the next sync reads everything again."""
    present = known.fingerprints.get((stored.source, stored.stream))
    was_read = stored.mapping is not None or stored.loaded_at is not None
    return present is not None and was_read and stored.mapping != present
