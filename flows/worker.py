"""The long-lived worker: serves the deployments of `prefect.yaml` in one process and reads the inbox at once."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import os
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import yaml

from flows.hub import open_hub
from flows.inbox import Away, drain
from hub.errors import FrontdeskError, NeedsPerson
from hub.settings import Settings
from store.trouble import trouble

if TYPE_CHECKING:
    from uuid import UUID

    from prefect.deployments.runner import RunnerDeployment
    from prefect.runner import Runner
    from prefect.schedules import Schedule

log = logging.getLogger("frontdesk.worker")

FILE = Path(__file__).parent.parent / "prefect.yaml"
POLL_SECONDS = 1
INBOX_SECONDS = 0.5
INBOX_BACK_OFF_SECONDS = 15.0
RUNS_AT_ONCE = 3
"""Each flow run is a process of about 100 MB; three keep a small machine usable."""
PAUSE_SECONDS = 5.0
"""How long stopping waits for Prefect to pause the schedules."""
WATCH_SECONDS = 5.0
"""How often a Prefect server that is away is asked again."""
INBOX_FLOW = "drain_inbox"


def work(settings: Settings) -> None:
    """Serve until SIGTERM (returns) or Ctrl-C (KeyboardInterrupt). The Prefect API must be reachable."""
    settings.require_secret_key()
    with draining(settings), suppress(asyncio.CancelledError):
        asyncio.run(_serve(settings))


async def _serve(settings: Settings) -> None:
    """Serve; when Prefect goes away, which ends its runner, wait until it is back and serve anew."""
    registered = asyncio.Event()
    while True:
        try:
            return await _serve_once(settings, registered)
        except Exception:  # Prefect wraps it in groups
            async with httpx.AsyncClient(timeout=WATCH_SECONDS) as client:
                if not registered.is_set() or await _answers(client):
                    raise
                await _wait_until_back(client)


async def _serve_once(settings: Settings, registered: asyncio.Event) -> None:
    runner = await stoppable()
    with _reached():
        served = [await deployment(entry, settings) for entry in entries(settings)]
        await free_slots(await asyncio.gather(*(runner.aadd_deployment(one) for one in served)))
    registered.set()
    log.info("The worker serves %d deployments.", len(served))
    await runner.start()


async def free_slots(deployments: Iterable[UUID]) -> None:
    """Take back the slots of runs that died with their worker, or Prefect cancels whatever follows.

    It does so by itself after five minutes, and never where its server was restarted meanwhile (its default keeps these
    leases in memory). Where such a run does go on, the stream's own lease keeps the next one off.
    """
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.actions import GlobalConcurrencyLimitUpdate

    none = GlobalConcurrencyLimitUpdate(active_slots=0)
    async with get_client() as client:
        for deployment in deployments:
            await client.update_global_concurrency_limit(f"deployment:{deployment}", none)


async def stoppable() -> Runner:
    """A runner that SIGTERM ends by cancelling this task; Prefect's own handler forgets to await the pausing."""
    from prefect.runner import Runner

    loop, mine = asyncio.get_running_loop(), asyncio.current_task()

    class Stoppable(Runner):
        def handle_sigterm(self, *_: Any) -> None:
            loop.call_soon_threadsafe(mine.cancel if mine else loop.stop)

        async def _pause_schedules(self) -> None:
            # Prefect's client asks a server that is away again for most of a minute, for each deployment.
            try:
                await asyncio.wait_for(super()._pause_schedules(), PAUSE_SECONDS)  # type: ignore[no-untyped-call]
            except (OSError, httpx.HTTPError, TimeoutError):
                log.warning("Prefect did not answer, so its schedules go on; the next worker takes up what is late.")

    return Stoppable(name="frontdesk", query_seconds=POLL_SECONDS, limit=RUNS_AT_ONCE)


@contextmanager
def _reached() -> Iterator[None]:
    """NeedsPerson when the Prefect server cannot be reached any more while the deployments are registered."""
    try:
        yield
    except (httpx.TransportError, httpx.HTTPStatusError) as error:
        raise NeedsPerson(
            f"The Prefect server at {_address()} cannot be reached, or does not take our deployments.",
            step="See that it runs (`prefect server start`) and what its log says, then start the worker again.",
            detail=repr(error),
        ) from error


