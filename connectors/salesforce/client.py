"""A session with one org: signed in once, signed in again when the token ends, every failure translated.

simple-salesforce is used with a token of ours, not its own sign-in: its re-login drops the caller's headers, keeps the
old host after an org has moved, and for single records repeats without end.
"""

from __future__ import annotations

import datetime as dt
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar
from urllib.parse import urlsplit

import requests

from connectors.contract import SourceField, TokenStore
from connectors.http import CountingAdapter, new_session
from connectors.salesforce.failures import failure, network_failure, sign_in_failure
from connectors.salesforce.library import (
    Salesforce,
    SalesforceAuthenticationFailed,
    SalesforceError,
    SalesforceExpiredSession,
    SalesforceLogin,
)
from connectors.salesforce.settings import SalesforceSettings
from hub.clock import UTC, now
from hub.errors import NeedsPerson

Answer = TypeVar("Answer")


@dataclass
class Org:
    """The session that the streams take. `described` keeps each object's describe for as long as the session lives."""

    settings: SalesforceSettings
    http: requests.Session
    adapter: CountingAdapter
    client: Any = None
    described: dict[str, dict[str, SourceField]] = field(default_factory=dict)
    _clock: tuple[dt.datetime, float] | None = None

    @property
    def host(self) -> str:
        """Who we talk to, for sentences."""
        return urlsplit(self.settings.base_url or "").netloc or f"{self.settings.domain}.salesforce.com"

    def call(self, ask: Callable[[Any], Answer]) -> Answer:
        """Ask the client something. Signs in first, and once more when the token has ended."""
        if self.client is None:
            self.sign_in()
        try:
            return self._translated(ask)
        except SalesforceExpiredSession:
            self.sign_in()
        try:
            return self._translated(ask)
        except SalesforceExpiredSession as error:
            raise NeedsPerson(
                "Salesforce ends each session of this integration at once.",
                step="Ask the Salesforce administrator about session policies and IP restrictions of the app's user.",
                detail=str(error.content)[:500],
            ) from None

    def sign_in(self) -> None:
        """Get a token and build the client for the host that came with it."""
        with self._network():
            token, host = self._token()
        self.client = Salesforce(
            session_id=token,
            instance_url=f"https://{host}",
            version=self.settings.api_version,
            session=self.http,
            object_pairs_hook=None,
        )
        self._see_clock()

    def source_now(self) -> dt.datetime:
        """The source's clock: its last `Date` and what has passed since, at most a second behind it."""
        if self._clock is None:
            return now()
        seen, at = self._clock
        return seen + dt.timedelta(seconds=time.monotonic() - at)

    def _token(self) -> tuple[str, str]:
        """(access token, host of the org). Every refusal as one of our errors."""
        way_in = credentials(self.settings)
        with warnings.catch_warnings():
            # The library prints an authorisation address for a person at a keyboard; our error says what to do.
            warnings.simplefilter("ignore")
            try:
                token, host = SalesforceLogin(session=self.http, domain=self.settings.domain, **way_in)
            except SalesforceAuthenticationFailed as error:
                raise sign_in_failure(error.code, str(error.auth_message), self.header("Retry-After")) from None
            except AttributeError:
                # An array instead of the token endpoint's object: the API's own kind of refusal.
                raise self._failure(self._status(), self._decoded()) from None
            except _signing_failure():
                raise bad_key(self.settings, "holds no RSA key that can sign") from None
        return str(token), str(host)

    def _translated(self, ask: Callable[[Any], Answer]) -> Answer:
        with self._network():
            try:
                answer = ask(self.client)
            except SalesforceExpiredSession:
                raise
            except SalesforceError as error:
                raise self._failure(error.status, error.content) from error
        self._see_clock()
        return answer

    @contextmanager
    def _network(self) -> Iterator[None]:
        try:
            yield
        except requests.RequestException as error:
            raise network_failure(error, self.host) from None

    def _failure(self, status: int, content: Any) -> Exception:
        return failure(status, content, self.header("Retry-After"))

    def header(self, name: str) -> str | None:
        """A header of the last answer."""
        return None if self.adapter.last is None else self.adapter.last.headers.get(name)

    def _status(self) -> int:
        return 500 if self.adapter.last is None else self.adapter.last.status_code

    def _decoded(self) -> Any:
        return None if self.adapter.last is None else self.adapter.last.json()

    def _see_clock(self) -> None:
        date = self.header("Date")
        if date is None:
            return
        try:
            moment = parsedate_to_datetime(date)
        except ValueError:
            return
        self._clock = (moment.astimezone(UTC), time.monotonic())


def credentials(settings: SalesforceSettings) -> dict[str, Any]:
    """What the library's sign-in takes: by key when there is one, else by secret."""
    if settings.private_key_file is None:
        assert settings.client_secret is not None
        return {"consumer_key": settings.client_id, "consumer_secret": settings.client_secret.get_secret_value()}
    try:
        key = settings.private_key_file.read_text(encoding="ascii")
    except OSError as error:
        raise bad_key(settings, f"cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise bad_key(settings, "is no PEM file") from None
    return {"consumer_key": settings.client_id, "username": settings.username, "privatekey": key}


def bad_key(settings: SalesforceSettings, what: str) -> NeedsPerson:
    """The private key will not do."""
    step = "Set private_key_file to the PEM file of the connected app's RSA key."
    return NeedsPerson(f"The private key {settings.private_key_file} {what}.", step=step)


@contextmanager
def open_org(settings: SalesforceSettings, _: TokenStore) -> Iterator[Org]:
    """Sign in and hand over the session; closes its connections afterwards."""
    http, adapter = new_session(settings.base_url)
    with http:
        org = Org(settings, http, adapter)
        org.sign_in()
        yield org


def _signing_failure() -> type[Exception]:
    """What a key that cannot sign raises: looked up once something has failed, as its library takes 20 ms to import."""
    from jwt import PyJWTError

    return PyJWTError
