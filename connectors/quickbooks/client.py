"""An opened company: asks, renews its token once when it is refused, and shares one CDC reply among streams."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from connectors.contract import Record, TokenStore
from connectors.quickbooks import tokens
from connectors.quickbooks.facts import CDC_CAP, MINOR_VERSION, STREAMS, Entity
from connectors.quickbooks.failures import RECONNECT, TokenRejected, fault_in, meaning, unreadable
from connectors.quickbooks.settings import QuickBooksSettings
from hub import any_json
from hub.clock import parse_instant
from hub.errors import NeedsPerson

if TYPE_CHECKING:
    from connectors.http import CountingAdapter
    from connectors.quickbooks.library import Client

T = TypeVar("T")
SHARED_SECONDS = 20.0
"""How long a CDC reply may wait for the other streams of its run."""


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer: as received, decoded, and the server's clock when it was given."""

    raw: bytes
    body: Mapping[str, Any]
    time: dt.datetime

    def rows(self, name: str) -> list[Record]:
        """The rows of a query's answer; no row, no key."""
        found: list[Record] = self.body.get("QueryResponse", {}).get(name, [])
        return found

    def changes(self, name: str) -> list[Record]:
        """What a CDC answer holds of one entity."""
        return [row for part in self._parts() for row in part.get(name, [])]

    def change_count(self) -> int:
        """All objects of a CDC answer."""
        return sum(len(rows) for part in self._parts() for rows in part.values() if isinstance(rows, list))

    def _parts(self) -> list[dict[str, Any]]:
        return [part for answer in self.body.get("CDCResponse", []) for part in answer.get("QueryResponse", [])]


@dataclass(frozen=True, slots=True)
class Shared:
    """A CDC reply that waits for another stream."""

    since: dt.datetime
    reply: Reply
    at: float


class Company:
    """The session. One thread at a time."""

    def __init__(self, settings: QuickBooksSettings, store: TokenStore, adapter: CountingAdapter) -> None:
        self.settings, self.store, self.adapter = settings, store, adapter
        self.token = tokens.current(settings, store, adapter)
        self.client = self._client()
        self._shared: dict[str, Shared] = {}

    @property
    def realm_id(self) -> str:
        """The company's number: configured, or learnt when a person connected it."""
        realm = self.settings.realm_id or self.token.get("realm_id", "")
        if not realm:
            raise NeedsPerson("No QuickBooks company is named.", step=f"Set realm_id, or: {RECONNECT}")
        return realm

    def _client(self) -> Client:
        from connectors.quickbooks.library import new_client

        return new_client(self.settings, self.adapter, self.token["access_token"], self.realm_id)

    def call(self, use: Callable[[Client], T]) -> T:
        """Use the library's client; a refused token is renewed once, and the client with it."""
        try:
            return use(self.client)
        except TokenRejected:
            rejected = self.token["access_token"]
        self.token = tokens.current(self.settings, self.store, self.adapter, rejected)
        self.client = self._client()
        try:
            return use(self.client)
        except TokenRejected as error:
            raise NeedsPerson(
                "QuickBooks refuses even a new access token.", step=RECONNECT, detail=str(error)
            ) from None

    def get(self, path: str, **params: str) -> Reply:
        """GET below the company."""
        return self.call(lambda client: _ask(client, "GET", path, params, ""))

    def query(self, statement: str) -> Reply:
        """A statement of the query language, sent as a body: it may be longer than an address."""
        return self.call(lambda client: _ask(client, "POST", "query", {}, statement))

    def changes(self, entity: Entity, since: dt.datetime) -> Reply:
        """CDC from an instant on. One call serves all the usual streams of a run, as long as it is surely complete."""
        shared = self._shared.pop(entity.name, None)
        if shared and shared.since <= since and time.monotonic() - shared.at < SHARED_SECONDS:
            return shared.reply
        names = STREAMS if entity.name in STREAMS else (entity.name,)
        reply = self._cdc(names, since)
        if len(names) > 1 and reply.change_count() >= CDC_CAP:
            return self._cdc((entity.name,), since)
        waiting = Shared(since, reply, time.monotonic())
        self._shared.update((name, waiting) for name in names if name != entity.name)
        return reply

    def changes_of(self, entity: Entity, since: dt.datetime) -> Reply:
        """CDC of one entity alone."""
        return self._cdc((entity.name,), since)

    def _cdc(self, names: tuple[str, ...], since: dt.datetime) -> Reply:
        return self.get("cdc", entities=",".join(names), changedSince=literal(since))

    def pdf(self, entity: Entity, id_: str) -> bytes:
        """The document as the customer sees it."""
        content: bytes = self.call(lambda client: client.download_pdf(entity.name, id_))
        return content


def literal(moment: dt.datetime) -> str:
    """An instant in whole seconds, the vendor's own resolution, with its offset."""
    return moment.isoformat(timespec="seconds")


def _ask(client: Client, method: str, path: str, params: Mapping[str, str], statement: str) -> Reply:
    """Through the library's own request, but with the bytes kept: it would only give them decoded, and slowly."""
    url = f"{client.api_url}/company/{client.company_id}/{path}"
    kind = "application/text" if statement else "application/json"
    headers = {"Accept": "application/json", "Content-Type": kind, "User-Agent": "Frontdesk"}
    query = {**params, "minorversion": str(MINOR_VERSION)}
    response = client.process_request(method, url, headers=headers, params=query, data=statement.encode())
    try:
        body = any_json.loads(response.content)
        moment = parse_instant(body["time"])
    except (ValueError, KeyError, TypeError):
        raise unreadable(response) from None
    code, message, detail = fault_in(body)
    if code:
        raise meaning(response.status_code, code, message, detail)
    return Reply(response.content, body, moment)


@contextmanager
def open_company(settings: QuickBooksSettings, store: TokenStore) -> Iterator[Company]:
    """A session of one company. No request is made while the stored access token is good."""
    from connectors.http import CountingAdapter

    adapter = CountingAdapter(settings.base_url)
    try:
        yield Company(settings, store, adapter)
    finally:
        adapter.close()
