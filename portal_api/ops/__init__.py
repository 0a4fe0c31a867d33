"""The ops console: sources, runs, held records, identity, clients, staff. For staff; to others it is not there."""

from __future__ import annotations

from fastapi import APIRouter

from portal_api.ops import clients, compared, held, identity, overview, runs

router = APIRouter(include_in_schema=False)
for room in (overview, runs, compared, held, identity, clients):
    router.include_router(room.router)
