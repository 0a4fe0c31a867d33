"""Style, script and icons: read once, named by their content, sent compressed, kept by browsers for a year."""

from __future__ import annotations

import gzip
import re
from hashlib import blake2b
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from markupsafe import Markup
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response

from portal_api.colour import accent_tokens

DIRECTORY = Path(__file__).resolve().parent / "static"
STYLES = ("tokens.css", "base.css", "components.css", "pages.css", "rooms.css")
FOREVER = "public, max-age=31536000, immutable"

_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_SPACE = re.compile(r"\s*([{};,>])\s*|(?<=:)\s+|\s+(?=\s)")
_SYMBOL = re.compile(r'<symbol id="([\w-]+)"[^>]*>(.*?)</symbol>', re.DOTALL)


class Asset(NamedTuple):
    """One file as it is sent."""

    url: str
    media_type: str
    body: bytes
    zipped: bytes


class Assets:
    """Every static file of the portal, with the firm's colour woven into the style."""

    def __init__(self, accent: str) -> None:
        style = accent_tokens(accent) + "".join(_read(name) for name in STYLES)
        extra = sorted(path.name for path in DIRECTORY.glob("*.css") if path.name not in STYLES)
        self._files: dict[str, Asset] = {}
        self.urls = MappingProxyType(
            {
                "app.css": self._add("app.css", "text/css; charset=utf-8", _tidied(style)),
                "app.js": self._add("app.js", "text/javascript; charset=utf-8", _read("app.js")),
                "icon.svg": self._add("icon.svg", "image/svg+xml", _read("icon.svg").replace("#0F6B63", accent)),
                **{name: self._add(name, "text/css; charset=utf-8", _tidied(_read(name))) for name in extra},
            }
        )
        self.icons = MappingProxyType(
            {name: Markup(body.strip()) for name, body in _SYMBOL.findall(_read("icons.svg"))}  # noqa: S704 -- our own file
        )

    def _add(self, name: str, media_type: str, text: str) -> str:
        body = text.encode()
        stem, _, ending = name.rpartition(".")
        url = f"/static/{stem}.{blake2b(body, digest_size=6).hexdigest()}.{ending}"
        self._files[url] = Asset(url, media_type, body, gzip.compress(body, mtime=0))
        return url

    def weight(self, name: str) -> int:
        """How many bytes a file weighs on the way, compressed."""
        return len(self._files[self.urls[name]].zipped)

    def respond(self, path: str, headers: Headers) -> Response | None:
        """The file at that address, None when there is none."""
        asset = self._files.get(path)
        if asset is None:
            return None
        answer = {"cache-control": FOREVER, "vary": "accept-encoding"}
        if "gzip" in headers.get("accept-encoding", ""):
            return Response(asset.zipped, media_type=asset.media_type, headers={**answer, "content-encoding": "gzip"})
        return Response(asset.body, media_type=asset.media_type, headers=answer)


def _read(name: str) -> str:
    return (DIRECTORY / name).read_text(encoding="utf-8")


def _tidied(css: str) -> str:
    """CSS without comments, needless space and each block's last semicolon."""
    return _SPACE.sub(r"\1", _COMMENT.sub("", css)).replace(";}", "}").strip()


async def static(request: Request) -> Response:
    """GET /static/{name}: what is not there is a plain 404."""
    found: Response | None = request.app.state.portal.assets.respond(request.url.path, request.headers)
    return found or Response("Not found\n", 404, media_type="text/plain")
