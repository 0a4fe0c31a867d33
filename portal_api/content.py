"""Files on their way to a reader: from the source through the hub, with a copy kept so that an outage of the source
does not take away what could be read before.

A copy is named by the row's id and content hash: when the source changes the row, the next reader gets the new file.
What a source draws on demand changes without its row: a new address or letterhead. Such a copy is good for as long as
the schedule needs to come round, and after that only while the source is away. Access is decided before anything here
is asked.
"""

from __future__ import annotations

import os
import re
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import anyio
import anyio.to_thread
import orjson
from starlette.responses import FileResponse, Response, StreamingResponse

from connectors.contract import Content
from hub.errors import NeedsPerson, RetryLater

OpenContent = Callable[[str, str, str], AbstractContextManager[Content]]
"""(source, stream, external id) -> its bytes while the source is open, as flows.content does; raises hub.errors."""

KEPT_BYTES = 16_000_000
"""A larger file goes through without a copy."""
FOLDER_BYTES = 1_000_000_000
DRAWN_SECONDS = 300.0
AT_ONCE = 4
NEVER_SHOWN = re.compile(r"html|svg|xml|javascript", re.IGNORECASE)
MEDIA_TYPE = re.compile(r"[a-z0-9][\w.+-]*/[a-z0-9][\w.+-]*(; ?charset=[\w-]+)?", re.IGNORECASE | re.ASCII)
HEADERS = {
    "x-content-type-options": "nosniff",
    "content-security-policy": "sandbox; default-src 'none'",
    "cache-control": "private, no-cache",
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """One file of one row that the reader may see. `name` is what it is saved as; `title` what a sentence calls it.

    `drawn`: the source draws it on demand, from more than the row says; what it then calls the file is no name of ours.
    """

    source: str
    stream: str
    external_id: str
    key: str
    name: str
    title: str
    drawn: bool = False

    def named(self, by_source: str) -> str:
        """What the file is saved as, where its source may say a name: an exported document has another ending."""
        return self.name if self.drawn else by_source or self.name


@dataclass(frozen=True, slots=True)
class Ready:
    """A file that can be sent: a copy on disk, or its beginning and the rest."""

    name: str
    media_type: str
    path: Path | None = None
    chunks: Iterator[bytes] | None = None
    length: int | None = None


class Contents:
    """Opens files, keeps copies in `folder`. Without `open_content` only copies can be served."""

    def __init__(self, open_content: OpenContent | None, folder: Path) -> None:
        self._open = open_content
        self._folder = folder
        self._limit = anyio.CapacityLimiter(AT_ONCE)

    async def get(self, wanted: Wanted) -> Ready:
        """The file; raises hub.errors when there is no copy and the source does not give it."""
        return await anyio.to_thread.run_sync(self.get_now, wanted, limiter=self._limit)

    def get_now(self, wanted: Wanted) -> Ready:
        """`get` for code that is already in a thread."""
        kept = self._kept(wanted)
        if kept is not None and not (wanted.drawn and _age(kept) > DRAWN_SECONDS):
            return kept
        try:
            return self._fetched(wanted)
        except (RetryLater, NeedsPerson):
            if kept is None:
                raise
            return kept

    def _kept(self, wanted: Wanted) -> Ready | None:
        path = self._folder / wanted.key
        try:
            facts = orjson.loads(path.with_suffix(".json").read_bytes())
            if path.stat().st_size == facts["length"]:
                return Ready(wanted.named(facts["name"]), facts["media_type"], path)
        except (OSError, ValueError, KeyError):
            pass
        return None

    def _fetched(self, wanted: Wanted) -> Ready:
        if self._open is None:
            raise RetryLater("This portal is not connected to its sources.")
        with ExitStack() as source:
            content = source.enter_context(self._open(wanted.source, wanted.stream, wanted.external_id))
            name = wanted.named(content.name or "")
            media_type = content.media_type or "application/octet-stream"
            begun, length = [], 0
            for chunk in content.chunks:
                begun.append(chunk)
                length += len(chunk)
                if length > KEPT_BYTES:
                    rest = _rest(begun, content.chunks, source.pop_all())
                    return Ready(name, media_type, chunks=rest, length=content.length)
        if content.length is not None and content.length != length:
            raise RetryLater("The source broke off in the middle of the file.")
        self._keep(wanted.key, b"".join(begun), name, media_type)
        return Ready(name, media_type, chunks=iter(begun), length=length)

    def _keep(self, key: str, body: bytes, name: str, media_type: str) -> None:
        facts = orjson.dumps({"name": name, "media_type": media_type, "length": len(body)})
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._prune()
            # The bytes first: a copy counts only once its facts stand beside it.
            _write(self._folder / key, body)
            _write((self._folder / key).with_suffix(".json"), facts)
        except OSError:
            return  # A full disk costs the copy, not the reader.

    def _prune(self) -> None:
        files = sorted((f.stat().st_mtime, f.stat().st_size, f.path) for f in os.scandir(self._folder))
        excess = sum(size for _, size, _ in files) - FOLDER_BYTES
        for _, size, path in files:
            if excess <= 0:
                return
            Path(path).unlink(missing_ok=True)
            excess -= size


def _age(kept: Ready) -> float:
    """Seconds since a copy was made; one that is just being pruned is old."""
    try:
        return time.time() - kept.path.stat().st_mtime if kept.path else 0.0
    except OSError:
        return float("inf")


def _rest(begun: list[bytes], chunks: Iterator[bytes], source: ExitStack) -> Iterator[bytes]:
    """A large file as it comes; its source is closed at the end, or when the reader goes away."""
    with source:
        yield from begun
        begun.clear()
        yield from chunks


def _write(path: Path, body: bytes) -> None:
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
        file.write(body)
    Path(file.name).replace(path)


def key_of(row: Any) -> str:
    """The name of a row's copy."""
    return f"{row.id}-{bytes(row.content_hash).hex()}"


def disposition(name: str) -> str:
    """Content-Disposition that saves a file under its own name, whatever its letters (RFC 6266)."""
    name = re.sub(r'[\x00-\x1f\x7f/\\<>:"|?*]', "_", name).strip(". ") or "file"
    plain = re.sub(r"[^A-Za-z0-9 ._()-]", "_", name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def sent(ready: Ready) -> Response:
    """The answer that saves a file; nothing of it is ever shown inside the portal's pages."""
    safe = MEDIA_TYPE.fullmatch(ready.media_type) and not NEVER_SHOWN.search(ready.media_type)
    media_type = ready.media_type if safe else "application/octet-stream"
    headers = {**HEADERS, "content-disposition": disposition(ready.name)}
    if ready.path is not None:
        return FileResponse(ready.path, headers=headers, media_type=media_type)
    if ready.length is not None:
        headers["content-length"] = str(ready.length)
    return StreamingResponse(ready.chunks or iter(()), headers=headers, media_type=media_type)
