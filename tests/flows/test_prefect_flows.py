"""Flows on a real Prefect server: what ops see there, what is tried again, and what Prefect accepts."""

from __future__ import annotations

import contextlib
import datetime as dt
import gc
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest

from flows import worker
from flows.hub import Hub
from hub.errors import NeedsPerson, RetryLater
from hub.settings import Firm, Settings, Source

# Prefect leaves its sockets to the garbage collector.
pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

FIRM = Settings(firm=Firm(time_zone="Asia/Tokyo"), sources={"quickbooks": Source(connector="quickbooks")})


def test_the_worker_serves_only_the_sources_that_the_firm_has() -> None:
    served = {(entry["entrypoint"].rpartition(".")[2], entry["name"]) for entry in worker.entries(FIRM)}
    assert served == {
        ("sync_source", "quickbooks"),
        ("sweep_and_reconcile", "quickbooks"),
        ("warehouse_build", "hourly"),
        ("tidy_up", "nightly"),
        ("drain_inbox", "backstop"),
    }


def test_nightly_work_is_done_in_the_firms_night() -> None:
    nightly = worker.schedule({"cron": "10 2 * * *"}, FIRM)
    assert (nightly.cron, nightly.timezone) == ("10 2 * * *", "Asia/Tokyo")


def test_the_interval_is_that_of_prefect_yaml_unless_the_firm_sets_its_own() -> None:
    line = {"interval": 300}
    assert worker.schedule(line, FIRM).interval == dt.timedelta(minutes=5)
    assert worker.schedule(line, Settings(sync_every_seconds=60)).interval == dt.timedelta(minutes=1)


def test_prefect_yaml_and_the_portals_words_agree_on_how_often_we_look() -> None:
    intervals = {e["schedules"][0]["interval"] for e in worker.entries(FIRM) if e["entrypoint"].endswith("sync_source")}
    assert intervals == {Settings().sync_every_seconds}


def test_a_flow_without_a_server_says_so_instead_of_booting_one() -> None:
    script = "import asyncio; from flows.prefect_flows import sync_source; asyncio.run(sync_source('crm'))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode != 0
    assert "PREFECT_API_URL" in done.stderr


@pytest.fixture(scope="module")
def quiet_end(prefect_server: str) -> Iterator[None]:
    """Prefect sends logs and events from threads of its own: they are sent before the server goes."""
    yield
    from prefect.events.worker import EventsWorker
    from prefect.logging.handlers import APILogWorker

    EventsWorker.drain_all(timeout=10)
    APILogWorker.drain_all(timeout=10)
    gc.collect()


@pytest.fixture
def api(prefect_server: str, quiet_end: None) -> Iterator[httpx.Client]:
    """The Prefect server's API, and this process set to use it."""
    from prefect.settings import PREFECT_API_URL, temporary_settings

    with temporary_settings({PREFECT_API_URL: prefect_server}), httpx.Client(base_url=prefect_server) as client:
        yield client


@pytest.fixture
def flows_over(monkeypatch: pytest.MonkeyPatch) -> Callable[[Hub], Any]:
    """The Prefect flows over a given hub, retrying at once."""

    def over(hub: Hub) -> Any:
        from flows import prefect_flows

        monkeypatch.setattr(prefect_flows, "load", lambda: hub.settings)
        monkeypatch.setattr(prefect_flows, "open_hub", lambda _settings: contextlib.nullcontext(hub))
        monkeypatch.setattr(prefect_flows, "pull", prefect_flows.pull.with_options(retry_delay_seconds=0))
        return prefect_flows

    return over


def runs_named(api: httpx.Client, name: str) -> list[dict[str, Any]]:
    wanted = {"flow_runs": {"name": {"any_": [name]}}, "sort": "START_TIME_DESC"}
    found: list[dict[str, Any]] = api.post("/flow_runs/filter", json=wanted).raise_for_status().json()
    return found


def latest_artifact(api: httpx.Client, key: str) -> dict[str, Any]:
    found: dict[str, Any] = api.get(f"/artifacts/{key}/latest").raise_for_status().json()
    return found


