"""OAuth by browser for `frontdesk connect`."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing

from connectors.contract import Authorize
from connectors.quickbooks import tokens
from connectors.quickbooks.settings import QuickBooksSettings
from hub.errors import NeedsPerson


def url(settings: QuickBooksSettings, redirect_uri: str, state: str) -> str:
    """The address that the person opens; Intuit asks which company."""
    from intuitlib.enums import Scopes

    from connectors.http import CountingAdapter

    with (
        closing(CountingAdapter(settings.base_url)) as adapter,
        tokens.sign_in(settings, adapter, redirect_uri) as client,
    ):
        return str(client.get_authorization_url([Scopes.ACCOUNTING], state_token=state))


def exchange(settings: QuickBooksSettings, redirect_uri: str, answer: Mapping[str, str]) -> dict[str, str]:
    """The redirect's `code` and `realmId` as a token to store. NeedsPerson when another company was chosen."""
    from connectors.http import CountingAdapter

    realm = answer.get("realmId", "")
    if settings.realm_id and realm != settings.realm_id:
        raise NeedsPerson(
            f"You connected the company {realm or 'of no number'}, but realm_id names {settings.realm_id}.",
            step="Choose that company when QuickBooks asks, or correct realm_id.",
        )
    try:
        with closing(CountingAdapter(settings.base_url)) as adapter:
            token = tokens.exchange(settings, adapter, redirect_uri, answer["code"])
    except tokens.InvalidGrant:
        raise NeedsPerson(
            "QuickBooks no longer accepts this answer: it is good once, for a few minutes, for one redirect address.",
            step="Run `frontdesk connect quickbooks` again.",
        ) from None
    return {**token, "realm_id": realm}


AUTHORIZE = Authorize(url=url, exchange=exchange)
