"""The inbox: what webhooks and ops asked to be read again, done at once by a long-lived worker."""

from __future__ import annotations

import logging
import time
from collections import defaultdict
from contextlib import suppress
from typing import Any

from sqlalchemy import select, update

from flows.brake import HeldRun
from flows.hub import Hub
from flows.sync import sync_source
from flows.targeted import read_again
from hub.clock import now
from hub.errors import FrontdeskError, RetryLater
from store.engine import writing
from store.hub_tables import INBOX_TRIES, LET_THROUGH, Inbox

log = logging.getLogger("frontdesk.inbox")

BATCH = 50
AWAY_SECONDS = 60.0
"""How long a source that is away is left alone when it does not say itself: each try is a run that ops see."""
BUSY_SECONDS = 5.0
"""How long a hint waits for the run that is on its stream."""

What = tuple[str, str | None, str | None, bool]
"""Source, stream, external id: one record, one stream or the whole source; and whether ops let it past the brake."""

Away = dict[str, float]
"""By source, the moment of `time.monotonic` before which it is not asked again."""


def drain(hub: Hub, away: Away | None = None) -> int:
    """Work off what is waiting, oldest first; returns how many hints were done. Never raises for a single hint.

    A worker that drains again and again passes the same `away`, so that a source in trouble is left in peace and does
    not keep the others' hints waiting.
    """
    away = {} if away is None else away
    moment = time.monotonic()
    resting = [source for source, until in away.items() if until > moment]
    waiting = (
        select(Inbox)
        .where(Inbox.c.done_at.is_(None), Inbox.c.attempts < INBOX_TRIES, Inbox.c.source.not_in(resting))
        .order_by(Inbox.c.received_at, Inbox.c.id)
        .limit(BATCH)
    )
    with hub.engine.connect().execution_options(reading=True) as connection:
        hints = connection.execute(waiting).all()
    alike: dict[What, list[str]] = defaultdict(list)
    for hint in hints:
        through = hint.event_id.startswith(LET_THROUGH)
        alike[hint.source, hint.stream, hint.external_id, through].append(hint.id)
    return sum(_done(hub, what, ids, away) for what, ids in alike.items() if away.get(what[0], moment) <= moment)


def _done(hub: Hub, what: What, ids: list[str], away: Away) -> int:
    """Read once what these hints all speak of; returns how many are done."""
    try:
        _serve(hub, *what)
    except FrontdeskError as error:
        # A source that is away is no fault of the hint: it waits without using up its tries.
        if isinstance(error, RetryLater):
            away[what[0]] = time.monotonic() + (AWAY_SECONDS if error.after is None else error.after)
        _mark(hub, ids, attempts=Inbox.c.attempts + (0 if isinstance(error, RetryLater) else 1), error=error.sentence)
        return 0
    except Exception as error:
        log.exception("inbox hint %s failed unexpectedly", ids[0])
        _mark(hub, ids, attempts=Inbox.c.attempts + 1, error=type(error).__name__)
        return 0
    _mark(hub, ids, done_at=now(), error=None)
    return len(ids)


def _serve(hub: Hub, source: str, stream: str | None, external_id: str | None, through: bool) -> None:
    # What ops ask for is never passed over: that its mapping is gone is their answer.
    if stream and not through and not _mapped(hub, source, stream):
        log.debug("%s.%s has no mapping, so there is nothing to read again", source, stream)
        return
    if stream and external_id:
        # What is too much at once is the next sync's to hold, where ops see it: the hint has nothing to add.
        with suppress(HeldRun):
            read_again(hub, source, stream, external_id)
        return
    summary = sync_source(hub, source, [stream] if stream else None, let_through=through)
    for result in summary.streams:
        # A run that is on the stream just now may have read it before the change that the hint speaks of.
        if result.state == "busy" or result.error_kind == RetryLater.__name__:
            after = BUSY_SECONDS if result.state == "busy" else result.after
            raise RetryLater(result.sentence or "The source is away.", after=after)


def _mapped(hub: Hub, source: str, stream: str) -> bool:
    """Whether we keep anything of this stream: vendors tell of every kind of record that they have.

    Asked here and not when the hint comes in: it is read with the worker's mappings, and the portal answers a delivery
    at once, without any.
    """
    return any(mapping.stream == stream for mapping in hub.source(source).mappings)


def _mark(hub: Hub, ids: list[str], **values: Any) -> None:
    with writing(hub.engine) as connection:
        connection.execute(update(Inbox).where(Inbox.c.id.in_(ids)).values(**values))
