"""A compiled mapping: facts about one stream, and `apply`, which turns a page of records into rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from collections.abc import Mapping as MappingType
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import blake2b
from operator import itemgetter
from typing import Any

import orjson

from hub import any_json
from hub.errors import BadRecord
from hub.ids import entity_id, entity_ids
from hub.unread import refuse_unread
from mappings.page import Column, PageView, Record
from mappings.refusals import ID_LENGTH, readable_id, refuse_unstorable
from mappings.said import Link, Said
from mappings.sieve import UNCLEAR, Sieve

ColumnOf = Callable[[PageView], Column]

ROW_HEAD = ("id", "external_id", "source_at", "owner_id")
"""The columns that every row begins with; the mapped ones follow in `Mapping.columns` order."""

CONTENT = slice(ROW_HEAD.index("owner_id"), None)
"""What of a row may change. A touch without a change is no change."""

ACCESS = frozenset({"role", "email"})
"""Columns that let a person in. They are read of a record that is held too: what it takes away must not wait."""

NO_ID = "?"
"""How the name begins that we give to a held record without a usable id."""

ESCAPE, NUL = b"\\", b"\\u0000"
"""A null byte as JSON spells it. PostgreSQL cannot store one, so the record is quarantined on both databases. Many
pages have no escape at all, and one byte is found fifty times as fast as six."""

UNSTORABLE = (orjson.JSONEncodeError, UnicodeEncodeError)
"""What hashing a row with half a character in it raises: no check of its own is needed for a page without one."""

NO_OBJECT = (AttributeError, TypeError)
"""What reading a page raises that has something else than objects among its records."""


@dataclass(frozen=True, slots=True)
class Key:
    """A value that recognises a client: kind, and how to read it from a record."""

    kind: str
    read: Callable[[Record], str | None]


@dataclass(frozen=True, slots=True)
class Owner:
    """An owner record found on a page: what it is called and what it may be recognised by, best first."""

    id: str
    external_id: str
    label: str | None
    keys: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Held:
    """A record that cannot be taken, with all that ops need to mend it. `access`: what of ACCESS can still be read."""

    external_id: str
    owner_id: str | None
    reason: str
    field: str
    sentence: str
    payload: str
    access: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Applied:
    """What became of a page: rows (ROW_HEAD + columns) with their content hashes, owner records, and what is held."""

    rows: list[tuple[Any, ...]] = field(default_factory=list)
    hashes: list[bytes] = field(default_factory=list)
    owners: list[Owner] = field(default_factory=list)
    held: list[Held] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Sifted:
    """A page before it is applied: `wanted` is to be applied, of `held` nobody can say whether it is meant.

    What is left out is known by its id and, where it would own others, by its keys.
    """

    wanted: Sequence[Record]
    left_out: Sequence[Owner] = ()
    held: Sequence[Held] = ()


@dataclass(frozen=True, slots=True)
class NamedColumn:
    """A target column, the source field that it comes from, and how to read it for a whole page."""

    name: str
    source_field: str
    read: ColumnOf
    required: bool


@dataclass(frozen=True, slots=True)
class Mapping:
    """One stream's mapping, compiled.

    source_fields  every path it reads, for the connector's SELECT
    owner_kind     "self" (a client), "match" (matched to one) or "" (owned through another record)
    links, said    the streams and the source fields that it names, with their places
    fingerprint    another one when the file says anything else, the firm's currency is another, or convert.RULES is
    sieve          which records it takes at all; None: every one
    owner_path     the source field that names the owner; empty for an owner record
    """

    source: str
    stream: str
    into: str
    order: int
    source_fields: tuple[str, ...]
    plain_fields: tuple[str, ...]
    owner_kind: str
    key: ColumnOf
    owner_of: ColumnOf
    modified: ColumnOf
    columns: tuple[NamedColumn, ...]
    fingerprint: str
    keys: tuple[Key, ...] = ()
    links: tuple[Link, ...] = ()
    said: tuple[Said, ...] = ()
    label: Callable[[Record], Any] = field(default=lambda _: None)
    sieve: Sieve | None = None
    owner_path: str = ""

    @property
    def row_columns(self) -> tuple[str, ...]:
        """The names of a row's values, in order."""
        return (*ROW_HEAD, *(column.name for column in self.columns))

    def sift(self, records: Sequence[Record]) -> Sifted:
        """Which of a page's records to apply; one that comes twice is what it was the last time."""
        if self.sieve is None:
            return Sifted(records)
        latest = dict(self._sifted(position, record) for position, record in enumerate(records))
        left_out = [one for one in latest.values() if isinstance(one, Owner)]
        held = [one for one in latest.values() if isinstance(one, Held)]
        return Sifted([one for one in latest.values() if not isinstance(one, Owner | Held)], left_out, held)

    def _sifted(self, position: int, record: Any) -> tuple[str | int, Any]:
        """A record by its id, or as what is known of it when it is left out.

        What has no id that can be stored, or was not read, is for `apply` to hold.
        """
        assert self.sieve is not None
        try:
            name = self._storable_id(record)
            return name, record if self.sieve.passes(record) else self._left_out(record, name)
        except BadRecord as error:
            return position, self._hold(record, any_json.dumps(record), error) if error.code == UNCLEAR else record

    def _storable_id(self, record: Any) -> str:
        if not isinstance(record, MappingType):
            raise BadRecord("It is no object.", code="no_id")
        refuse_unread([record])
        external = self._external_id(record)
        if "\0" in external:
            raise BadRecord("A null byte is in the id.", code="no_id")
        return external

    def _left_out(self, record: Record, external: str) -> Owner:
        """What would be known of the record; of one that cannot be stored no more than its id."""
        with suppress(BadRecord):
            if self.owner_kind:
                refuse_unstorable(record)
                return self._owner(record)
        return Owner(entity_id(self.source, self.stream, external), external, None, ())

    def apply(self, records: Sequence[Record], raw: bytes = b"") -> Applied:
        """Rows of a page's records. `raw` is the page as it came; it tells cheaply whether a null byte is in it."""
        if ESCAPE in raw and NUL in raw:
            return self._one_by_one(records)
        try:
            return self._together(records)
        except (BadRecord, *UNSTORABLE, *NO_OBJECT):
            return self._one_by_one(records)

    def _together(self, records: Sequence[Record]) -> Applied:
        rows, owners = self._rows(records), self._owners(records)
        return Applied(rows, content_hashes(rows, owners), owners)

    def _rows(self, records: Sequence[Record]) -> list[tuple[Any, ...]]:
        refuse_unread(records)
        page = PageView(records, self.plain_fields)
        external = self._external_ids(page)
        ids = entity_ids(self.source, self.stream, external)
        owners = ids if self.owner_kind else self.owner_of(page)
        columns = [self._column(column, page) for column in self.columns]
        return list(zip(ids, external, self._modified(page), owners, *columns, strict=True))

    def _external_ids(self, page: PageView) -> Column:
        column = self.key(page)
        if set(map(type, column)) == {str} and "" not in column and max(map(len, column)) <= ID_LENGTH:
            return column
        return [readable_id(value) for value in column]

    def _external_id(self, record: Record) -> str:
        """BadRecord when the source gave none that can be stored."""
        external = readable_id(self.key(PageView([record], ()))[0])
        try:
            external.encode()
        except UnicodeEncodeError:
            raise BadRecord("Half a character is in the id.", code="no_id", field="id") from None
        return external

    def _modified(self, page: PageView) -> Column:
        column = self.modified(page)
        if None in column:
            raise BadRecord("The record does not say when it was last changed.", code="no_modified", field="modified")
        return column

    def _column(self, column: NamedColumn, page: PageView) -> Column:
        try:
            values = column.read(page)
        except BadRecord as error:
            error.field = error.field or column.source_field
            raise
        if column.required and None in values:
            raise BadRecord(
                f"{column.source_field} is empty, and {column.name} needs it.",
                code="missing",
                field=column.source_field,
            )
        return values

    def _owners(self, records: Sequence[Record]) -> list[Owner]:
        if not self.owner_kind:
            return []
        return [self._owner(record) for record in records]

    def _owner(self, record: Record) -> Owner:
        external = self._external_id(record)
        pairs = ((key.kind, key.read(record)) for key in self.keys)
        label = self.label(record)
        return Owner(
            entity_id(self.source, self.stream, external),
            external,
            str(label)[:255] if label else None,
            tuple((kind, value[:255]) for kind, value in pairs if value),
        )

    def _one_by_one(self, records: Sequence[Any]) -> Applied:
        applied = Applied()
        for record in records:
            payload = any_json.dumps(record)
            if not isinstance(record, MappingType):
                # Without any field it is held for its lack of an id.
                record = {}  # noqa: PLW2901 -- the payload keeps what came
            try:
                refuse_unstorable(record)
                one = self._together([record])
            except BadRecord as error:
                applied.held.append(self._hold(record, payload, error))
            else:
                applied.rows.extend(one.rows)
                applied.hashes.extend(one.hashes)
                applied.owners.extend(one.owners)
        return applied

    def _named(self, record: Record, payload: bytes) -> tuple[str, str | None]:
        """Which record this is and whose, as far as it can be read."""
        try:
            external = self._external_id(record)
        except BadRecord:
            return NO_ID + blake2b(payload, digest_size=16).hexdigest(), None
        try:
            return external, None if self.owner_kind else self.owner_of(PageView([record], ()))[0]
        except UnicodeEncodeError:
            return external, None

    def _hold(self, record: Record, payload: bytes, error: BadRecord) -> Held:
        external, owner = self._named(record, payload)
        where = f"{error.field}: " if error.field else ""
        return Held(
            external,
            owner,
            error.code,
            error.field,
            where + error.sentence,
            payload.decode(errors="replace").replace("\0", "�"),
            self._access(record),
        )

    def _access(self, record: Record) -> dict[str, Any]:
        readable: dict[str, Any] = {}
        for column in self.columns:
            if column.name in ACCESS:
                with suppress(BadRecord):
                    readable[column.name] = column.read(PageView([record], ()))[0]
        return readable


@lru_cache(maxsize=50_000)
def reference(source: str, stream: str, external_id: str) -> str:
    """The id of a record that another one points at; remembered, since many rows point at few."""
    return entity_id(source, stream, external_id)


def content_hashes(rows: Sequence[tuple[Any, ...]], owners: Sequence[Owner]) -> list[bytes]:
    """Per row, 16 bytes over its CONTENT. An owner record's keys count too: who it is changes when they do."""
    dumps, digest = orjson.dumps, blake2b
    contents: Iterable[tuple[Any, ...]] = map(itemgetter(CONTENT), rows)
    if owners:
        contents = ((*row, owner.keys) for row, owner in zip(contents, owners, strict=True))
    return [digest(dumps(row), digest_size=16).digest() for row in contents]