async def _wait_until_back(client: httpx.AsyncClient) -> None:
    log.warning("The Prefect server at %s does not answer; no scheduled run starts until it does.", _address())
    while not await _answers(client):  # noqa: ASYNC110 -- the server is another process
        await asyncio.sleep(WATCH_SECONDS)
    log.info("The Prefect server answers again.")


async def _answers(client: httpx.AsyncClient) -> bool:
    try:
        return (await client.get(f"{_address()}/health")).is_success
    except httpx.HTTPError:
        return False


def _address() -> str:
    return os.environ.get("PREFECT_API_URL", "").rstrip("/")


def entries(settings: Settings, file: Path = FILE) -> list[Mapping[str, Any]]:
    """The deployments of `prefect.yaml` that this firm needs: those of its sources, and those of no source."""
    try:
        listed: list[Mapping[str, Any]] = yaml.safe_load(file.read_text(encoding="utf-8"))["deployments"]
    except (OSError, yaml.YAMLError, KeyError, TypeError) as error:
        raise NeedsPerson(f"{file} cannot be read: {error}.", step="Restore it from the repository.") from None
    return [entry for entry in listed if entry.get("parameters", {}).get("source") in {None, *settings.sources}]


async def deployment(entry: Mapping[str, Any], settings: Settings) -> RunnerDeployment:
    """One entry of `prefect.yaml` as a deployment that this process serves."""
    from prefect.client.schemas.objects import ConcurrencyLimitConfig
    from prefect.types.entrypoint import EntrypointType

    module, _, name = entry["entrypoint"].rpartition(".")
    served: RunnerDeployment = await getattr(import_module(module), name).ato_deployment(
        name=entry["name"],
        parameters=entry.get("parameters"),
        tags=entry.get("tags"),
        concurrency_limit=ConcurrencyLimitConfig(**entry["concurrency_limit"]),
        # This process reads the inbox by itself.
        schedules=[] if name == INBOX_FLOW else [schedule(line, settings) for line in entry.get("schedules", ())],
        entrypoint_type=EntrypointType.MODULE_PATH,
        # Stopping paused it.
        paused=False,
    )
    return served


def schedule(line: Mapping[str, Any], settings: Settings) -> Schedule:
    """One schedule line. A cron without a zone means the firm's; an interval gives way to the firm's own setting."""
    from prefect.schedules import Cron, Interval

    if "cron" in line:
        return Cron(line["cron"], timezone=line.get("timezone", settings.firm.time_zone))
    own = "sync_every_seconds" in settings.model_fields_set
    return Interval(dt.timedelta(seconds=settings.sync_every_seconds if own else line["interval"]))


@contextmanager
def draining(settings: Settings) -> Iterator[None]:
    """Read the inbox from a thread of this process, twice a second: a hint waits for no flow to start."""
    over = threading.Event()
    thread = threading.Thread(target=_drain_until, args=(settings, over), name="inbox", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(INBOX_BACK_OFF_SECONDS)


def _drain_until(settings: Settings, over: threading.Event) -> None:
    with open_hub(settings) as hub:
        pause, away = INBOX_SECONDS, Away()
        while not over.wait(pause):
            try:
                drain(hub, away)
                pause = INBOX_SECONDS
            except Exception as error:  # noqa: BLE001 -- a store that is away for a moment must not end the thread
                _tell(error)
                pause = INBOX_BACK_OFF_SECONDS


def _tell(error: Exception) -> None:
    """Why the inbox cannot be read: in a sentence what is the store's own trouble, with the traceback what is ours."""
    known = error if isinstance(error, FrontdeskError) else trouble(error)
    sentence = known.sentence if known else f"Something unexpected happened: {type(error).__name__}."
    again = f"The inbox is tried again in {INBOX_BACK_OFF_SECONDS:.0f} s."
    log.log(logging.WARNING if known else logging.ERROR, "%s %s", sentence, again, exc_info=None if known else error)
