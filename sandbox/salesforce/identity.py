"""Who has signed in: the identity URL, OpenID's user info, and the end of a session.

Source: Salesforce Help, "Identity URLs", "OAuth Endpoints" and "Revoke OAuth Tokens". Both answer a bad token with 403
and a word of plain text.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox.salesforce.auth import IDENTITY, ORG_ID, USER, USER_ID, Sessions
from sandbox.salesforce.errors import Fault
from sandbox.salesforce.rows import stamp

Json = dict[str, Any]
METHODS = ["GET", "POST"]
URLS = {
    "rest": "/services/data/v{version}/",
    "sobjects": "/services/data/v{version}/sobjects/",
    "query": "/services/data/v{version}/query/",
    "search": "/services/data/v{version}/search/",
    "recent": "/services/data/v{version}/recent/",
    "profile": f"/{USER_ID}",
}
REGION = {"active": True, "user_type": "STANDARD", "language": "en_US", "locale": "en_US", "utcOffset": 0}


def address(instance: str) -> str:
    """The identity URL of the one user."""
    return f"{instance}{IDENTITY}"


def identity(instance: str, now: int) -> Json:
    """GET /id/{org}/{user}."""
    return {
        "id": address(instance),
        "asserted_user": True,
        "user_id": USER_ID,
        "organization_id": ORG_ID,
        "username": USER,
        "nick_name": "hub",
        "display_name": "Hub",
        "email": USER,
        "email_verified": True,
        "first_name": None,
        "last_name": "Hub",
        "timezone": "GMT",
        "urls": urls(instance),
        "is_app_installed": True,
        "last_modified_date": stamp(now),
        **REGION,
    }


def user_info(instance: str, now: int) -> Json:
    """GET /services/oauth2/userinfo."""
    return {
        "sub": address(instance),
        "user_id": USER_ID,
        "organization_id": ORG_ID,
        "preferred_username": USER,
        "nickname": "hub",
        "name": "Hub",
        "email": USER,
        "email_verified": True,
        "family_name": "Hub",
        "zoneinfo": "GMT",
        "profile": f"{instance}/{USER_ID}",
        "urls": urls(instance),
        "updated_at": stamp(now),
        **REGION,
    }


def urls(instance: str) -> dict[str, str]:
    """Where the org's resources are; who uses one puts the version in."""
    return {name: f"{instance}{path}" for name, path in URLS.items()}


def routes(sessions: Sessions) -> list[BaseRoute]:
    """Identity, user info, revocation."""

    def shown(request: Request, body: Any) -> Response:
        header = request.headers.get("authorization", "")
        if not header and "oauth_token" not in request.query_params:
            return PlainTextResponse("Missing_OAuth_Token", 403)
        try:
            sessions.check(header or f"Bearer {request.query_params['oauth_token']}")
        except Fault:
            return PlainTextResponse("Bad_OAuth_Token", 403)
        return JSONResponse(body(str(request.base_url).rstrip("/"), sessions.state.now()))

    def who(request: Request) -> Response:
        named = (request.path_params["org"][:15], request.path_params["user"][:15])
        return shown(request, identity) if named == (ORG_ID, USER_ID) else PlainTextResponse("Bad_Id", 404)

    async def revoke(request: Request) -> Response:
        form = dict(request.query_params) | dict(parse_qsl((await request.body()).decode()))
        if sessions.end(form.get("token", "")):
            return Response(status_code=200)
        return JSONResponse({"error": "invalid_token", "error_description": "invalid token"}, 400)

    return [
        Route("/id/{org}/{user}", who, methods=METHODS),
        Route("/services/oauth2/userinfo", lambda request: shown(request, user_info), methods=METHODS),
        Route("/services/oauth2/revoke", revoke, methods=METHODS),
    ]
