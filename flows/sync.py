"""Sync: one run over a source's streams, owner records first. Unchanged, it writes once a stream and at its end."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from connectors.contract import Connector
from flows.hub import Hub, Source
from flows.patience import TRIES
from flows.pull import Progress, Pull
from flows.sweep import sweep_stream, unexpected
from hub.collector import rarely_collecting
from hub.errors import FrontdeskError, RetryLater
from mappings.mapping import Mapping as StreamMapping
from store import crosswalk
from store.anew import begin_anew, elsewhere, owns_otherwise
from store.engine import writing
from store.forgetting import forget_other_nouns
from store.runs import Begun, Stand, StreamResult, begin, finish, start_over

log = logging.getLogger("frontdesk.sync")


@dataclass(frozen=True, slots=True)
class RunSummary:
    """What a run did. state: done, partly, failed, held, busy. `requests` made to the source."""

    run_id: str
    source: str
    state: str
    streams: tuple[StreamResult, ...]
    requests: int
    seconds: float


def sync_source(
    hub: Hub,
    source: str,
    streams: Sequence[str] | None = None,
    *,
    full: bool = False,
    let_through: bool = False,
    progress: Progress | None = None,
) -> RunSummary:
    """Bring the store up to date with a source, all streams or some.

    `full` reads everything again and sweeps what the source no longer has. A stream that fails does not stop the
    others; its error is in its result and in the store. Raises NeedsPerson only when the source is not configured, or
    nothing of it is mapped.
    """
    started = time.monotonic()
    connected = hub.source(source)
    connected.require_mapped()
    chosen = _chosen(connected, streams)
    with writing(hub.engine) as connection:
        run = begin(connection, source, chosen, "full" if full else "sync")
        # Now that they are leased: a mapping that was taken away until now may have been forgotten with all it brought.
        connected = hub.source(source)
    mine = [mapping for mapping in connected.mappings if mapping.stream in run.stands]
    with rarely_collecting():
        results, requests = _pull_all(hub, connected, run, mine, full=full, let_through=let_through, progress=progress)
    results += [_busy(stream) for stream in run.busy]
    with writing(hub.engine) as connection:
        for mapping in mine:
            if any(result.stream == mapping.stream and result.added + result.updated for result in results):
                crosswalk.settle(connection, mapping.into)
        state = finish(connection, run, results, requests)
    return RunSummary(run.id, source, state, tuple(results), requests, round(time.monotonic() - started, 3))


def _chosen(source: Source, streams: Sequence[str] | None) -> list[str]:
    if streams is None:
        return [mapping.stream for mapping in source.mappings]
    wanted = {source.mapping(stream).stream for stream in streams}
    return [mapping.stream for mapping in source.mappings if mapping.stream in wanted]


def _pull_all(
    hub: Hub, source: Source, run: Begun, mappings: Sequence[StreamMapping], **options: Any
) -> tuple[list[StreamResult], int]:
    results = run.done
    connector: Connector[Any] = source.connector
    try:
        with connector.open(source.settings, hub.tokens(source.name)) as session:
            for mapping in mappings:
                # A source that stayed away through one stream's patience is asked only once for each of the others.
                away = bool(results) and results[-1].error_kind == RetryLater.__name__
                results.append(_pull_one(hub, connector, session, run, mapping, tries=1 if away else TRIES, **options))
            if results and results[-1].error_kind != RetryLater.__name__:
                _watch(hub, source, session)
            return results, connector.requests(session)
    except FrontdeskError as error:
        reason = error
    except Exception as error:  # noqa: BLE001 -- the run must be closed, or its leases would block the next one
        reason = unexpected(error, run.source)
    # The source cannot be opened at all: every stream that has not run says why.
    done = {result.stream for result in results}
    return [*results, *(_failed(mapping.stream, reason) for mapping in mappings if mapping.stream not in done)], 0


def _watch(hub: Hub, source: Source, session: Any) -> None:
    """Have the source tell us of changes, if it can and the firm has set a secret for it. Polling goes on anyway."""
    secret = hub.settings.sources[source.name].webhook_secret.get_secret_value()
    if source.connector.watch is None or not secret:
        return
    address = f"{hub.settings.public_url.rstrip('/')}/hooks/{source.name}"
    try:
        source.connector.watch(session, hub.tokens(f"{source.name} channel"), address, secret)
    except FrontdeskError as error:
        log.warning("%s does not tell us of changes: %s", source.name, error.sentence)


def _pull_one(
    hub: Hub,
    connector: Connector[Any],
    session: Any,
    run: Begun,
    mapping: StreamMapping,
    *,
    tries: int,
    full: bool,
    let_through: bool,
    progress: Progress | None,
) -> StreamResult:
    try:
        stand = _stand(hub, run, mapping, connector, connector.place(session))
        stream = connector.stream(mapping.stream)
        pull = Pull(hub, session, stream, mapping, run, stand, full, let_through, progress, tries=tries)
        result = pull.run()
        # What a held sweep would have buried is no longer told by any page, so letting it through means sweeping.
        if (full or let_through or pull.sweep or stand.sweep_due) and result.state == "done":
            result = sweep_stream(hub, session, stream, mapping, run, result, let_through=let_through)
    except FrontdeskError as error:
        return _failed(mapping.stream, error)
    except Exception as error:  # noqa: BLE001 -- `unexpected` tells the log
        return _failed(mapping.stream, unexpected(error, f"{run.source}.{mapping.stream}"))
    return result


def _stand(hub: Hub, run: Begun, mapping: StreamMapping, connector: Connector[Any], place: str) -> Stand:
    """Where the stream stands; at its beginning when what is stored was read with another mapping, or elsewhere."""
    stand = run.stands[mapping.stream]
    if (stand.mapping, stand.place) == (mapping.fingerprint, place):
        return stand
    with writing(hub.engine) as connection:
        crosswalk.writing(connection, deciding=True)
        if not connector.unique_ids and (others := elsewhere(connection, run.source, place)):
            # All at once: what is read of one stream would be shown by what another one brought from there.
            begin_anew(connection, run.source, others, run.id)
            log.warning("%s reads another place: nobody sees what is stored until it has been read anew", run.source)
        here = (connection, run.source, mapping.stream)
        if turned := owns_otherwise(*here, mapping.owner_kind):
            begin_anew(connection, run.source, [mapping.stream], run.id)
        # What it brought as another noun is no longer read, and would stay in sight for ever.
        moved = forget_other_nouns(*here, mapping.into, run.id)
        return start_over(*here, stand, mapping.fingerprint, place, anew=moved or turned)


def _failed(stream: str, error: FrontdeskError) -> StreamResult:
    return StreamResult(
        stream, "failed", 0, 0, 0, 0, 0, 0, 0.0,
        sentence=error.sentence,
        error_kind=RetryLater.__name__ if isinstance(error, RetryLater) else type(error).__name__,
        step=error.step,
        after=error.after if isinstance(error, RetryLater) else None,
    )  # fmt: skip


def _busy(stream: str) -> StreamResult:
    return StreamResult(
        stream, "busy", 0, 0, 0, 0, 0, 0, 0.0,
        sentence="Another worker is reading this just now, so nothing was read here.",
        step="Nothing to do: that one goes on. To read once more, try again in a minute.",
    )  # fmt: skip
