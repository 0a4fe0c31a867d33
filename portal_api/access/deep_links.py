"""Deep links: `/go/{token}` in a mail lands on the one thing it speaks of.

The token is signed, names a path of ours and one client, and is no key: whoever is not signed in signs in first and
lands on the same thing. Following one is recorded as `via deep_link`.
"""

from __future__ import annotations

from typing import Annotated, NamedTuple
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request
from itsdangerous import BadSignature, URLSafeTimedSerializer
from starlette.responses import Response

from hub.settings import Settings
from portal_api.access.links import choosing, own_path
from portal_api.access.people import places_of
from portal_api.access.scope import visitor
from portal_api.access.visitor import Visitor
from portal_api.activity import record
from portal_api.pages import NotFound, redirect
from portal_api.portal import portal_of

router = APIRouter(include_in_schema=False)
DAYS = 90


class Item(NamedTuple):
    """What a deep link leads to."""

    client_id: str
    path: str
    kind: str
    id: str


def deep_link(settings: Settings, item: Item) -> str:
    """The address to put into a mail. Raises NeedsPerson without a secret key."""
    return f"{settings.public_url.rstrip('/')}/go/{_signer(settings).dumps(tuple(item))}"


@router.get("/go/{token}")
async def go(request: Request, token: str, known: Annotated[Visitor | None, Depends(visitor)]) -> Response:
    """Land on the item, by way of the sign-in page where needed. Another client's item is not there."""
    try:
        facts = _signer(portal_of(request).settings).loads(token, max_age=DAYS * 24 * 3600)
    except BadSignature:
        raise NotFound from None
    item = Item(*facts)
    if known is None:
        return redirect("/sign-in?" + urlencode({"next": f"/go/{token}"}))
    if known.client_id != item.client_id:
        return await _elsewhere(request, known, item)
    record(request, "follow", item.kind, item.id, via="deep_link")
    return redirect(own_path(item.path))


async def _elsewhere(request: Request, known: Visitor, item: Item) -> Response:
    """Who belongs to that client too chooses it first; to anybody else the item is not there."""
    mine = known.person_id is not None and await portal_of(request).store.oversee(
        lambda connection: any(place.client_id == item.client_id for place in places_of(connection, known.email))
    )
    if not mine:
        raise NotFound
    return redirect(choosing(request.url.path))


def _signer(settings: Settings) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(settings.require_secret_key(), salt="deep link")
