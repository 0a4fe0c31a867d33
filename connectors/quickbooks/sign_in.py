"""Intuit's OAuth client, given our adapter. Imported only for a refresh or a connect: it costs 50 ms.

The adapter goes to `base_url` where one is set, whatever host the discovery document names.
"""

from __future__ import annotations

from typing import Any

import requests
from intuitlib.client import AuthClient

from connectors.http import CountingAdapter
from connectors.quickbooks.settings import QuickBooksSettings

SIGN_IN_SECONDS = (5.0, 20.0)
"""Connect and read. Two calls stay below the time that other processes wait for their turn (store.tokens)."""


class SignIn(AuthClient):  # type: ignore[misc]  # the library carries no types
    """Intuit's OAuth client. Its constructor already fetches a document, so the adapter must be there before."""

    def __init__(self, settings: QuickBooksSettings, adapter: CountingAdapter, redirect_uri: str) -> None:
        self._adapter = adapter
        super().__init__(
            client_id=settings.client_id,
            client_secret=settings.client_secret.get_secret_value(),
            redirect_uri=redirect_uri,
            environment=discovery(settings),
        )

    def get_adapter(self, url: str) -> CountingAdapter:
        return self._adapter

    def request(self, *args: Any, **kwargs: Any) -> requests.Response:
        kwargs.setdefault("timeout", SIGN_IN_SECONDS)
        # A proxy or netrc of the machine must not decide where the app's secret goes.
        self.trust_env = False
        response: requests.Response = super().request(*args, **kwargs)
        return response


def discovery(settings: QuickBooksSettings) -> str:
    """What AuthClient takes for an environment: its name, or the address of a discovery document."""
    if settings.discovery_url:
        return settings.discovery_url
    if settings.base_url:
        return f"{settings.base_url.rstrip('/')}/.well-known/openid_configuration"
    return settings.environment
