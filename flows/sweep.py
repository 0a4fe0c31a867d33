"""The sweep: compare a stream's live ids with the source's own, and bury what the source no longer has.

Finds what no delete feed tells: purged recycle bins, lost access, deletes older than the feed remembers.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from connectors.contract import Stream, Want
from flows import brake
from flows.hub import Hub
from flows.leased import Leased
from flows.pull import Pull
from hub.errors import FrontdeskError, NeedsPerson, RetryLater
from mappings.mapping import NO_ID
from mappings.mapping import Mapping as StreamMapping
from store import crosswalk, left_out
from store.engine import writing
from store.live import held_ids, live_ids
from store.merge import burial, merge
from store.ownerless import WHOLES
from store.runs import Begun, StreamResult, begin, call_for_sweep, finish
from store.trouble import trouble

log = logging.getLogger("frontdesk.sweep")


def sweep_stream(
    hub: Hub,
    session: Any,
    stream: Stream[Any],
    mapping: StreamMapping,
    run: Begun,
    result: StreamResult,
    *,
    let_through: bool = False,
) -> StreamResult:
    """Sweep a stream that this run holds the lease of; returns `result` with what was removed, or held.

    A sweep that fails or is held stays due: the next sync tries it again.
    """
    try:
        removed = _sweep(hub, session, stream, mapping, run, let_through=let_through)
    except FrontdeskError as error:
        return _not_swept(result, error)
    except Exception as error:  # noqa: BLE001 -- the run must be closed, or its leases would block the next one
        return _not_swept(result, unexpected(error, f"the sweep of {mapping.source}.{mapping.stream}"))
    return replace(result, removed=result.removed + removed, swept=True)


def _not_swept(result: StreamResult, error: FrontdeskError) -> StreamResult:
    state, kind = "held" if isinstance(error, brake.HeldRun) else "failed", type(error).__name__
    return replace(result, state=state, sentence=error.sentence, step=error.step, error_kind=kind, swept=False)


def unexpected(error: Exception, what: str) -> FrontdeskError:
    """The store's trouble, or a defect of ours, in words that a person can act on; the log has the rest."""
    if (known := trouble(error)) is not None:
        log.warning("%s: %s %s", what, known.sentence, known.detail)
        return known
    log.error("%s failed unexpectedly", what, exc_info=error)
    return NeedsPerson(
        f"Something unexpected happened: {type(error).__name__}.",
        step="Nothing was lost; the log has the details. Sync again, and report it if it stays.",
        detail=str(error),
    )


def _sweep(
    hub: Hub, session: Any, stream: Stream[Any], mapping: StreamMapping, run: Begun, *, let_through: bool
) -> int:
    # Ours first, theirs second: a record born in between is then not mistaken for a missing one.
    ours, held, left = _ours(hub, mapping)
    theirs: set[str] = set()
    leased = Leased(hub, run, mapping.stream)
    for page in leased.through(stream.keys(session)):
        theirs.update(page)
    missing, lost = ours - theirs, left - theirs
    if not let_through:
        brake.refuse_vanished(mapping.source, mapping.stream, seen=len(theirs), live=len(ours))
        brake.refuse_mass_delete(mapping.source, mapping.stream, removing=len(missing), live=len(ours))
    if (missing or lost) and not let_through:
        some = _some_of([*sorted(missing), *sorted(lost)])
        _refuse_short(session, stream, mapping, len(theirs), leased.through(some))
    if gone := missing | lost | (held - theirs):
        with writing(hub.engine) as connection:
            merge(connection, burial(mapping.source, mapping.stream, mapping.into, run.id, sorted(gone), "purged"), {})
    if mapping.owner_kind:
        crosswalk.match_undecided(hub.engine)
    return len(missing)


