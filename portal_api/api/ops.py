"""How every stream stands, for the firm's own programs: what `frontdesk status --json` says, by a token of staff.

Not in the OpenAPI document: that is read by clients, to whom it is not there.
"""

from __future__ import annotations

from typing import Any

import anyio.to_thread
from fastapi import APIRouter, Request

from portal_api.access.scope import Analyst
from portal_api.activity import record
from portal_api.ops.overview import known_now
from portal_api.pages import NotFound
from portal_api.portal import portal_of
from portal_api.reading import overseeing

router = APIRouter(include_in_schema=False)


@router.get("/ops/status", response_model=None)
async def status(request: Request, _staff: Analyst) -> Any:
    """Where everything stands now."""
    portal = portal_of(request)
    if portal.status is None:
        raise NotFound
    known, _ = await anyio.to_thread.run_sync(known_now, portal)
    record(request, "view", "ops", via="api")
    return await overseeing(request, portal.status, known, portal.settings.late_after)
