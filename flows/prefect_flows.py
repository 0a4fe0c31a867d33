"""Prefect's coats over the engine: one flow run per source, one coarse task in it. Schedules stand in `prefect.yaml`.

Flows are `async` because a synchronous one waits a second for its heartbeat thread at the end; the engine itself runs
in a thread. Streams are not tasks of their own: a source's streams share one session and one run record, and each
task costs more than a stream without changes.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

# Before Prefect is imported: without an address it would boot a server of its own, 15 seconds in every process.
os.environ.setdefault("PREFECT_SERVER_ALLOW_EPHEMERAL_MODE", "false")
os.environ.setdefault("DO_NOT_TRACK", "1")

from prefect import flow, get_run_logger, task
from prefect.artifacts import acreate_table_artifact
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.states import Completed, Failed
from prefect.tasks import Task
from sqlalchemy.exc import DBAPIError

from flows import inbox, reconcile, sweep, sync, tidy
from flows.compare import StreamCertificate
from flows.hub import open_hub
from flows.sync import RunSummary
from hub.errors import FrontdeskError, RetryLater
from hub.settings import load
from store.runs import StreamResult
from store.trouble import trouble

if TYPE_CHECKING:
    from warehouse.build import BuildReport

RETRY_DELAYS = [5.0, 30.0, 120.0]
"""Seconds before each retry of a source that is away, on top of the wait that the source itself asks for."""
LONGEST_WAIT = 600
COUNTS = ("seen", "added", "updated", "unchanged", "removed", "left_out", "held")


class Results:
    """What the streams of a run came to, kept over the retries of its task (Prefect copies plain collections)."""

    def __init__(self) -> None:
        self.by_stream: dict[str, StreamResult] = {}

    def add(self, results: Sequence[StreamResult]) -> None:
        self.by_stream |= {result.stream: result for result in results}

    def all(self) -> list[StreamResult]:
        return list(self.by_stream.values())

    def failed(self) -> list[str]:
        return [result.stream for result in self.all() if result.state == "failed"]


async def is_worth_retrying(_task: Task[..., Any], _run: TaskRun, state: State[Any]) -> bool:
    """Only what may work later by itself; revoked credentials stay revoked however often we ask."""
    error = await state.aresult(raise_on_failure=False)
    return isinstance(error, RetryLater)


@task(
    name="pull",
    task_run_name="pull {source}",
    retries=len(RETRY_DELAYS),
    retry_delay_seconds=RETRY_DELAYS,
    retry_condition_fn=is_worth_retrying,
    persist_result=False,
    cache_policy=NO_CACHE,
)
async def pull(source: str, streams: list[str], full: bool, results: Results) -> None:
    """Sync the streams, all when none is named, and on a retry only those that failed."""
    summary = await asyncio.to_thread(_sync, source, results.failed() or streams or None, full)
    results.add(summary.streams)
    await _raise_if_source_is_away(summary.streams)


def _sync(source: str, streams: Sequence[str] | None, full: bool) -> RunSummary:
    with open_hub(load()) as hub:
        return sync.sync_source(hub, source, streams, full=full)


async def _raise_if_source_is_away(results: Sequence[StreamResult | StreamCertificate]) -> None:
    away = [result for result in results if result.error_kind == RetryLater.__name__]
    if not away:
        return
    # Prefect fixes its delays beforehand, so the wait that the source asked for is served here.
    await asyncio.sleep(min(max(result.after or 0 for result in away), LONGEST_WAIT))
    raise RetryLater(away[0].sentence or "The source is away.", step=away[0].step or "")


@flow(name="sync-source", flow_run_name="sync {source}", persist_result=False)
async def sync_source(source: str, streams: list[str] | None = None, full: bool = False) -> State[Any]:
    """Bring the portal store up to date with one source."""
    results = Results()
    try:
        await pull(source, streams or [], full, results)
    except RetryLater as error:
        get_run_logger().warning("%s", error.sentence)
    except (FrontdeskError, DBAPIError) as error:
        return _failed(error)
    await _publish(f"sync-{source}", _table(results.all()), f"Sync of {source}")
    return _state(source, results.all())


class Night:
    """What the nightly run of a source came to, kept over the retries of its task."""

    def __init__(self) -> None:
        self.swept: Sequence[StreamResult] | None = None
        self.at: dt.datetime | None = None
        self.by_stream: dict[str, StreamCertificate] = {}

    def add(self, certificate: reconcile.Certificate) -> None:
        self.at = certificate.at
        self.by_stream |= {one.stream: one for one in certificate.streams}

    def failed(self) -> list[str]:
        return [stream for stream, one in self.by_stream.items() if one.sentence is not None]


@flow(name="sweep-and-reconcile", flow_run_name="sweep {source}", persist_result=False)
async def sweep_and_reconcile(source: str) -> State[Any]:
    """Find what deletes left behind, then compare our copy with the source."""
    night = Night()
    try:
        await sweep_and_compare(source, night)
    except RetryLater as error:
        get_run_logger().warning("%s", error.sentence)
    except (FrontdeskError, DBAPIError) as error:
        return _failed(error)
    streams = list(night.by_stream.values())
    await _publish(f"reconcile-{source}", _compared(streams), f"{source} compared at {night.at:%Y-%m-%d %H:%M} UTC")
    if any(one.compared and not one.agrees for one in streams):
        return Failed(message=f"Our copy of {source} differs; `frontdesk sync {source} --full` mends it.")
    if failed := [one for one in streams if one.sentence is not None]:
        return Failed(message=f"Could not be compared: {_sentences(source, failed)}")
    if not all(one.agrees for one in streams):
        return Failed(message=f"Not all of {source} was read whole yet, and so not compared; the next sync goes on.")
    return _state(source, night.swept or ())


def _compared(streams: Sequence[StreamCertificate]) -> list[dict[str, Any]]:
    return [
        {"stream": s.stream, "theirs": s.theirs, "ours": s.ours, "held": s.held, "left out": s.left_out,
         "on the way": s.on_the_way, "missing": len(s.missing), "too many": len(s.surplus),
         "different": len(s.differing), "compared": "yes" if s.compared else "no",
         "sentence": f"could not be compared: {s.sentence}" if s.sentence is not None else "", "next": s.step or ""}
        for s in streams
    ]  # fmt: skip


@task(
    name="sweep and compare",
    retries=len(RETRY_DELAYS),
    retry_delay_seconds=RETRY_DELAYS,
    retry_condition_fn=is_worth_retrying,
    persist_result=False,
    cache_policy=NO_CACHE,
)
async def sweep_and_compare(source: str, night: Night) -> None:
    """Both in one task: the comparison speaks of the state that the sweep leaves. A retry compares what failed."""
    if night.swept is None:
        night.swept = await asyncio.to_thread(_sweep, source)
    night.add(await asyncio.to_thread(_compare, source, night.failed() or None))
    await _raise_if_source_is_away(list(night.by_stream.values()))


def _sweep(source: str) -> Sequence[StreamResult]:
    with open_hub(load()) as hub:
        return sweep.sweep_source(hub, source)


def _compare(source: str, streams: Sequence[str] | None) -> reconcile.Certificate:
    with open_hub(load()) as hub:
        return reconcile.reconcile_source(hub, source, streams=streams)


@flow(name="warehouse-build", persist_result=False)
async def warehouse_build() -> State[Any]:
    """Build the analysts' file from the portal store and publish it."""
    try:
        report = await asyncio.to_thread(_build)
    except (FrontdeskError, DBAPIError) as error:
        return _failed(error)
    return Completed(message=f"{report.new_activity} new of {report.activity} rows of activity.")


