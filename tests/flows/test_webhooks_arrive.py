"""An edit at a source is in the store about a second later: real sandbox, real portal, real worker, real HTTP."""

from __future__ import annotations

import datetime as dt
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from sqlalchemy import select

from flows.hub import Hub, open_hub
from flows.sync import sync_source
from flows.worker import draining
from hub.clock import now
from hub.settings import Settings, Source
from portal_api.app import create_app
from sandbox import firm
from sandbox.quickbooks import webhooks
from sandbox.salesforce import callouts
from sandbox.serve import serving
from sandbox.state import State
from store.engine import create_engine
from store.hub_tables import Inbox
from store.migrate import upgrade
from store.tables import Document, Invoice, Shipment

SYSTEMS = ("salesforce", "quickbooks", "google_drive")
DAY_MS = 24 * 3_600_000


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    state = State(tmp_path / "sandbox.sqlite")
    firm.seed(state, clients=6, today=dt.date(2026, 11, 24))
    yield state
    state.close()


@contextmanager
def portal(settings: Settings, listener: socket.socket) -> Iterator[None]:
    server = uvicorn.Server(uvicorn.Config(create_app(settings), log_level="critical", access_log=False, ws="none"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    eventually(lambda: server.started)
    yield
    server.should_exit = True
    thread.join(20)


@pytest.fixture
def sandbox(state: State) -> Iterator[str]:
    with serving(state) as address:
        yield address


@pytest.fixture
def hub(state: State, sandbox: str, tmp_path: Path) -> Iterator[Hub]:
    """A firm whose three sources know the portal's address; everything runs but no schedule."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        webhooks.subscribe(state, f"{url}/hooks/quickbooks")
        callouts.subscribe(state, f"{url}/hooks/salesforce")
        settings = Settings(
            database_url=f"sqlite:///{tmp_path / 'store.sqlite'}",
            landing_url=str(tmp_path / "landing"),
            content_path=tmp_path / "content",
            public_url=url,
            secret_key="x" * 32,
            sources=sources(sandbox),
        )
        engine = create_engine(settings.database_url)
        upgrade(engine)
        engine.dispose()
        with open_hub(settings) as hub:
            for source in SYSTEMS:
                sync_source(hub, source)
            with portal(settings, listener), draining(settings):
                yield hub


def sources(sandbox: str) -> dict[str, Source]:
    key = httpx.get(f"{sandbox}/control/google/service-account.json", timeout=30).text
    told: dict[str, dict[str, Any]] = {
        "salesforce": {
            "client_id": "sandbox-consumer-key",
            "client_secret": "sandbox-consumer-secret",
            "webhook_secret": callouts.SECRET,
        },
        "quickbooks": {
            "client_id": "sandbox-qbo-client",
            "client_secret": "sandbox-qbo-secret",
            "realm_id": "4620816365179422850",
            "refresh_token": "sandbox-refresh-0",
            "webhook_secret": webhooks.VERIFIER_TOKEN,
        },
        "google_drive": {
            "service_account_json": key,
            "subject": "hub@sandbox.example",
            "root_folder_id": "fld-clients",
            "webhook_secret": "a channel's token",
        },
    }
    return {name: Source(connector=name, base_url=sandbox, **settings) for name, settings in told.items()}


def eventually(is_so: Callable[[], bool], seconds: float = 10.0) -> float:
    """Wait until something is so; how long it took."""
    began = time.monotonic()
    while not is_so():
        assert time.monotonic() - began < seconds, f"not so within {seconds} s"
        time.sleep(0.02)
    return time.monotonic() - began


def value(hub: Hub, column: Any, *where: Any) -> Any:
    with hub.engine.connect() as connection:
        return connection.scalar(select(column).where(*where))


def press(sandbox: str, edit: str, **wish: Any) -> None:
    httpx.post(f"{sandbox}/control/edits/{edit}", json=wish, timeout=30).raise_for_status()


def test_a_payment_a_delay_and_a_new_version_arrive_by_themselves(hub: Hub, sandbox: str) -> None:
    bill = value(hub, Invoice.c.external_id, Invoice.c.balance_minor > 0)
    shipment = value(hub, Shipment.c.external_id, Shipment.c.eta_at.is_not(None))
    eta = value(hub, Shipment.c.eta_at, Shipment.c.external_id == shipment)
    file = value(hub, Document.c.external_id, Document.c.media_type == "application/pdf")
    revision = value(hub, Document.c.revision, Document.c.external_id == file)
    press(sandbox, "pay-invoice", id=bill)
    took = [eventually(lambda: value(hub, Invoice.c.balance_minor, Invoice.c.external_id == bill) == 0)]
    press(sandbox, "delay-shipment", id=shipment)
    took += [eventually(lambda: value(hub, Shipment.c.eta_at, Shipment.c.external_id == shipment) != eta)]
    press(sandbox, "new-version", id=file)
    took += [eventually(lambda: value(hub, Document.c.revision, Document.c.external_id == file) != revision)]
    assert max(took) < 5.0
    eventually(lambda: value(hub, Inbox.c.id, Inbox.c.done_at.is_(None)) is None)
    assert value(hub, Inbox.c.error, Inbox.c.error.is_not(None)) is None


def channels(state: State) -> dict[str, int]:
    return {record.id: int(record.body["expiration"]) for record in state.select("google_drive", "channel")}


def test_the_channel_is_renewed_in_its_last_day_and_the_former_one_ends(hub: Hub, state: State, sandbox: str) -> None:
    (first,) = channels(state)
    sync_source(hub, "google_drive")
    assert list(channels(state)) == [first]
    grow_old(hub)
    sync_source(hub, "google_drive")
    ((second, expires),) = channels(state).items()
    assert second != first
    assert expires > state.now() + 6 * DAY_MS


def grow_old(hub: Hub) -> None:
    """As if the channel's week were nearly over. The sandbox's clock cannot be moved for it: tokens would not hold."""
    memory = hub.tokens("google_drive channel")
    kept = memory.get()
    assert kept is not None
    memory.put(kept | {"until": (now() + dt.timedelta(hours=20)).isoformat()})


def test_a_source_that_refuses_to_tell_is_read_all_the_same(hub: Hub, state: State, sandbox: str) -> None:
    (first,) = channels(state)
    grow_old(hub)
    fault = {"fault": "server_error", "vendor": "google_drive", "path": "changes/watch", "times": 1}
    httpx.post(f"{sandbox}/control/faults", json=fault, timeout=30).raise_for_status()
    summary = sync_source(hub, "google_drive")
    assert {result.state for result in summary.streams} == {"done"}
    assert list(channels(state)) == [first]
    sync_source(hub, "google_drive")
    assert list(channels(state)) != [first]
