"""Which stream of which source fills which noun: so that a card can say where its facts come from
and how old they are.

Late is when a stream's high-water mark is older than `late_after` of the settings, or when it has none and its first
reading failed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from hub.settings import Settings

TITLES: Mapping[str, str] = {"salesforce": "Salesforce", "quickbooks": "QuickBooks", "google_drive": "Google Drive"}
MAPPINGS = Path(__file__).resolve().parents[1] / "mappings"


PARTS: Mapping[str, tuple[str, ...]] = {
    "statement": ("invoice", "payment", "credit_memo"),
    "project": ("project", "milestone"),
    "shipment": ("shipment", "shipment_event"),
}
"""What is said of the one is made of all of these."""
NEVER = dt.datetime.min.replace(tzinfo=dt.UTC)


class Fresh(NamedTuple):
    """How true a card is: the source's name, up to when (None: never read yet), whether that is late, the interval.

    `matched_at`: when all of it was last compared with the source, record by record, if nothing differed.
    """

    source: str
    as_of: dt.datetime | None
    late: bool
    every_minutes: int
    matched_at: dt.datetime | None = None


class Feeds:
    """Source and freshness by noun."""

    def __init__(self, settings: Settings) -> None:
        self._every, self._late_after = settings.sync_every_seconds, settings.late_after
        self._titles = {name: _title(name, source.connector) for name, source in settings.sources.items()}
        self._by_noun = _by_noun(settings)

    def title(self, source: str) -> str:
        """A source as clients know it."""
        return self._titles.get(source) or _title(source, source)

    def of(self, noun: str, streams: Iterable[Any], now: dt.datetime) -> Fresh | None:
        """How fresh a noun is, by rows of stream_state (with high_water, error, matched_at): as its worst part."""
        wanted = {feed for part in PARTS.get(noun, (noun,)) for feed in self._by_noun.get(part, ())}
        return self.oldest([row for row in streams if (row.source, row.stream) in wanted], now)

    def for_row(self, row: Any, streams: Iterable[Any], now: dt.datetime, part: str = "") -> Fresh | None:
        """How fresh one synced row is, with what of its source is `part` of it."""
        parts = {feed for feed in self._by_noun.get(part, ()) if feed[0] == row.source}
        return self.oldest([s for s in streams if (s.source, s.stream) in {(row.source, row.stream), *parts}], now)

    def oldest(self, streams: Sequence[Any], now: dt.datetime) -> Fresh | None:
        """The freshness of the stream that is furthest behind; None for no stream."""
        if not streams:
            return None
        behind = min(streams, key=lambda row: (not self._is_late(row, now), row.high_water or NEVER))
        every = max(1, round(self._every / 60))
        matched = [row.matched_at for row in streams]
        return Fresh(
            source=self.title(behind.source),
            as_of=behind.high_water,
            late=self._is_late(behind, now),
            every_minutes=every,
            matched_at=None if None in matched else min(matched),
        )

    def _is_late(self, row: Any, now: dt.datetime) -> bool:
        if row.high_water is None:
            return row.error is not None
        return bool(now - row.high_water > self._late_after)


def _title(name: str, connector: str) -> str:
    return TITLES.get(connector) or name.replace("_", " ").title()


def _by_noun(settings: Settings) -> dict[str, set[tuple[str, str]]]:
    found: dict[str, set[tuple[str, str]]] = {}
    names = {name: source.connector for name, source in settings.sources.items()} or {n: n for n in TITLES}
    for name, connector in names.items():
        folder = settings.mappings_path or MAPPINGS
        for file in sorted((folder / name).glob("*.yaml")) or sorted((folder / connector).glob("*.yaml")):
            body = yaml.safe_load(file.read_text(encoding="utf-8"))
            if isinstance(body, dict) and isinstance(body.get("into"), str):
                found.setdefault(body["into"], set()).add((name, str(body.get("stream", file.stem))))
    return found