def _build() -> BuildReport:
    from warehouse.build import build_for

    return build_for(load())


@flow(name="drain-inbox", persist_result=False)
async def drain_inbox() -> State[Any]:
    """Read again what webhooks hinted at."""
    try:
        read = await asyncio.to_thread(_drain)
    except (FrontdeskError, DBAPIError) as error:
        return _failed(error)
    return Completed(message=f"{read} hints were read.")


def _drain() -> int:
    with open_hub(load()) as hub:
        return inbox.drain(hub)


@flow(name="tidy", persist_result=False)
async def tidy_up() -> State[Any]:
    """Remove what has had its time."""
    try:
        done = await asyncio.to_thread(_tidy)
    except (FrontdeskError, DBAPIError) as error:
        return _failed(error)
    return Completed(message=f"{sum(done.rows.values())} rows and {done.pages} landed pages were removed.")


def _tidy() -> tidy.Tidied:
    with open_hub(load()) as hub:
        return tidy.tidy(hub)


async def _publish(key: str, table: list[dict[str, Any]], description: str) -> None:
    await acreate_table_artifact(table=table, key=key.replace("_", "-").lower(), description=description)


def _table(results: Sequence[StreamResult]) -> list[dict[str, Any]]:
    return [
        {"stream": r.stream, "state": r.state}
        | {name: getattr(r, name) for name in COUNTS}
        | {"seconds": r.seconds, "sentence": r.sentence or "", "next": r.step or ""}
        for r in results
    ]


def _state(source: str, results: Sequence[StreamResult]) -> State[Any]:
    failed = [result for result in results if result.state == "failed"]
    held = [result for result in results if result.state == "held"]
    if failed:
        return Failed(message=_sentences(source, failed))
    if held:
        return Completed(name="Held", message=_sentences(source, held))
    changed = sum(result.added + result.updated + result.removed for result in results)
    return Completed(message=f"{source}: {changed} records changed in {len(results)} streams.")


def _failed(error: FrontdeskError | DBAPIError) -> State[Any]:
    """A failed run that says what is the matter and what to do; a defect of ours is raised, for its traceback."""
    known = error if isinstance(error, FrontdeskError) else trouble(error)
    if known is None:
        raise error
    return Failed(message=f"{known.sentence} {known.step}".strip())


def _sentences(source: str, results: Sequence[StreamResult | StreamCertificate]) -> str:
    return " ".join(f"{source}.{result.stream}: {result.sentence}" for result in results)
