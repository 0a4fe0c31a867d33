"""`/api/v1`: the client's own things as JSON, by bearer token or session. Errors are problem+json (RFC 9457)."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends, FastAPI, Response
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel, Field

from portal_api.api import lists, ops, things


class Problem(BaseModel):
    """What went wrong (RFC 9457)."""

    type: str = "about:blank"
    title: str = Field(examples=["limit is not right."])
    status: int = Field(examples=[400])
    detail: str = Field(default="", examples=["Input should be less than or equal to 200. Received '5000'."])
    reference: str | None = None


def private(response: Response) -> None:
    """No cache between us and the client keeps an answer."""
    response.headers["cache-control"] = "private, no-store"


ERRORS: dict[int | str, dict[str, Any]] = {
    status: {"description": words, "content": {"application/problem+json": {"schema": Problem.model_json_schema()}}}
    for status, words in (
        (400, "Something in the request is not right"),
        (401, "No token, or one that is no longer good"),
        (404, "Not there, or not yours"),
        (503, "The store, or the file's source, cannot be reached just now: try again in a minute"),
    )
}

router = APIRouter(prefix="/api/v1", dependencies=[Depends(private)], responses=ERRORS)
router.include_router(lists.router)
router.include_router(things.router)
router.include_router(ops.router)


def described(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document, with the bearer token, and without the 422 that is answered as 400 here."""
    if app.openapi_schema is None:
        schema = get_openapi(title=app.title, version="1", routes=app.routes)
        schema.setdefault("components", {})["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
        schema["security"] = [{"token": []}]
        for path in schema["paths"].values():
            for operation in path.values():
                operation["responses"].pop("422", None)
        app.openapi_schema = schema
    return app.openapi_schema
