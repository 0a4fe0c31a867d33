"""Sign-in: client credentials, JWT bearer, password, refresh token; sessions that expire; what a revoked app is told.

The token endpoint's failures are an object, not an array. Source: OAuth 2.0 flows in Salesforce Help.
"""

from __future__ import annotations

import base64
import binascii
import re
import secrets
from typing import Any

import jwt
from starlette.responses import JSONResponse, Response

from sandbox import bearers
from sandbox.salesforce.errors import Fault
from sandbox.salesforce.org import VENDOR
from sandbox.state import State

CLIENT_ID, CLIENT_SECRET, USER = "sandbox-consumer-key", "sandbox-consumer-secret", "hub@sandbox.example"
PASSWORD, REFRESH = "sandbox-password", "sandbox-salesforce-refresh"
ORG_ID, USER_ID = "00DRO0000000001", "005RO0000000001"
IDENTITY = f"/id/{ORG_ID}/{USER_ID}"
SESSION_SECONDS = "7200"
FACT = bearers.FACTS[VENDOR]
LONGEST_ASSERTION = 300
"""Seconds that the exp of an assertion may lie ahead."""
AUDIENCE = re.compile(r"https://(?:login|test|[\w-]+(?:\.\w+)?\.my)\.salesforce\.com")
"""The two common sign-ins, and any org's own domain (also a sandbox's: acme--dev.sandbox.my)."""
JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
JWT_KEY, ACCESS, LIFETIME = "salesforce_jwt_key", "salesforce_access", "salesforce_session_seconds"

ACCESS_ERRORS = {
    "unapproved": ("invalid_grant", "user hasn't approved this consumer"),
    "inactive_user": ("inactive_user", "User is inactive"),
    "inactive_org": ("inactive_org", "organization is inactive"),
    "revoked": ("invalid_client", "invalid client credentials"),
    "rate_limited": ("rate_limit_exceeded", "login rate exceeded"),
}


class Refusal(Exception):
    """The token endpoint says no."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.error, self.description = error, description


class Sessions:
    """The access tokens that are good now, each with the time of the sandbox's clock (ms) when it ends."""

    def __init__(self, state: State) -> None:
        self.state = state

    def begin(self) -> str:
        token = f"{ORG_ID}!{secrets.token_urlsafe(48)}"
        lives = float(self.state.fact(LIFETIME, SESSION_SECONDS)) * 1000
        self.state.set_fact(FACT + token, str(self.state.now() + int(lives)))
        return token

    def check(self, header: str) -> None:
        """Raises INVALID_SESSION_ID unless the Authorization header carries a good token."""
        scheme, _, token = header.partition(" ")
        if scheme.lower() not in ("bearer", "oauth") or not self._good(token):
            raise Fault(401, "INVALID_SESSION_ID", "Session expired or invalid")

    def end(self, token: str) -> bool:
        """End one session; whether it was one."""
        good = self._good(token)
        bearers.end(self.state, VENDOR, token)
        return good

    def end_all(self) -> None:
        bearers.end_all(self.state, VENDOR)

    def _good(self, token: str) -> bool:
        return int(self.state.fact(FACT + token) or 0) > self.state.now()


def token(sessions: Sessions, form: dict[str, str], authorization: str, instance_url: str) -> Response:
    """POST /services/oauth2/token."""
    try:
        _admit(sessions.state, form, authorization)
    except Refusal as refusal:
        return JSONResponse({"error": refusal.error, "error_description": refusal.description}, 400)
    identity = f"{instance_url}{IDENTITY}"
    answer = {"access_token": sessions.begin(), "instance_url": instance_url, "id": identity, "token_type": "Bearer"}
    issued = str(sessions.state.now())
    signature = base64.b64encode(secrets.token_bytes(32)).decode()
    return JSONResponse(answer | {"issued_at": issued, "signature": signature, "scope": "api"})


def _admit(state: State, form: dict[str, str], authorization: str) -> None:
    match form.get("grant_type"):
        case "client_credentials":
            _check_client(*_client(form, authorization))
        case "refresh_token":
            _check_client(*_client(form, authorization))
            if form.get("refresh_token") != REFRESH:
                raise Refusal("invalid_grant", "expired access/refresh token")
        case "password":
            _check_client(*_client(form, authorization))
            if (form.get("username"), form.get("password")) != (USER, PASSWORD):
                raise Refusal("invalid_grant", "authentication failure")
        case grant if grant == JWT_GRANT:
            _check_assertion(state, form.get("assertion", ""))
        case _:
            raise Refusal("unsupported_grant_type", "grant type not supported")
    access = state.fact(ACCESS)
    if access in ACCESS_ERRORS:
        raise Refusal(*ACCESS_ERRORS[access])


def _client(form: dict[str, str], authorization: str) -> tuple[str, str]:
    """Key and secret from HTTP Basic, or from the form."""
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return form.get("client_id", ""), form.get("client_secret", "")
    try:
        key, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise Refusal("invalid_client", "invalid client credentials") from None
    return key, secret


def _check_client(key: str, secret: str) -> None:
    if key != CLIENT_ID:
        raise Refusal("invalid_client_id", "client identifier invalid")
    if secret != CLIENT_SECRET:
        raise Refusal("invalid_client", "invalid client credentials")


def _check_assertion(state: State, assertion: str) -> None:
    """Signed by the registered key, with iss, sub, the aud of a Salesforce sign-in and an exp (a string is accepted)
    within the next minutes.
    """
    key = state.fact(JWT_KEY)
    options: Any = {"require": ["iss", "sub", "aud", "exp"], "verify_aud": False, "verify_exp": False}
    if not key:
        raise Refusal("invalid_grant", "no certificate is registered for this consumer")
    try:
        claims = jwt.decode(assertion, key, algorithms=["RS256"], options=options)
        left = int(claims["exp"]) - state.now() // 1000
    except (jwt.InvalidTokenError, ValueError, TypeError):
        raise Refusal("invalid_grant", "invalid assertion") from None
    if left <= 0:
        raise Refusal("invalid_grant", "expired authorization code")
    if left > LONGEST_ASSERTION:
        raise Refusal("invalid_grant", "invalid assertion")
    if claims["iss"] != CLIENT_ID:
        raise Refusal("invalid_client_id", "client identifier invalid")
    if not AUDIENCE.fullmatch(str(claims["aud"])):
        raise Refusal("invalid_grant", "audience is invalid")
    if claims["sub"] != USER:
        raise Refusal("invalid_grant", "user hasn't approved this consumer")
