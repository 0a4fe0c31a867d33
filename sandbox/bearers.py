"""The access tokens that the vendors have given out: each stands among the facts, which are emptied when it ends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.state import State

FACTS = {"salesforce": "salesforce_session:", "quickbooks": "quickbooks_access:", "google_drive": "google_token:"}
"""How the name of a token's fact begins; the token follows."""


def sent(headers: Mapping[str, Any], query: Mapping[str, Any]) -> str:
    """The token that a request carries, wherever one of the vendors takes it from; empty for none."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    bearer = token if scheme.lower() in ("bearer", "oauth") else ""
    return str(bearer or headers.get("x-sfdc-session") or query.get("access_token") or query.get("oauth_token") or "")


def end(state: State, vendor: str, token: str) -> None:
    """From now on the vendor does not know this token."""
    with state.transaction() as connection:
        connection.execute("UPDATE fact SET value = '' WHERE name = ?", (FACTS[vendor] + token,))


def end_all(state: State, vendor: str) -> None:
    """From now on the vendor knows no token that it has given out; refresh tokens and keys stay good."""
    prefix = FACTS[vendor]
    with state.transaction() as connection:
        connection.execute("UPDATE fact SET value = '' WHERE substr(name, 1, ?) = ?", (len(prefix), prefix))
