"""The inbox: what webhooks and ops asked to be read again, done at once by a long-lived worker."""

from __future__ import annotations

import logging
import time
from typing import Any

from sqlalchemy import Row, select, update

from flows.hub import Hub
from flows.sync import sync_source
from flows.targeted import read_again
from hub.clock import now
from hub.errors import FrontdeskError, RetryLater
from store.engine import writing
from store.hub_tables import INBOX_TRIES, Inbox

log = logging.getLogger("frontdesk.inbox")

BATCH = 50
AWAY_SECONDS = 5.0
"""How long a source that is away, or being read by a run, is left alone when it does not say itself."""

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
        .where(Inbox.done_at.is_(None), Inbox.attempts < INBOX_TRIES, Inbox.source.not_in(resting))
        .order_by(Inbox.received_at, Inbox.id)
        .limit(BATCH)
    )
    with hub.engine.connect().execution_options(reading=True) as connection:
        hints = connection.execute(waiting).all()
    return sum(_done(hub, hint, away) for hint in hints if away.get(hint.source, moment) <= moment)


def _done(hub: Hub, hint: Row[Any], away: Away) -> bool:
    try:
        _serve(hub, hint)
    except FrontdeskError as error:
        # A source that is away is no fault of the hint: it waits without using up its tries.
        if isinstance(error, RetryLater):
            away[hint.source] = time.monotonic() + (AWAY_SECONDS if error.after is None else error.after)
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
    with writing(hub.engine) as connection:
        connection.execute(update(Inbox).where(Inbox.id == hint_id).values(**values))
