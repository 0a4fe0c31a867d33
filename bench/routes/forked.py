"""An experiment (docs/decisions/0008): our whole path; a forked process reads, lands and maps, this one stores.

It is the best case. A fork starts at once (on macOS it could not), nothing is retried, nothing survives the reader's
death, and the store's write lock is held while the source is waited for.

    forked.py SERVER DATABASE      reads the configuration that FRONTDESK_CONFIG names
"""

from __future__ import annotations

import marshal
import os
import pickle
import sys
from collections.abc import Iterator
from dataclasses import replace
from typing import IO, Any

from meter import Meter

from connectors.contract import Want
from flows import pull, sync
from flows.hub import open_hub
from flows.pull import Pull
from hub import settings
from hub.collector import collect_rarely, leave_at_once
from store.merge import Batch, merge

STREAM = "Project__c"


def send(pull_: Pull, out: IO[bytes]) -> None:
    """Each page's batch, its rows by marshal, which is the fastest there is."""
    for page in pull_.stream.read(pull_.session, Want(pull_.mapping.source_fields, None)):
        pull_.number += 1
        batch = pull_._batch(page)  # noqa: SLF001 -- an experiment
        for part in (marshal.dumps((batch.rows, batch.hashes)), pickle.dumps(replace(batch, rows=(), hashes=()))):
            out.write(len(part).to_bytes(8, "little"))
            out.write(part)
        out.flush()


def receive(read: IO[bytes]) -> Iterator[Batch]:
    while size := read.read(8):
        rows, hashes = marshal.loads(read.read(int.from_bytes(size, "little")))
        rest = read.read(int.from_bytes(read.read(8), "little"))
        yield replace(pickle.loads(rest), rows=rows, hashes=hashes)


def batches(pull_: Pull) -> Iterator[Batch]:
    """The other process's, as they come."""
    read, write = os.pipe()
    if not (child := os.fork()):
        os.close(read)
        with os.fdopen(write, "wb", buffering=1 << 20) as out:
            send(pull_, out)
        os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb", buffering=1 << 20) as found:
        yield from receive(found)
    if os.waitpid(child, 0)[1]:
        sys.exit("the reader failed")


def store_as_they_come(pull_: Pull) -> None:
    """Merged while the next is read; committed as often as the product does."""
    coming = batches(pull_)
    while True:
        clients: dict[str, str] = {}
        many = 0
        with pull_.hub.engine.begin() as connection:
            for batch in coming:
                pull_.counts.add(merge(connection, batch, clients, empty=True))
                many += len(batch.rows)
                if many >= pull.TOGETHER:
                    break
            else:
                return


class Forked(Pull):
    """The large stream in two processes, the small one as ever."""

    def _pull(self) -> None:
        if self.mapping.stream == STREAM:
            store_as_they_come(self)
        else:
            super()._pull()


def load() -> None:
    meter = Meter()
    takes_its_place: Any = sync
    takes_its_place.Pull = Forked
    with open_hub(settings.load()) as hub:
        summary = sync.sync_source(hub, "salesforce", ["Account", STREAM])
    failed = [f"{stream.stream}: {stream.sentence}" for stream in summary.streams if stream.state != "done"]
    if failed:
        sys.exit("\n".join(failed))
    meter.report(next(stream.added for stream in summary.streams if stream.stream == STREAM))


if __name__ == "__main__":
    collect_rarely()
    leave_at_once()
    load()
