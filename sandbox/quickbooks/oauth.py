"""Intuit's sign-in: discovery document, consent page, token endpoint with rotating refresh tokens, revoke.

An access token lives an hour. A refresh token's value changes when it is used 24 hours or more after it was given out
(or on each use, with the fact ROTATE_ALWAYS), and the older value is refused from then on. It dies after 100 days
without use and after five years.
"""

from __future__ import annotations

import base64
import binascii
import json
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode

from jinja2 import Environment
from starlette.responses import HTMLResponse, RedirectResponse, Response

from sandbox import bearers
from sandbox.quickbooks.entities import VENDOR
from sandbox.quickbooks.faults import expired
from sandbox.quickbooks.wire import REALM, Call, headers, reply
from sandbox.state import State

CLIENT, FIRST_REFRESH = ("sandbox-qbo-client", "sandbox-qbo-secret"), "sandbox-refresh-0"
ACCESS_SECONDS, REFRESH_SECONDS = 3600, 8_726_400
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
ROTATE_AFTER_MS, IDLE_MS, LIFE_MS, CODE_MS = DAY_MS, 100 * DAY_MS, 5 * 365 * DAY_MS, 600_000
ACCESS = bearers.FACTS[VENDOR]
ROTATE_ALWAYS = "quickbooks_rotate_always"
SCOPE = "com.intuit.quickbooks.accounting"
PAGE = Environment(autoescape=True).from_string((Path(__file__).parent / "consent.html").read_text(encoding="utf-8"))


class Refused(Exception):
    """An OAuth error: status, code and description."""

    def __init__(self, status: int, code: str, description: str = "") -> None:
        super().__init__(description)
        self.status, self.code, self.description = status, code, description


def discovery(call: Call) -> Response:
    """GET /.well-known/openid_configuration."""
    base = call.base
    return reply({
        "issuer": base,
        "authorization_endpoint": f"{base}/connect/oauth2",
        "token_endpoint": f"{base}/oauth2/v1/tokens/bearer",
        "revocation_endpoint": f"{base}/oauth2/v1/tokens/revoke",
        "userinfo_endpoint": f"{base}/oauth2/v1/openid_connect/userinfo",
        "jwks_uri": f"{base}/oauth2/v1/openid_connect/jwks",
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "scopes_supported": [SCOPE, "openid", "email", "profile"],
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
    })  # fmt: skip


def consent(call: Call) -> Response:
    """GET and POST /connect/oauth2: a page with one button, and what the button does."""
    asked = {**call.query, **form(call)}
    if asked.get("client_id") != CLIENT[0] or not asked.get("redirect_uri"):
        return HTMLResponse(PAGE.render(problem="The client id or the redirect URI is not registered."), 400)
    if call.method == "GET":
        company = next((row.body.get("CompanyName") for row in call.state.select(VENDOR, "CompanyInfo")), "Sandbox")
        return HTMLResponse(PAGE.render(asked=asked, company=company, realm=REALM))
    target = asked["redirect_uri"]
    if asked.get("answer") == "cancel":
        return redirected(target, {"error": "access_denied", "state": asked.get("state", "")})
    code = "AB" + secrets.token_hex(20)
    facts = {"redirect_uri": target, "until": call.state.now() + CODE_MS}
    call.state.set_fact(f"quickbooks_code:{code}", json.dumps(facts))
    return redirected(target, {"code": code, "state": asked.get("state", ""), "realmId": REALM})


def redirected(target: str, parameters: dict[str, str]) -> Response:
    return RedirectResponse(target + ("&" if "?" in target else "?") + urlencode(parameters), 302)


def form(call: Call) -> dict[str, str]:
    """A posted form; the last value of each field."""
    return {name: values[-1] for name, values in parse_qs(call.body.decode("utf-8", "replace")).items()}


def bearer(call: Call) -> Response:
    """POST /oauth2/v1/tokens/bearer."""
    try:
        check_client(call)
        return reply(granted(call.state, form(call)))
    except Refused as error:
        body = {"error": error.code} | ({"error_description": error.description} if error.description else {})
        return reply(body, error.status)


def granted(state: State, wish: dict[str, str]) -> dict[str, Any]:
    """Tokens by the kind of grant."""
    match wish.get("grant_type"):
        case "refresh_token":
            return refreshed(state, wish.get("refresh_token", ""))
        case "authorization_code":
            return exchanged(state, wish.get("code", ""), wish.get("redirect_uri", ""))
        case _:
            raise Refused(400, "unsupported_grant_type", "Grant type is not supported")


