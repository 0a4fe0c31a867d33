"""One writer, any number of readers: work on a private copy, then rename it over the published file."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from hub.errors import NeedsPerson, RetryLater

DAMAGE = (
    duckdb.IOException,
    duckdb.FatalException,
    duckdb.InternalException,
    duckdb.SerializationException,
    duckdb.CatalogException,
    duckdb.BinderException,
)
"""What DuckDB says of a file that is none of its own, is broken, or lacks tables."""


@contextmanager
def replacing(path: Path, *, fresh: bool) -> Iterator[Path]:
    """A private file to work on, beside `path`: a copy of it, or absent when `fresh` or when there is none yet.

    If the block ends well the private file becomes `path` in one step; if not, `path` is as it was. Whatever a killed
    build left behind is removed. RetryLater while another build works, NeedsPerson when the disk takes no more.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _only_one(path), _private(path) as private:
            if path.exists() and not fresh:
                shutil.copyfile(path, private)
            yield private
            _sync(private)
            # Left by somebody who wrote to the file that goes now. Beside the new one it would make that unreadable.
            _log_of(path).unlink(missing_ok=True)
            private.replace(path)
    except (OSError, duckdb.IOException, duckdb.FatalException) as error:  # the last: a failed checkpoint
        raise _refused(path, error) from error


@contextmanager
def _private(path: Path) -> Iterator[Path]:
    private = path.with_name(f".{path.name}.building")
    _clear(private)
    try:
        yield private
    finally:
        _clear(private)


def _refused(path: Path, error: OSError | duckdb.Error) -> NeedsPerson:
    why = error.strerror if isinstance(error, OSError) else str(error).rpartition(": ")[2].strip()
    return NeedsPerson(
        f"The warehouse cannot be built in {path.parent}: {why or type(error).__name__}. The last good file stays.",
        step="See that the disk has room and the folder is yours, then run `frontdesk warehouse build` again.",
        detail=str(error),
    )


@contextmanager
def reading(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The published file, read-only, as it is now; a build that ends meanwhile changes nothing for the block.

    Times come out naive and in UTC. NeedsPerson when nothing has been published yet, or the file is damaged.
    """
    if not path.exists():
        raise NeedsPerson(f"There is no warehouse at {path} yet.", step="Run `frontdesk warehouse build` first.")
    # DuckDB shares one open database per path and process: opened by name, a new reader would be given an older
    # reader's file for as long as that one lives. Attached to a database of its own, each reader opens what is there.
    with duckdb.connect(":memory:") as connection:
        try:
            connection.execute(f"ATTACH '{str(path).replace(chr(39), chr(39) * 2)}' AS warehouse (READ_ONLY)")
            connection.execute("USE warehouse; SET TimeZone = 'UTC'")
            yield connection
        except DAMAGE as error:
            step = "`frontdesk warehouse build --rebuild` makes it anew from the store."
            raise NeedsPerson(f"The warehouse {path} cannot be read.", step=step, detail=str(error)) from error


@contextmanager
def _only_one(path: Path) -> Iterator[None]:
    with path.with_name(f".{path.name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RetryLater(
                f"Another build of {path} is running.", step="Wait for it to end; the present file stays readable."
            ) from None
        yield


def _clear(private: Path) -> None:
    private.unlink(missing_ok=True)
    _log_of(private).unlink(missing_ok=True)
    shutil.rmtree(rows_of(private), ignore_errors=True)


def _log_of(file: Path) -> Path:
    """DuckDB's write-ahead log of a database's file."""
    return file.with_name(file.name + ".wal")


def rows_of(private: Path) -> Path:
    """The folder for what a build reads of the store; gone with the private file, also after a killed build."""
    return private.with_name(private.name + ".rows")


def _sync(file: Path) -> None:
    with file.open("rb") as opened:
        os.fsync(opened.fileno())
