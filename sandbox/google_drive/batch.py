"""POST /batch/drive/v3: many calls in one multipart body, each answered by the same routes, failing singly."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

import httpx
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, Router

from sandbox.google_drive.wire import DriveError
from sandbox.google_drive.writing import split_multipart, split_part

MOST = 100


def batch_endpoint(routes: Sequence[Route]) -> Route:
    """The batch route over these routes."""
    router = Router(list(routes))

    async def serve(request: Request) -> Response:
        try:
            parts = calls(await request.body(), request.headers.get("content-type", ""))
        except DriveError as error:
            return error.response()
        boundary = "batch_" + secrets.token_urlsafe(12)
        transport = httpx.ASGITransport(app=router)
        async with httpx.AsyncClient(transport=transport, base_url=str(request.base_url)) as client:
            answers = [await answered(client, request, headers, content) for headers, content in parts]
        body = b"".join(b"--" + boundary.encode() + b"\r\n" + answer + b"\r\n" for answer in answers)
        return Response(body + f"--{boundary}--\r\n".encode(), media_type=f"multipart/mixed; boundary={boundary}")

    return Route("/batch/drive/v3", serve, methods=["POST"])


def calls(body: bytes, content_type: str) -> list[tuple[dict[str, str], bytes]]:
    """The inner calls, a hundred at most."""
    parts = split_multipart(body, content_type)
    if len(parts) > MOST:
        raise DriveError(400, "badRequest", f"The batch request has more than {MOST} calls.")
    return parts


async def answered(client: httpx.AsyncClient, outer: Request, headers: dict[str, str], content: bytes) -> bytes:
    """One inner call's answer as a part. The outer bearer serves every call that brings none."""
    line, _, rest = content.partition(b"\n")
    method, target, *_ = line.decode().split()
    inner, body = split_part(rest)
    if "authorization" in outer.headers:
        inner.setdefault("authorization", outer.headers["authorization"])
    inner.pop("content-length", None)
    answer = await client.request(method, target, headers=inner, content=body)
    # Google's clients pair answers with calls by the text after "response-".
    name = headers.get("content-id", "<0>").strip("<>")
    head = f"Content-Type: application/http\r\nContent-ID: <response-{name}>\r\n\r\nHTTP/1.1 {answer.status_code} "
    kind = answer.headers.get("content-type", "")
    head += f"{answer.reason_phrase}\r\nContent-Type: {kind}\r\nContent-Length: {len(answer.content)}\r\n\r\n"
    return head.encode() + answer.content