def check_client(call: Call) -> None:
    """HTTP Basic with the app's id and secret."""
    scheme, _, encoded = call.headers.get("authorization", "").partition(" ")
    try:
        given = base64.b64decode(encoded, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        given = ""
    if scheme.lower() != "basic" or given != ":".join(CLIENT):
        raise Refused(401, "invalid_client")


def exchanged(state: State, code: str, redirect_uri: str) -> dict[str, Any]:
    """The first tokens for a code, which is good once."""
    with state.transaction():
        entry = json.loads(state.fact(f"quickbooks_code:{code}") or "{}")
        state.set_fact(f"quickbooks_code:{code}", "")
        if entry.get("until", 0) < state.now() or entry.get("redirect_uri") != redirect_uri:
            raise Refused(400, "invalid_grant", "Invalid authorization code")
        grant = secrets.token_hex(8)
        state.set_fact(f"quickbooks_grant:{grant}", "alive")
        return issue(state, grant, born=state.now())


def refreshed(state: State, value: str) -> dict[str, Any]:
    """New tokens for a refresh token; the same value again within its first 24 hours."""
    with state.transaction():
        entry = refresh_entry(state, value)
        now = state.now()
        if not usable(state, entry, now):
            raise Refused(400, "invalid_grant", "Incorrect or invalid refresh token")
        if not state.fact(ROTATE_ALWAYS) and now - entry["since"] < ROTATE_AFTER_MS:
            remember(state, value, entry | {"used": now})
            return tokens(state, entry["grant"], value)
        remember(state, value, entry | {"alive": False})
        return issue(state, entry["grant"], born=entry["born"])


def usable(state: State, entry: dict[str, Any], now: int) -> bool:
    """Neither replaced, nor revoked, nor too old."""
    if not entry.get("alive") or state.fact(f"quickbooks_grant:{entry['grant']}") != "alive":
        return False
    return bool(now - entry["used"] < IDLE_MS and now - entry["born"] < LIFE_MS)


def refresh_entry(state: State, value: str) -> dict[str, Any]:
    """What is known of a refresh token. The sample firm's first one exists from the start."""
    stored = state.fact(f"quickbooks_refresh:{value}")
    if not stored and value == FIRST_REFRESH:
        now = state.now()
        state.set_fact("quickbooks_grant:first", state.fact("quickbooks_grant:first", "alive"))
        return {"grant": "first", "since": now, "used": now, "born": now, "alive": True}
    entry: dict[str, Any] = json.loads(stored or "{}")
    return entry


def remember(state: State, value: str, entry: dict[str, Any]) -> None:
    state.set_fact(f"quickbooks_refresh:{value}", json.dumps(entry))


def issue(state: State, grant: str, born: int) -> dict[str, Any]:
    """A new refresh token value with its first access token."""
    value, now = "RT1-" + secrets.token_hex(18), state.now()
    remember(state, value, {"grant": grant, "since": now, "used": now, "born": born, "alive": True})
    return tokens(state, grant, value)


def tokens(state: State, grant: str, refresh: str) -> dict[str, Any]:
    """The token endpoint's answer."""
    access = secrets.token_urlsafe(300)
    entry = {"grant": grant, "until": state.now() + ACCESS_SECONDS * 1000}
    state.set_fact(ACCESS + access, json.dumps(entry))
    return {
        "token_type": "bearer",
        "access_token": access,
        "expires_in": ACCESS_SECONDS,
        "refresh_token": refresh,
        "x_refresh_token_expires_in": REFRESH_SECONDS,
    }


def revoke(call: Call) -> Response:
    """POST /oauth2/v1/tokens/revoke {"token": access or refresh token}: the whole grant is gone."""
    try:
        check_client(call)
        token = str(json.loads(call.body or b"{}").get("token", ""))
        entry = refresh_entry(call.state, token) or json.loads(call.state.fact(ACCESS + token) or "{}")
    except Refused as error:
        return reply({"error": error.code}, error.status)
    except (ValueError, AttributeError):
        return reply({"error": "invalid_request"}, 400)
    if "grant" not in entry:
        return reply({"error": "invalid_token"}, 400)
    call.state.set_fact(f"quickbooks_grant:{entry['grant']}", "revoked")
    return Response(status_code=200, headers=headers())


def user_info(call: Call) -> Response:
    """GET /v1/openid_connect/userinfo: the admin who connected the company."""
    check_bearer(call)
    name = {"givenName": "Robin", "familyName": "Bookkeeper", "email": "books@sandbox.example", "emailVerified": True}
    return reply({"sub": "6f9a5b0c-8d2e-4f7a-9c1b-3e5d7a9b1c2d"} | name)


def revoke_all(state: State) -> None:
    """The firm's admin presses Disconnect in QuickBooks."""
    state.set_fact("quickbooks_grant:first", "revoked")
    with state.transaction() as connection:
        connection.execute("UPDATE fact SET value = 'revoked' WHERE name LIKE 'quickbooks\\_grant:%' ESCAPE '\\'")


def check_bearer(call: Call) -> None:
    """Fault 3200 without a good access token."""
    scheme, _, token = call.headers.get("authorization", "").partition(" ")
    stored = call.state.fact(ACCESS + token) if scheme.lower() == "bearer" else ""
    entry = json.loads(stored or "{}")
    alive = entry and call.state.fact(f"quickbooks_grant:{entry['grant']}") == "alive"
    if not alive or entry["until"] <= call.state.now():
        raise expired()