@pytest.mark.prefect
@pytest.mark.anyio
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
class TestSyncFlow:
    async def test_ops_see_one_run_per_source_with_its_summary(
        self, api: httpx.Client, flows_over: Any, make_hub: Any, source: Any
    ) -> None:
        state = await flows_over(make_hub()).sync_source("model", return_state=True)
        assert state.is_completed()
        assert "25 records changed in 3 streams" in state.message
        artifact = latest_artifact(api, "sync-model")
        assert '"stream": "Invoice"' in artifact["data"]
        assert '"added": 20' in artifact["data"]
        assert artifact["flow_run_id"] == runs_named(api, "sync model")[0]["id"]

    async def test_a_source_that_is_away_is_tried_again_by_itself(
        self, api: httpx.Client, flows_over: Any, make_hub: Any, source: Any
    ) -> None:
        hub = make_hub([RetryLater("The source is busy.", after=0.01)])
        state = await flows_over(hub).sync_source("model", return_state=True)
        assert state.is_completed()

    async def test_what_needs_a_person_is_not_tried_again_and_says_what_to_do(
        self, api: httpx.Client, flows_over: Any, make_hub: Any, source: Any
    ) -> None:
        faults = [NeedsPerson("The password was changed.", step="Set the new one.") for _ in range(9)]
        state = await flows_over(make_hub(faults)).sync_source("model", return_state=True)
        assert state.is_failed()
        assert "The password was changed." in state.message
        assert len(faults) == 6, "one try for each of the three streams"

    async def test_a_source_nobody_configured_fails_with_its_sentence(
        self, api: httpx.Client, flows_over: Any, make_hub: Any
    ) -> None:
        state = await flows_over(make_hub()).sync_source("nowhere", return_state=True)
        assert "No source 'nowhere' is configured." in state.message

    async def test_the_nightly_sweep_buries_and_certifies(
        self, api: httpx.Client, flows_over: Any, make_hub: Any, source: Any
    ) -> None:
        flows = flows_over(make_hub())
        await flows.sync_source("model")
        source.purge("Invoice", "I07")
        source.save()
        state = await flows.sweep_and_reconcile("model", return_state=True)
        assert "1 records changed" in state.message
        assert '"different": 0' in latest_artifact(api, "reconcile-model")["data"]

    async def test_a_comparison_that_the_source_broke_off_is_made_again_for_what_failed(
        self, api: httpx.Client, flows_over: Any, make_hub: Any, source: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        faults: list[Any] = []
        hub, asked = make_hub(faults), list[Any]()
        flows = flows_over(hub)
        await flows.sync_source("model")
        sweep, compare = flows.sweep.sweep_source, flows.reconcile.reconcile_source

        def swept(*what: Any) -> Any:
            asked.append("sweep")
            return sweep(*what)

        def compared(*what: Any, streams: Any) -> Any:
            asked.append(streams)
            found = compare(*what, streams=streams)
            if len(asked) == 2:
                away = replace(found.streams[1], sentence="Busy.", error_kind="RetryLater", after=0.01)
                return replace(found, streams=(found.streams[0], away, found.streams[2]))
            return found

        monkeypatch.setattr(flows.sweep, "sweep_source", swept)
        monkeypatch.setattr(flows.reconcile, "reconcile_source", compared)
        state = await flows.sweep_and_reconcile("model", return_state=True)
        assert (state.is_completed(), asked) == (True, ["sweep", None, ["Customer"]])


@pytest.mark.prefect
@pytest.mark.anyio
@pytest.mark.parametrize("flow", ["warehouse_build", "drain_inbox"])
async def test_a_store_in_trouble_is_a_failed_run_with_its_sentence(
    api: httpx.Client, flow: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    from flows import prefect_flows

    (tmp_path / "damaged.sqlite").write_text("no database " * 100)
    settings = Settings(database_url=f"sqlite:///{tmp_path}/damaged.sqlite", warehouse_path=tmp_path / "w.duckdb")
    monkeypatch.setattr(prefect_flows, "load", lambda: settings)
    state = await getattr(prefect_flows, flow)(return_state=True)
    assert state.is_failed()
    assert state.message.startswith("The store's file is damaged")


@pytest.mark.prefect
def test_the_server_makes_runs_of_a_schedule(prefect_server: str, tmp_path: Any) -> None:
    """If this passes without flows/prefect_server.py, Prefect knows SQLAlchemy 2.1 and that module can go."""
    with httpx.Client(base_url=prefect_server) as api:
        flow = api.post("/flows/", json={"name": "by-schedule"}).raise_for_status().json()
        every_minute = {"schedule": {"interval": 60}, "active": True}
        wanted = {"name": "minutely", "flow_id": flow["id"], "schedules": [every_minute]}
        made = api.post("/deployments/", json=wanted).raise_for_status().json()

        def scheduled() -> list[Any]:
            found = {"deployments": {"id": {"any_": [made["id"]]}}}
            runs: list[Any] = api.post("/flow_runs/filter", json=found).raise_for_status().json()
            return runs

        deadline = time.monotonic() + 60
        while not scheduled() and time.monotonic() < deadline:
            time.sleep(0.2)
        assert {run["state"]["type"] for run in scheduled()} == {"SCHEDULED"}


@pytest.mark.prefect
@pytest.mark.anyio
async def test_a_run_that_died_with_its_worker_costs_the_next_one_nothing(api: httpx.Client) -> None:
    [entry] = [entry for entry in worker.entries(FIRM) if entry["name"] == "hourly"]
    served = await (await worker.deployment(entry, FIRM)).aapply()

    def pending() -> str:
        run = api.post(f"/deployments/{served}/create_flow_run", json={}).raise_for_status().json()
        wanted = {"state": {"type": "PENDING"}}
        answer = api.post(f"/flow_runs/{run['id']}/set_state", json=wanted).raise_for_status().json()
        state: str = answer["state"]["type"]
        return state

    assert (pending(), pending()) == ("PENDING", "CANCELLED"), "the first never comes to its end"
    await worker.free_slots([served])
    assert pending() == "PENDING"


@pytest.mark.prefect
def test_prefect_deploy_accepts_all_and_a_worker_of_a_pool_runs_them(prefect_server: str, tmp_path: Any) -> None:
    environment = os.environ | {
        "PREFECT_API_URL": prefect_server,
        "FRONTDESK_CONFIG": str(migrated_firm(tmp_path)),
        "FRONTDESK_SECRET_KEY": "x" * 40,
        "PREFECT_WORKER_QUERY_SECONDS": "1",
    }

    def prefect(*words: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "prefect", "--no-prompt", *words],
            env=environment, cwd=worker.FILE.parent, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    prefect("work-pool", "create", "frontdesk", "--type", "process")
    prefect("deploy", "--all")
    with httpx.Client(base_url=prefect_server) as api:
        deployed = {row["name"] for row in api.post("/deployments/filter", json={}).json()}
        assert {"salesforce", "quickbooks", "google_drive", "hourly", "nightly", "backstop"} <= deployed
        found = api.get("/deployments/name/drain-inbox/backstop").json()
        api.post(f"/deployments/{found['id']}/create_flow_run", json={"name": "by a pool"})
    command = [sys.executable, "-m", "prefect", "worker", "start", "--pool", "frontdesk", "--run-once"]
    pool = subprocess.Popen(command, env=environment, cwd=tmp_path, start_new_session=True)
    try:
        pool.wait(90)
        with httpx.Client(base_url=prefect_server) as api:
            assert runs_named(api, "by a pool")[0]["state"]["type"] == "COMPLETED"
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pool.pid, signal.SIGKILL)


def migrated_firm(folder: Any) -> Any:
    """A configuration over a fresh store with no source."""
    from store.engine import create_engine
    from store.migrate import upgrade

    url = f"sqlite:///{folder}/store.sqlite"
    engine = create_engine(url)
    upgrade(engine)
    engine.dispose()
    file = folder / "frontdesk.toml"
    file.write_text(f'database_url = "{url}"\nlanding_url = "{folder}/landing"\n')
    return file
