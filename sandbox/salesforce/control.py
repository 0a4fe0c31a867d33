"""The sandbox's own switches for this vendor, under /control/salesforce: what an administrator could do in Setup."""

from __future__ import annotations

import json

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox.salesforce import auth, bulk, org
from sandbox.salesforce.cursors import Cursors
from sandbox.state import State


def routes(state: State, sessions: auth.Sessions, cursors: Cursors) -> list[BaseRoute]:
    """jwt-key, access, permissions, expire, bulk."""

    async def jwt_key(request: Request) -> Response:
        """The PEM of the public key that the connected app trusts."""
        state.set_fact(auth.JWT_KEY, (await request.body()).decode())
        return JSONResponse({"registered": True})

    async def access(request: Request) -> Response:
        """{"state": "ok" | "unapproved" | "inactive_user" | "inactive_org" | "revoked"}; ends all sessions."""
        wish = str(json.loads(await request.body()).get("state", ""))
        if wish not in ("ok", *auth.ACCESS_ERRORS):
            return JSONResponse({"error": f"expected ok, {', '.join(auth.ACCESS_ERRORS)}"}, 400)
        state.set_fact(auth.ACCESS, wish)
        sessions.end_all()
        return JSONResponse({"state": wish})

    async def permissions(request: Request) -> Response:
        """{"hidden": ["Account.Phone", "Case"]}: fields and objects that the integration's user may not see."""
        hidden = json.loads(await request.body()).get("hidden", [])
        state.set_fact(org.HIDDEN, json.dumps(hidden))
        return JSONResponse({"hidden": hidden})

    async def expire(_: Request) -> Response:
        """End every session and drop every locator."""
        sessions.end_all()
        cursors.forget()
        return JSONResponse({"expired": True})

    async def slow_jobs(request: Request) -> Response:
        """{"seconds": 30}: how long a query job is in progress."""
        seconds = float(json.loads(await request.body()).get("seconds", 0))
        state.set_fact(bulk.SECONDS, str(seconds))
        return JSONResponse({"seconds": seconds})

    switches = {"jwt-key": jwt_key, "access": access, "permissions": permissions, "expire": expire, "bulk": slow_jobs}
    return [Route(f"/control/salesforce/{name}", switch, methods=["POST"]) for name, switch in switches.items()]
