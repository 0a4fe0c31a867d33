"""Tokens that rotate: one refresher at a time, the new token stored before it is used.

An access token lives an hour. The refresh token's value changes about once a day; from then on the former one is
refused. If a new value is lost between Intuit and our disk, only a person can connect again, so nothing happens
between its arrival and `put`.

Stored: access_token, refresh_token, expires_at, refresh_expires_at (ISO instants) and, after a connect, realm_id.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from connectors.contract import TokenStore
from connectors.quickbooks.failures import RECONNECT, SERVER_ERRORS, TIMED_OUT, TOO_MANY, unreachable
from connectors.quickbooks.settings import QuickBooksSettings
from connectors.waiting import wait_asked
from hub.clock import iso, now, parse_instant
from hub.errors import FrontdeskError, NeedsPerson, RetryLater

if TYPE_CHECKING:
    from connectors.http import CountingAdapter

Token = dict[str, str]
EARLY = dt.timedelta(minutes=2)
"""A token about to expire is refreshed before it can expire on the way."""


class InvalidGrant(Exception):
    """This refresh token is refused for good: replaced, revoked or too old."""


def current(settings: QuickBooksSettings, store: TokenStore, adapter: CountingAdapter, rejected: str = "") -> Token:
    """A token to call with. `rejected` is an access token that the vendor has just refused, whatever its date says.

    NeedsPerson when somebody must connect (again); RetryLater when Intuit cannot answer just now.
    """
    token = store.get() or {}
    if _good(token, rejected):
        return token
    with store.lock():
        token = store.get() or {}
        if _good(token, rejected):
            return token
        return _refreshed(settings, store, adapter, token)


def _good(token: Mapping[str, str], rejected: str) -> bool:
    access, until = token.get("access_token", ""), token.get("expires_at", "")
    return bool(access and until) and access != rejected and now() < parse_instant(until) - EARLY


def _refreshed(settings: QuickBooksSettings, store: TokenStore, adapter: CountingAdapter, token: Token) -> Token:
    tried: list[str] = []
    while (value := _untried(settings, token, tried)) is not None:
        tried.append(value)
        try:
            fresh = refresh(settings, adapter, value)
        except InvalidGrant:
            # A process that does not share our lock may have been quicker: its token is in the store by now.
            token = store.get() or {}
            if tried[-1] != token.get("refresh_token", tried[-1]) and _good(token, ""):
                return token
            continue
        kept = {name: token[name] for name in ("realm_id",) if name in token}
        store.put({**kept, **fresh})
        return {**kept, **fresh}
    raise _disconnected(tried)


def _untried(settings: QuickBooksSettings, token: Mapping[str, str], tried: list[str]) -> str | None:
    """The stored refresh token first, then the configured one: a person may have fetched a new one by hand."""
    configured = settings.refresh_token.get_secret_value() if settings.refresh_token else ""
    candidates = (token.get("refresh_token", ""), configured)
    return next((value for value in candidates if value and value not in tried), None)


def _disconnected(tried: list[str]) -> NeedsPerson:
    if not tried:
        return NeedsPerson("QuickBooks is not connected yet.", step=RECONNECT)
    return NeedsPerson("QuickBooks no longer accepts our connection: it was revoked, or has expired.", step=RECONNECT)


def refresh(settings: QuickBooksSettings, adapter: CountingAdapter, refresh_token: str) -> Token:
    """A new token for a refresh token. InvalidGrant, RetryLater or NeedsPerson."""
    with sign_in(settings, adapter) as client:
        return _asked(client, lambda: client.refresh(refresh_token=refresh_token), refresh_token)


def exchange(settings: QuickBooksSettings, adapter: CountingAdapter, redirect_uri: str, code: str) -> Token:
    """The first token for the code that a person's consent gave."""
    with sign_in(settings, adapter, redirect_uri) as client:
        return _asked(client, lambda: client.get_bearer_token(code), "")


def sign_in(settings: QuickBooksSettings, adapter: CountingAdapter, redirect_uri: str = "") -> Any:
    """Intuit's own OAuth client; it fetches the discovery document at once."""
    from connectors.quickbooks.sign_in import SignIn

    return _answered(lambda: SignIn(settings, adapter, redirect_uri))


def _asked(client: Any, ask: Any, former: str) -> Token:
    _answered(ask)
    if getattr(client, "error", None) == "invalid_grant":
        # Seen in the field: the error with HTTP 200, which the library takes for a token.
        raise InvalidGrant
    if not client.access_token:
        raise RetryLater("Intuit's sign-in answered without a token.")
    lives = int(client.x_refresh_token_expires_in or 0)
    return {
        "access_token": str(client.access_token),
        "refresh_token": str(client.refresh_token or former),
        "expires_at": iso(now() + dt.timedelta(seconds=int(client.expires_in or 3600))),
        **({"refresh_expires_at": iso(now() + dt.timedelta(seconds=lives))} if lives else {}),
    }


def _answered(ask: Any) -> Any:
    """Call Intuit's client and say what its failures mean."""
    import requests
    from intuitlib.exceptions import AuthClientError

    try:
        return ask()
    except AuthClientError as error:
        raise _meaning(error) from None
    except (requests.RequestException, KeyError, TypeError) as error:
        # KeyError, TypeError: a discovery document or token that is no such thing, as an edge server's JSON.
        raise unreachable(error) from None


def _meaning(error: Any) -> FrontdeskError | InvalidGrant:
    status, content = int(error.status_code), bytes(error.content or b"")
    trace = f"HTTP {status}, intuit_tid {error.intuit_tid or ''}"
    if status in {TIMED_OUT, TOO_MANY} or status >= SERVER_ERRORS:
        wait = wait_asked(error.headers.get("Retry-After"))
        return RetryLater("Intuit's sign-in cannot answer just now.", after=wait, detail=trace)
    if b"invalid_grant" in content:
        return InvalidGrant(trace)
    if b"invalid_client" not in content:
        return NeedsPerson(
            f"Intuit's sign-in refused us with HTTP {status}.",
            step="Check the app's keys and its redirect addresses at Intuit, then run `frontdesk connect quickbooks`.",
            detail=trace,
        )
    return NeedsPerson(
        "Intuit does not accept this app's client id and secret.",
        step="Copy both from the app's Keys page, those of the same environment, into client_id and client_secret.",
        detail=trace,
    )
