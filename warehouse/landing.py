"""Landing: every page as the source sent it, immutable, before anything is made of it.

One zstd file a page: `{source}/{stream}/{day}/{run}-{number}.json.zst`, written beside its name and renamed, so that a
reader never sees half. A row's `batch` column is this path: each number opens to the bytes it came from.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import errno
from collections.abc import Iterable, Iterator
from pathlib import Path

import zstandard

from hub.clock import now
from hub.errors import NeedsPerson

LEVEL = 1
"""zstd's fastest level that still shrinks JSON eightfold; higher ones cost more time than the page's mapping."""


class Landing:
    """A folder of landed pages. Paths given and returned are relative to `root`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._made: set[Path] = set()

    def land(self, source: str, stream: str, run_id: str, number: int, raw: bytes) -> str:
        """Write one page; returns its path. NeedsPerson when the disk is full or not writable."""
        name = f"{source}/{stream}/{now():%Y-%m-%d}/{run_id}-{number:06d}.json.zst"
        path = self.root / name
        try:
            if path.parent not in self._made:
                path.parent.mkdir(parents=True, exist_ok=True)
                self._made.add(path.parent)
            # A compressor of its own for each page: one that two threads use at once crashes the process.
            _write_whole(path, zstandard.ZstdCompressor(level=LEVEL).compress(raw))
        except OSError as error:
            raise _sentence(self.root, error) from error
        return name

    def read(self, name: str) -> bytes:
        """The page as it was landed. NeedsPerson when the file is gone."""
        try:
            return zstandard.ZstdDecompressor().decompress((self.root / name).read_bytes(), max_output_size=1 << 30)
        except OSError as error:
            raise NeedsPerson(
                f"The landed page {name} cannot be read: {error.strerror}.",
                step="Put the landing folder's backup back, or have the source read again: `frontdesk sync --full`.",
            ) from error

    def before(self, day: dt.date) -> Iterator[str]:
        """Pages that were landed before that day, and what a killed run left of one."""
        for folder in self.root.glob("*/*/????-??-??"):
            if folder.name < day.isoformat():
                yield from (str(file.relative_to(self.root)) for file in folder.glob("*.json.*"))

    def remove(self, names: Iterable[str]) -> int:
        """Remove pages, and days of which none is left; returns how many pages. NeedsPerson where it may not."""
        removed = 0
        try:
            for name in names:
                (self.root / name).unlink(missing_ok=True)
                removed += 1
                with contextlib.suppress(OSError):  # Others are left in it.
                    (self.root / name).parent.rmdir()
        except OSError as error:
            raise _sentence(self.root, error) from error
        return removed


def _write_whole(path: Path, content: bytes) -> None:
    part = path.with_suffix(".part")
    try:
        part.write_bytes(content)
        part.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        raise


def _sentence(root: Path, error: OSError) -> NeedsPerson:
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return NeedsPerson(
            f"The disk of the landing folder {root} is full; nothing was stored and no cursor moved.",
            step="Free some space, then sync again: it goes on where it stopped.",
        )
    return NeedsPerson(
        f"The landing folder {root} cannot be written: {error.strerror}.",
        step="Check that the folder exists and belongs to the user that runs Frontdesk.",
    )
