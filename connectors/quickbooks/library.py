"""python-quickbooks, given our adapter and our reading of refusals. Imported when first needed.

The adapter goes to `base_url` where one is set, so the libraries build the vendor's https addresses in the sandbox
too, and requests-oauthlib needs no permission for plain HTTP.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

import requests
from quickbooks.client import QuickBooks

from connectors.http import CountingAdapter
from connectors.quickbooks.facts import MINOR_VERSION
from connectors.quickbooks.failures import refuse, unreachable
from connectors.quickbooks.settings import QuickBooksSettings

# It writes tokens and headers into its debug log; no level of ours may let them out.
logging.getLogger("requests_oauthlib").setLevel(logging.WARNING)


@dataclass(frozen=True, slots=True)
class Bearer:
    """What python-quickbooks asks of an auth client. With a token in it, it never refreshes by itself."""

    environment: str
    client_id: str
    access_token: str
    refresh_token: str = ""


class Client(QuickBooks):  # type: ignore[misc]  # the library carries no types
    """python-quickbooks, with its answers classified before it throws their status away."""

    def process_request(self, request_type: str, url: str, headers: Any = "", params: Any = "", data: Any = "") -> Any:
        try:
            response = super().process_request(request_type, url, headers=headers, params=params, data=data)
        except requests.RequestException as error:
            raise unreachable(error) from None
        refuse(response)
        return response


def new_client(settings: QuickBooksSettings, adapter: CountingAdapter, access_token: str, realm_id: str) -> Client:
    """A client for one access token. After a refresh a new one is needed: it keeps its token for ever."""
    bearer = Bearer(settings.environment, settings.client_id, access_token)
    client = Client(auth_client=bearer, company_id=realm_id, minorversion=MINOR_VERSION)
    _wire(client.session, adapter)
    return client


def _wire(session: requests.Session, adapter: CountingAdapter) -> None:
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    # As in connectors.http: the machine's proxies and netrc have no say.
    session.trust_env = False
