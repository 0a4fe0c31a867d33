"""Google's token endpoint for service accounts, and the check of the bearer on each call.

The account's key is made at first use and kept among the sandbox's facts. Which users there are and which scopes the
domain's admin delegated are facts too: `google_user_domain` (default sandbox.example) and `google_scopes`.
Sources: google-auth's service account grant; reasons as Google's OAuth endpoint words them.
"""

from __future__ import annotations

import base64
import binascii
import json
import secrets
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any
from urllib.parse import parse_qs

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from starlette.responses import Response

from sandbox.google_drive.tree import OWNER
from sandbox.google_drive.tree import SERVICE_ACCOUNT as EMAIL
from sandbox.google_drive.wire import Call, DriveError, json_response
from sandbox.state import State

AUDIENCE = "https://oauth2.googleapis.com/token"
OLD_AUDIENCES = ("https://www.googleapis.com/oauth2/v4/token", "https://accounts.google.com/o/oauth2/token")
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
SCOPE = "https://www.googleapis.com/auth/drive"
READING = frozenset({SCOPE, SCOPE + ".readonly", SCOPE + ".file", SCOPE + ".metadata", SCOPE + ".metadata.readonly"})
CONTENT = frozenset({SCOPE, SCOPE + ".readonly", SCOPE + ".file"})
WRITING = frozenset({SCOPE, SCOPE + ".file"})
CHALLENGE = {"WWW-Authenticate": 'Bearer realm="https://accounts.google.com/", error="invalid_token"'}
LIFETIME_SECONDS, SKEW_SECONDS = 3600, 300
UNAUTHORIZED = (
    "Client is unauthorized to retrieve access tokens using this method, "
    "or client not authorized for any of the scopes requested."
)
NO_SCOPE = "Insufficient Permission: Request had insufficient authentication scopes."


class GrantError(Exception):
    """An OAuth error: status, code and description."""

    def __init__(self, status: int, code: str, description: str) -> None:
        super().__init__(description)
        self.status, self.code, self.description = status, code, description


def private_key(state: State) -> str:
    """The service account's key in PEM, made at first use."""
    with state.transaction():
        pem = state.fact("google_service_account_key")
        if not pem:
            pem = _new_key()
            state.set_fact("google_service_account_key", pem)
        return pem


@cache
def _new_key() -> str:
    """One for all sandboxes of a process: it takes a tenth of a second, and keeps no secret."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return key.private_bytes(*form).decode()


def service_account(state: State, base: str) -> dict[str, str]:
    """The key file that Google's console would hand out, with this sandbox as its token endpoint."""
    return {
        "type": "service_account",
        "project_id": "sandbox-project",
        "private_key_id": "sandbox-key-1",
        "private_key": private_key(state),
        "client_email": EMAIL,
        "client_id": "100000000000000000001",
        "auth_uri": f"{base}/o/oauth2/auth",
        "token_uri": f"{base}/token",
        "universe_domain": "googleapis.com",
    }


def token(call: Call) -> Response:
    """POST /token."""
    form = {name: values[-1] for name, values in parse_qs(call.body.decode()).items()}
    try:
        return json_response(grant(call.state, claims(call.state, assertion_of(form)), f"{call.base}/token"))
    except GrantError as error:
        return json_response({"error": error.code, "error_description": error.description}, error.status)


def assertion_of(form: dict[str, str]) -> str:
    """The JWT of a service account's grant."""
    if form.get("grant_type") != GRANT:
        raise GrantError(400, "unsupported_grant_type", f"Invalid grant_type: {form.get('grant_type', '')}")
    return form.get("assertion", "")


def claims(state: State, assertion: str) -> dict[str, Any]:
    """The assertion's claims once its signature holds."""
    try:
        header, payload, signature = assertion.split(".")
        content, algorithm = json.loads(decoded(payload)), json.loads(decoded(header)).get("alg")
    except (ValueError, AttributeError, binascii.Error):
        raise GrantError(400, "invalid_grant", "Invalid JWT: malformed assertion.") from None
    if content.get("iss") != EMAIL:
        raise GrantError(400, "invalid_grant", "Invalid grant: account not found")
    if algorithm != "RS256" or not signed(state, f"{header}.{payload}", signature):
        raise GrantError(400, "invalid_grant", "Invalid JWT Signature.")
    return dict(content)


