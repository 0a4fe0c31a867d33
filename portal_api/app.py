"""The portal as an ASGI application."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from importlib import import_module
from urllib.parse import urlencode

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from sqlalchemy import Engine
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Route

from hub.clock import now
from hub.settings import Settings
from portal_api.access.links import own_path
from portal_api.access.scope import NotAllowed, SignInNeeded, visitor
from portal_api.activity import Activities
from portal_api.api import described
from portal_api.assets import Assets, static
from portal_api.content import Contents, OpenContent
from portal_api.feeds import Feeds
from portal_api.front import Front
from portal_api.mail import Mailer
from portal_api.metrics import Metrics
from portal_api.pages import NotFound, problem, redirect, wants_json
from portal_api.portal import Know, Portal, ReadStatus, Replay
from portal_api.profiles import Profiles
from portal_api.reading import Store, own_store
from portal_api.templating import Templates

ROOMS = (
    "access.routes",
    "access.deep_links",
    "home",
    "invoices",
    "statement",
    "projects",
    "shipments",
    "documents",
    "contracts",
    "requests",
    "account",
    "search",
    "api",
    "ops",
    "hooks",
    "health",
)
"""Modules of this package with a `router`."""


def create_app(
    settings: Settings,
    engine: Engine | None = None,
    *,
    clock: Callable[[], dt.datetime] = now,
    content: OpenContent | None = None,
    replay: Replay | None = None,
    know: Know | None = None,
    status: ReadStatus | None = None,
) -> FastAPI:
    """The portal over a migrated store. Without an engine it opens its own, confined to one client a request.

    `content` reads files from their sources (flows.content); without it only copies that were kept can be downloaded.
    `replay` tries held records again (flows.replay); without it ops are shown the command instead of buttons.
    `know` says what is configured and mapped now; without it ops are not told of streams that nobody reads any more.
    `status` reads where everything stands (flows.status) for the API.
    """
    store = own_store(settings.database_url) if engine is None else Store(engine)
    portal = _portal(settings, store, clock, Contents(content, settings.content_path))
    portal.replay, portal.know, portal.status = replay, know, status
    app = FastAPI(
        title=f"{settings.firm.name} portal",
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/v1/openapi.json",
        lifespan=_lifespan,
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    app.state.portal = portal
    app.add_middleware(Front, portal=portal)
    app.routes.append(Route("/static/{name}", static))
    for room in ROOMS:
        app.include_router(import_module(f"portal_api.{room}").router)
    portal.paths = frozenset(paths_of(app))
    app.openapi = lambda: described(app)  # type: ignore[method-assign]  # FastAPI's own way to extend the document
    for error, answer in _ANSWERS.items():
        app.add_exception_handler(error, answer)
    return app


def _portal(settings: Settings, store: Store, clock: Callable[[], dt.datetime], contents: Contents) -> Portal:
    assets, metrics = Assets(settings.firm.accent), Metrics()
    return Portal(
        settings=settings,
        clock=clock,
        store=store,
        activities=Activities(store.write_now),
        mailer=Mailer(settings, lambda outcome: metrics.mails.labels(outcome).inc()),
        assets=assets,
        templates=Templates(settings.firm, assets),
        feeds=Feeds(settings),
        profiles=Profiles(settings.mappings_path, settings.firm.profile),
        metrics=metrics,
        contents=contents,
    )


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    portal: Portal = app.state.portal
    portal.activities.start()
    try:
        yield
    finally:
        portal.activities.stop()
        portal.mailer.close()
        portal.store.close()


async def _sign_in_needed(request: Request, _error: Exception) -> Response:
    if wants_json(request):
        return problem(request, 401, "401", "This needs a token.", "Send `Authorization: Bearer` with an API token.")
    path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    wanted = own_path(path) if request.method == "GET" else "/"
    return redirect("/sign-in" if wanted == "/" else f"/sign-in?{urlencode({'next': wanted})}")


async def _not_found(request: Request, _error: Exception) -> Response:
    # Whoever has signed in keeps the frame around the page, and cannot tell this from something that is not theirs.
    known = await visitor(request)
    if request.url.path == "/" and known is not None and known.scope is None:
        return redirect("/ops")
    return problem(request, 404, "404", "There is nothing here.", "It may have moved, or the address is mistyped.")


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    elsewhere = error.status_code == 405 and request.method == "GET" and not wants_json(request)  # noqa: PLR2004 -- only for forms
    if error.status_code == 404 or elsewhere:  # noqa: PLR2004 -- Not Found
        return await _not_found(request, error)
    if error.status_code == 400 and not wants_json(request):  # noqa: PLR2004 -- Bad Request
        return _cut_off(request)
    code = "400" if error.status_code < 500 else "500"  # noqa: PLR2004 -- ours or theirs
    return problem(request, error.status_code, code, "That did not work.", str(error.detail or ""))


def _cut_off(request: Request) -> Response:
    step = "A part of it was changed or cut off. Go on from the menu, or from home."
    return problem(request, 400, "400", "This address is not complete.", step)


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"][1:])
    if not wants_json(request) and first["loc"][0] == "path":
        return await _not_found(request, error)
    if not wants_json(request) and first["loc"][0] == "query":
        return _cut_off(request)
    received = f" Received {str(first['input'])[:60]!r}." if first["type"] != "missing" else ""
    return problem(request, 400, "400", f"{where or 'The request'} is not right.", f"{first['msg']}.{received}")


_ANSWERS = {
    SignInNeeded: _sign_in_needed,
    NotAllowed: _not_found,
    NotFound: _not_found,
    HTTPException: _http,
    RequestValidationError: _invalid,
}


def paths_of(app: FastAPI) -> list[str]:
    """Every address the application answers, as its routes write it."""
    return [path for route in app.routes for path in _paths(route)]


def _paths(route: object) -> list[str]:
    # FastAPI keeps an included router as one route that holds its own.
    included = getattr(route, "original_router", None)
    if included is not None:
        prefix = route.include_context.prefix  # type: ignore[attr-defined]
        return [prefix + path for one in included.routes for path in _paths(one)]
    path = getattr(route, "path", None)
    return [path] if isinstance(path, str) else []