def _some_of(keys: Sequence[str]) -> Sequence[str]:
    """A few from all over the list: what a source cuts off is in one place of it, what was deleted in another."""
    return keys[:: -(-len(keys) // brake.AT_LEAST)]


def _refuse_short(
    session: Any, stream: Stream[Any], mapping: StreamMapping, listed: int, some_missing: Iterable[str]
) -> None:
    """RetryLater when the source's list was not whole: what it left out must not count as gone.

    The source's own number tells that it was. Where there is none, or it is higher, which on a busy stream may be a
    record born since, some of the missing are asked for one by one.
    """
    number = stream.count(session) if stream.count is not None else None
    if number is not None and listed >= number:
        return
    want = Want(mapping.source_fields)
    there = [key for key in some_missing if stream.one(session, key, want) is not None]
    if there:
        short = f"not {', '.join(there[:3])}, which it has," if number is None else f"{listed:,} of {number:,} records"
        raise RetryLater(
            f"{mapping.source} lists {short} of {mapping.stream}, so nothing was taken away.",
            step="Nothing to do: the next sync compares again. Report it to the vendor if it stays.",
        )


def _ours(hub: Hub, mapping: StreamMapping) -> tuple[set[str], set[str], set[str]]:
    """What is live here, held, and left out; a record without an id of the source's own can be looked for nowhere."""
    with hub.engine.connect().execution_options(reading=True) as connection:
        live = live_ids(connection, mapping.into, mapping.source, mapping.stream)
        waiting = held_ids(connection, mapping.source, mapping.stream)
        left = left_out.ids_of(connection, mapping.source, mapping.stream)
    return live, {key for key in waiting if not key.startswith(NO_ID)}, left


def sweep_source(hub: Hub, source: str, *, let_through: bool = False) -> tuple[StreamResult, ...]:
    """Sweep all streams of a source in a run of its own (nightly)."""
    connected = hub.source(source)
    with writing(hub.engine) as connection:
        run = begin(connection, source, [mapping.stream for mapping in connected.mappings], "sweep")
        call_for_sweep(connection, source, run.busy)
    results = run.done
    try:
        with connected.connector.open(connected.settings, hub.tokens(source)) as session:
            for mapping in connected.mappings:
                if mapping.stream in run.stands:
                    stream = connected.connector.stream(mapping.stream)
                    place = connected.connector.place(session)
                    results.append(_one_night(hub, session, stream, mapping, run, place, let_through=let_through))
            requests = connected.connector.requests(session)
    except FrontdeskError as error:
        requests = _none_swept(run, results, error)
    except Exception as error:  # noqa: BLE001 -- `unexpected` tells the log
        requests = _none_swept(run, results, unexpected(error, f"the sweep of {source}"))
    with writing(hub.engine) as connection:
        finish(connection, run, results, requests)
    return tuple(results)


def _one_night(
    hub: Hub, session: Any, stream: Stream[Any], mapping: StreamMapping, run: Begun, place: str, *, let_through: bool
) -> StreamResult:
    """Sweep a stream; one with calculated or another record's fields is read again first: no record tells of them."""
    stand, result = run.stands[mapping.stream], StreamResult(mapping.stream, "done", 0, 0, 0, 0, 0, 0, 0.0)
    try:
        if stand.place not in (None, place):
            # The next sync reads all of it, and sweeps then.
            return replace(result, swept=False)
        # Where the mapping has changed, the next sync reads all of it anyway.
        if stand.mapping == mapping.fingerprint and _is_calculated(session, stream, mapping):
            result = Pull(hub, session, stream, mapping, run, stand, full=True, let_through=let_through).run()
    except FrontdeskError as error:
        return _not_swept(result, error)
    if result.state != "done":
        return replace(result, swept=False)
    return sweep_stream(hub, session, stream, mapping, run, result, let_through=let_through)


def _is_calculated(session: Any, stream: Stream[Any], mapping: StreamMapping) -> bool:
    """Whether the mapping reads a field that the source works out, or one of another record (`Owner.Name`)."""
    if stream.describe is None:
        return False
    fields = stream.describe(session)
    wanted = {name.lower() for name in mapping.plain_fields}
    if any(field.calculated and name.lower() in wanted for name, field in fields.items()):
        return True
    # A dotted name is a part of a field that is described (MetaData.LastUpdatedTime), itself one, or a parent's.
    described = {part for name in fields for part in (name.lower(), name.lower().partition(".")[0])}
    heads = {name.lower().partition(".")[0] for name in mapping.source_fields if name not in _carried(mapping)}
    return not heads <= described | {""}


def _carried(mapping: StreamMapping) -> frozenset[str]:
    """The owner's path of what follows its whole to another client by itself (store.parts): `Project__r.Account__c`.

    A full reading of all milestones each night would find nothing by it.
    """
    column, head = WHOLES.get(mapping.into), mapping.owner_path.partition(".")[0].removesuffix("__r")
    wholes = {said.path.removesuffix("__c").removesuffix("Id") for said in mapping.said if said.column == column}
    return frozenset({mapping.owner_path}) if head in wholes else frozenset()


def _none_swept(run: Begun, results: list[StreamResult], error: FrontdeskError) -> int:
    """What has not been swept says why; returns the requests, none that anybody knows of."""
    done = {result.stream for result in results}
    rest = [stream for stream in run.stands if stream not in done]
    results += [_not_swept(StreamResult(stream, "done", 0, 0, 0, 0, 0, 0, 0.0), error) for stream in rest]
    return 0
