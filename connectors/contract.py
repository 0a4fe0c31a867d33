"""What a connector is, as types. The engine in `flows` knows no more of a vendor than this.

A connector is a frozen table of facts and small functions. `open` turns settings into a session (the vendor's client);
everything else takes that session. Failures leave as `hub.errors`: RetryLater, NeedsPerson or BadRecord.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Generic, Literal, Protocol, TypeVar

from pydantic import BaseModel

Session = TypeVar("Session")

Record = Mapping[str, Any]
"""One record as the source sent it, decoded from JSON."""

Cursor = Mapping[str, str | int]
"""Where a stream stands, in the connector's own words; must survive JSON. None: from the beginning."""


@dataclass(frozen=True, slots=True)
class Deleted:
    """A record that the source no longer shows us, when that happened (UTC, if the source says), and why."""

    external_id: str
    at: dt.datetime | None
    reason: Literal["deleted", "access_lost", "purged"]


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a stream, and where to go on once it is stored.

    `raw` is the body as the source sent it (JSON), which is landed as it is. `cursor` is stored in the transaction
    that stores the records. `high_water`: the stored copy is true up to this source instant once the page is stored.
    A record may appear again in a later page or run; the engine takes the last one. A reading that saw no change still
    yields one empty page with the cursor and high-water mark. `sweep`: the source took something away that it cannot
    name one by one (a folder with all below); compare the keys once this reading is stored.
    """

    records: Sequence[Record]
    raw: bytes
    cursor: Cursor
    high_water: dt.datetime
    deleted: Sequence[Deleted] = ()
    sweep: bool = False


@dataclass(frozen=True, slots=True)
class Want:
    """What the engine asks of a stream: the source fields that its mapping reads (dotted for a parent's), from where.

    Connectors of sources that always send whole objects ignore `fields`.
    """

    fields: tuple[str, ...]
    cursor: Cursor | None = None


@dataclass(frozen=True, slots=True)
class SourceField:
    """One field as the source describes it. `type` is the source's own word for it; `values` all that it may hold.

    `calculated`: the source works it out (a formula), so it may change without its record's time of change.
    """

    name: str
    type: str
    filterable: bool = True
    values: tuple[str, ...] = ()
    calculated: bool = False


@dataclass(frozen=True, slots=True)
class Content:
    """A file's or document's bytes, read on demand."""

    media_type: str
    chunks: Iterator[bytes]
    length: int | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Stream(Generic[Session]):
    """One kind of record of a source.

    read(session, want)     pages from `want.cursor`; the engine may stop after any page and resume from its cursor
    keys(session)           every live external id, page by page, for the sweep that finds what deletes left behind
    one(session, id, want)  the record as it is now, or None when it is gone (webhooks, read-back)
    describe(session)       its fields by name, to validate mappings and see drift; None where the source has none
    content(session, id)    the bytes behind a record: an invoice's PDF, a file
    count(session)          how many live records the source says there are; None where it cannot say
    """

    name: str
    read: Callable[[Session, Want], Iterator[Page]]
    keys: Callable[[Session], Iterator[Sequence[str]]]
    one: Callable[[Session, str, Want], Record | None]
    describe: Callable[[Session], Mapping[str, SourceField]] | None = None
    content: Callable[[Session, str], Content] | None = None
    count: Callable[[Session], int] | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """One result of `check`: `ok`, or what is missing and the next step, in plain sentences.

    `stream` and `field`: the field of a mapping that it is about. The engine then says file and line of it.
    """

    subject: str
    ok: bool
    sentence: str
    step: str = ""
    stream: str = ""
    field: str = ""


class TokenStore(Protocol):
    """Where a connector keeps credentials that the vendor rotates. Encrypted at rest; never logged."""

    def get(self) -> dict[str, str] | None:
        """The stored credential of this source, or None before the first connect."""

    def put(self, token: Mapping[str, str]) -> None:
        """Store durably, before the token is used."""

    def lock(self) -> AbstractContextManager[None]:
        """One refresher at a time, over all processes. Read again inside: another one may have refreshed."""


@dataclass(frozen=True, slots=True)
class Connector(Generic[Session]):
    """One system.

    `settings` is a pydantic model of its address and credentials: production and sandbox differ in nothing else.
    `stream(name)` finds a stream, and may make one (any Salesforce object); NeedsPerson for one that it has not.
    `check(session, wants)` verifies credentials and permissions for the streams that the firm's mappings read.
    `requests(session)` is how many HTTP requests this session has made so far.
    `place(session)` says which org, company or folder is read, by what settings or a connect can change; where that is
    another one, cursors of the last do not count, and all is read again. At most 255 characters, no secret.
    `unique_ids`: an id names the same record in every place (Salesforce, Drive). Where each counts for itself, nobody
    sees what another place brought.
    `authorize` serves `frontdesk connect` where a person must grant access in a browser.
    `currency(session)` is that of amounts which name none; empty where each names its own.
    `watch(session, memory, address, secret)` has the source tell that address of changes. It is called at the end of
    every run, so it asks the source only when there is something to open or to renew; `memory` is its own.
    """

    name: str
    title: str
    settings: type[BaseModel]
    open: Callable[[Any, TokenStore], AbstractContextManager[Session]]
    stream: Callable[[str], Stream[Session]]
    check: Callable[[Session, Mapping[str, Want]], Sequence[Finding]]
    requests: Callable[[Session], int]
    place: Callable[[Session], str] = lambda _: ""
    unique_ids: bool = False
    authorize: Authorize | None = None
    currency: Callable[[Session], str] | None = None
    watch: Callable[[Session, TokenStore, str, str], None] | None = None


@dataclass(frozen=True, slots=True)
class Authorize:
    """OAuth by browser: the address to open, and the exchange of what came back for a token to store."""

    url: Callable[[Any, str, str], str]
    """(settings, redirect_uri, state) -> address that the person opens"""
    exchange: Callable[[Any, str, Mapping[str, str]], dict[str, str]]
    """(settings, redirect_uri, query parameters of the redirect) -> token to put into the TokenStore"""
