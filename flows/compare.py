"""One stream compared with its source, record by record: who is there, every value, whose it is, and the money.

A record that changes while we compare is no difference. Whatever the next sync will bring or take anyway is on its way:
the source itself says so, by the feed that begins where our cursor stood before we looked. No clock decides.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy import Row

from connectors.contract import Cursor, Page, Stream, Want
from flows.hub import Hub
from flows.patience import TRIES, pages
from flows.pull import Progress
from hub.ids import entity_id
from mappings.mapping import CONTENT, NO_ID, Applied
from mappings.mapping import Mapping as StreamMapping
from store.changes import same
from store.live import HEAD, contents, held_ids, live_ids
from store.merge import Counts
from store.targets import targets

CLIENT, KEYS, UNMAPPED = "client", "keys", "unmapped"
"""What may differ beside the columns: whose the record is, what it is recognised by, and whether it can be mapped."""

Amounts = Counter[tuple[str, str]]
"""Minor units by (column, currency)."""


class Apart(NamedTuple):
    """A record that is not the same on both sides. `fields`: the columns that differ, where both have it."""

    fields: tuple[str, ...]
    theirs: Amounts
    ours: Amounts


class Total(NamedTuple):
    """A money column summed over a stream, in minor units of one currency."""

    column: str
    currency: str
    theirs: int
    ours: int


@dataclass(frozen=True, slots=True)
class StreamCertificate:
    """One stream compared, by external ids: `missing` here, `surplus` here, and `differing` with the columns that do.

    What is held or left out is neither, nor what is `on_the_way`: the next sync brings it. `totals` are of what was
    compared. `unread`: nothing was, because the stream has not been read whole with the present mapping yet.
    `sentence`, with `step`, `error_kind` and `after` as in a StreamResult: nothing was, because of this.
    """

    stream: str
    theirs: int = 0
    ours: int = 0
    held: int = 0
    left_out: int = 0
    on_the_way: int = 0
    missing: tuple[str, ...] = ()
    surplus: tuple[str, ...] = ()
    differing: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    totals: tuple[Total, ...] = ()
    unread: bool = False
    sentence: str | None = None
    step: str | None = None
    error_kind: str | None = None
    after: float | None = None

    @property
    def compared(self) -> bool:
        """Whether it was set beside its source at all."""
        return not self.unread and self.sentence is None

    @property
    def agrees(self) -> bool:
        """Whether each record of the source is here as it is there, held or left out, and nothing more."""
        return self.compared and not (self.missing or self.surplus or self.differing)


def compare(
    hub: Hub,
    session: Any,
    stream: Stream[Any],
    mapping: StreamMapping,
    cursor: Cursor,
    progress: Progress | None = None,
    tries: int = TRIES,
) -> StreamCertificate:
    """Read all of a stream again and set it beside the store; writes nothing. `cursor`: where the stream stood."""
    comparison = Comparison(hub, mapping)
    for page in pages(stream, session, Want(mapping.source_fields), tries):
        comparison.take(page)
        if progress is not None:
            progress(mapping.stream, Counts(seen=len(comparison.kinds)))
    comparison.look_for_surplus()
    coming: set[str] = set()
    if comparison.apart:
        for page in pages(stream, session, Want(mapping.source_fields, cursor), tries):
            coming |= comparison.take_again(page)
    return comparison.certificate(coming)


@dataclass
class Comparison:
    """A stream's reading in progress. `kinds`: what became of each record of theirs, by its external id."""

    hub: Hub
    mapping: StreamMapping
    kinds: dict[str, str] = field(default_factory=dict)
    apart: dict[str, Apart] = field(default_factory=dict)
    surplus: set[str] = field(default_factory=set)
    agreed: Amounts = field(default_factory=Counter)
    ours: set[str] = field(default_factory=set)
    held: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        nouns = targets()[self.mapping.into]
        self.columns = self.mapping.row_columns[CONTENT]
        money = {name for name, target in nouns.items() if target.kind == "minor"}
        self.money = [(position, name) for position, name in enumerate(self.columns) if name in money]
        self.currency = self.columns.index("currency") if "currency" in self.columns else None

    def take(self, page: Page) -> None:
        """Set a page beside the store. A record that comes again counts as it is the last time."""
        applied, stored, others = self._read(page)
        for row, digest in zip(applied.rows, applied.hashes, strict=True):
            self._one(row, digest, stored.get(row[0]))
        self.kinds |= others
        for external_id in others:
            self.apart.pop(external_id, None)

    def take_again(self, page: Page) -> set[str]:
        """A page of what has changed since: the ids that a sync would write or take away, and so are on their way.

        What is as the store has it by now is apart no more.
        """
        applied, stored, others = self._read(page)
        coming = set(others)
        for row, digest in zip(applied.rows, applied.hashes, strict=True):
            here = stored.get(row[0])
            self._one(row, digest, here)
            if here is None or here.content_hash != digest:
                coming.add(row[1])
        # What was taken away without a name may be whatever we have too much.
        return coming | self.surplus if page.sweep else coming

    def _read(self, page: Page) -> tuple[Applied, dict[str, Row[Any]], dict[str, str]]:
        """A page as its mapping has it, what the store has of its rows, and what became of its other records."""
        sieved = self.mapping.sift(page.records)
        applied = self.mapping.apply(sieved.wanted, page.raw)
        others = {item.external_id: "gone" for item in page.deleted}
        others |= {owner.external_id: "left" for owner in sieved.left_out}
        others |= {record.external_id: "held" for record in (*applied.held, *sieved.held)}
        for row in applied.rows:
            others.pop(row[1], None)
        with self.hub.engine.connect().execution_options(reading=True) as connection:
            stored = contents(connection, self.mapping.into, self.columns, [row[0] for row in applied.rows])
        return applied, stored, others

    def _one(self, row: Sequence[Any], digest: bytes, stored: Row[Any] | None) -> None:
        external_id, values = row[1], row[CONTENT]
        known = self.kinds.get(external_id) == "row" and external_id not in self.apart
        self.kinds[external_id] = "row"
        if stored is None:
            self.apart[external_id] = Apart((), self._amounts(values), Counter())
            return
        standing, fields = stored[1 + len(HEAD) :], list[str]()
        if standing != values:
            pairs = zip(self.columns, values, standing, strict=True)
            fields = [name for name, value, was in pairs if not same(value, was)]
        if stored.client_id != stored.owners_client_id:
            fields.append(CLIENT)
        # What follows its whole to another client (store.parts) has the hash of before, and nothing to recognise by.
        if not fields and self.mapping.owner_kind and stored.content_hash != digest:
            fields.append(KEYS)
        if fields:
            self.apart[external_id] = Apart(tuple(fields), self._amounts(values), self._amounts(standing))
        elif not known:
            self.apart.pop(external_id, None)
            self.agreed.update(self._amounts(standing))

    def _amounts(self, values: Sequence[Any]) -> Amounts:
        currency = values[self.currency] or "" if self.currency is not None else ""
        return Counter(
            {(name, currency): values[position] for position, name in self.money if values[position] is not None}
        )

    def look_for_surplus(self) -> None:
        """After the last page: what we show and the source does not, and what it has that cannot be mapped."""
        mapping = self.mapping
        with self.hub.engine.connect().execution_options(reading=True) as connection:
            self.ours = live_ids(connection, mapping.into, mapping.source, mapping.stream)
            self.held = held_ids(connection, mapping.source, mapping.stream)
            shown = {external_id for external_id, kind in self.kinds.items() if kind in {"row", "held"}}
            self.surplus = self.ours - shown
            ids = [entity_id(mapping.source, mapping.stream, external_id) for external_id in sorted(self.surplus)]
            stored = contents(connection, mapping.into, self.columns, ids)
        for row in stored.values():
            self.apart[row.external_id] = Apart((), Counter(), self._amounts(row[1 + len(HEAD) :]))
        for external_id, kind in self.kinds.items():
            if kind == "held" and external_id not in self.held and not external_id.startswith(NO_ID):
                self.apart[external_id] = Apart((UNMAPPED,), Counter(), Counter())
            elif kind == "row" and external_id in self.held:
                # It waits in quarantine, which ops are told of; as soon as it can be read it is released.
                self.apart.pop(external_id, None)

    def certificate(self, coming: set[str]) -> StreamCertificate:
        """The end of it. `coming`: what the next sync brings anyway."""
        real = {external_id: apart for external_id, apart in self.apart.items() if external_id not in coming}
        theirs = [external_id for external_id, kind in self.kinds.items() if kind != "gone"]
        return StreamCertificate(
            self.mapping.stream,
            theirs=len([external_id for external_id in theirs if not external_id.startswith(NO_ID)]),
            ours=len(self.ours),
            held=len(self.held),
            left_out=sum(kind == "left" for kind in self.kinds.values()),
            missing=tuple(sorted(key for key, apart in real.items() if key not in self.ours)),
            surplus=tuple(sorted(key for key in real if key in self.surplus)),
            differing={key: one.fields for key, one in sorted(real.items()) if key in self.ours - self.surplus},
            on_the_way=len(self.apart) - len(real),
            totals=self._totals(real.values()),
        )

    def _totals(self, real: Iterable[Apart]) -> tuple[Total, ...]:
        theirs, ours = Counter(self.agreed), Counter(self.agreed)
        for one in real:
            theirs.update(one.theirs)
            ours.update(one.ours)
        return tuple(Total(*key, theirs[key], ours[key]) for key in sorted(theirs.keys() | ours.keys()))
