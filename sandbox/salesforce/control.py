"""The sandbox's own switches for this vendor, under /control/salesforce: what an administrator could do in Setup."""

from __future__ import annotations

import json

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox.salesforce import auth, bulk, org, records
from sandbox.salesforce.cursors import Cursors
from sandbox.salesforce.rows import stamp
from sandbox.state import State


def routes(state: State, sessions: auth.Sessions, cursors: Cursors) -> list[BaseRoute]:
    """jwt-key, access, permissions, expire, bulk, covered."""

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

    async def jobs(request: Request) -> Response:
        """{"seconds": 30}: how long a query job is in progress. {"fail": "why"}: jobs that are created from now on
        fail; empty for no more.
        """
        wish = json.loads(await request.body())
        if "seconds" in wish:
            state.set_fact(bulk.SECONDS, str(float(wish["seconds"])))
        if "fail" in wish:
            state.set_fact(bulk.FAILING, str(wish["fail"] or ""))
        return JSONResponse({"seconds": float(state.fact(bulk.SECONDS, "0")), "fail": state.fact(bulk.FAILING)})

    async def covered(request: Request) -> Response:
        """{"seconds": 3600}: a transaction has been running for an hour and holds latestDateCovered where it began;
        null for none.
        """
        seconds = json.loads(await request.body()).get("seconds")
        held = 0 if seconds is None else state.now() - int(float(seconds) * 1000)
        state.set_fact(records.COVERED, str(held))
        return JSONResponse({"held": stamp(held) if held else None})

    switches = {
        "jwt-key": jwt_key,
        "access": access,
        "permissions": permissions,
        "expire": expire,
        "bulk": jobs,
        "covered": covered,
    }
    return [Route(f"/control/salesforce/{name}", switch, methods=["POST"]) for name, switch in switches.items()]