def decoded(part: str) -> bytes:
    """Base64url without padding."""
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def signed(state: State, text: str, signature: str) -> bool:
    """Whether the registered key made this signature."""
    key = serialization.load_pem_private_key(private_key(state).encode(), password=None)
    assert isinstance(key, rsa.RSAPrivateKey)
    try:
        key.public_key().verify(decoded(signature), text.encode(), padding.PKCS1v15(), hashes.SHA256())
    except (InvalidSignature, binascii.Error):
        return False
    return True


def grant(state: State, content: dict[str, Any], endpoint: str) -> dict[str, Any]:
    """An access token for checked claims. The audience is Google's endpoint, or the one that the key file names."""
    now = state.now() // 1000
    issued, expires = int(content.get("iat", 0)), int(content.get("exp", 0))
    if content.get("aud") not in (AUDIENCE, *OLD_AUDIENCES, endpoint):
        raise GrantError(400, "invalid_grant", "Invalid JWT: Failed audience check. The right audience is " + AUDIENCE)
    if not now - SKEW_SECONDS - LIFETIME_SECONDS <= issued <= now + SKEW_SECONDS or expires < now - SKEW_SECONDS:
        sentence = "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. "
        raise GrantError(400, "invalid_grant", sentence + "Check your iat and exp values in the JWT claim.")
    scopes = str(content.get("scope", "")).split()
    if not scopes:
        raise GrantError(400, "invalid_scope", "Empty or missing scope not allowed.")
    subject = str(content.get("sub") or "")
    if subject:
        check_delegation(state, subject, scopes)
    name = "ya29." + secrets.token_urlsafe(48)
    entry = {"expires": now + LIFETIME_SECONDS, "scopes": scopes, "user": subject or EMAIL}
    state.set_fact(f"google_token:{name}", json.dumps(entry))
    return {"access_token": name, "expires_in": LIFETIME_SECONDS - 1, "token_type": "Bearer"}


def delegated_scopes(state: State) -> list[str]:
    """The scopes that the domain's admin allowed this client."""
    return state.fact("google_scopes", " ".join(sorted(READING))).split()


def check_delegation(state: State, subject: str, scopes: list[str]) -> None:
    """Domain-wide delegation: the user must exist, every scope must be on the admin's list."""
    if subject.rpartition("@")[2].lower() != state.fact("google_user_domain", OWNER.partition("@")[2]):
        raise GrantError(400, "invalid_grant", "Invalid email or User ID")
    if not set(scopes) <= set(delegated_scopes(state)):
        raise GrantError(401, "unauthorized_client", UNAUTHORIZED)


def signed_in(call: Call) -> Call:
    """The call with its user and scopes. 401 without a valid bearer."""
    asked = call.query.get("access_token") or call.query.get("oauth_token")
    scheme, _, name = (call.headers.get("authorization") or f"Bearer {asked}").partition(" ")
    stored = call.state.fact(f"google_token:{name}") if scheme.lower() == "bearer" else ""
    entry = json.loads(stored) if stored else {}
    if entry.get("expires", 0) <= call.state.now() // 1000:
        place = {"location": "Authorization", "location_type": "header"}
        raise DriveError(401, "authError", "Invalid Credentials", headers=CHALLENGE, **place)
    return replace(call, user=entry["user"], scopes=frozenset(entry["scopes"]))


def needs(scopes: frozenset[str]) -> Callable[[Call], Call]:
    """A check that the bearer carries one of these scopes."""

    def check(call: Call) -> Call:
        call = signed_in(call)
        if not call.scopes & scopes:
            raise DriveError(403, "insufficientPermissions", NO_SCOPE)
        return call

    return check


def session_or(check: Callable[[Call], Call]) -> Callable[[Call], Call]:
    """No check where the address names an upload's session, which is secret enough; else the given one."""
    return lambda call: call if call.query.get("upload_id") else check(call)


def anyone(call: Call) -> Call:
    """No check: the token endpoint and the sandbox's own controls."""
    return call
