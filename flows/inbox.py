"""The inbox: what webhooks and ops asked to be read again, done at once by a long-lived worker."""

from __future__ import annotations

import logging
from typing import Any

from sqlalchemy import Row, select, update

from flows.hub import Hub
from flows.sync import sync_source
from flows.targeted import read_again
from hub.clock import now
from hub.errors import FrontdeskError, RetryLater
from store.hub_tables import Inbox

log = logging.getLogger("frontdesk.inbox")

BATCH = 50
TRIES = 5
"""After so many failures polling is left to do it; the hint stays with its error for ops to see."""


def drain(hub: Hub) -> int:
    """Work off what is waiting, oldest first; returns how many hints were done. Never raises for a single hint."""
    waiting = (
        select(Inbox)
        .where(Inbox.done_at.is_(None), Inbox.attempts < TRIES)
        .order_by(Inbox.received_at, Inbox.id)
        .limit(BATCH)
    )
    with hub.engine.connect().execution_options(reading=True) as connection:
        hints = connection.execute(waiting).all()
    return sum(_done(hub, hint) for hint in hints)


def _done(hub: Hub, hint: Row[Any]) -> bool:
    try:
        _serve(hub, hint)
    except FrontdeskError as error:
        # A source that is away is no fault of the hint: it waits without using up its tries.
        _mark(hub, hint.id, attempts=hint.attempts + (not isinstance(error, RetryLater)), error=error.sentence)
        return False
    except Exception as error:
        log.exception("inbox hint %s failed unexpectedly", hint.id)
        _mark(hub, hint.id, attempts=hint.attempts + 1, error=type(error).__name__)
        return False
    _mark(hub, hint.id, done_at=now(), error=None)
    return True


def _serve(hub: Hub, hint: Row[Any]) -> None:
    if hint.stream and hint.external_id:
        read_again(hub, hint.source, hint.stream, hint.external_id)
    else:
        sync_source(hub, hint.source, [hint.stream] if hint.stream else None)


def _mark(hub: Hub, hint_id: str, **values: Any) -> None:
    with hub.engine.begin() as connection:
        connection.execute(update(Inbox).where(Inbox.id == hint_id).values(**values))
