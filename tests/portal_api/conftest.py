"""A store with clients of every profile, in SQLite and in PostgreSQL; people who are signed in; a real server."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import shutil
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
import uvicorn
from jinja2 import BytecodeCache, Environment
from jinja2.bccache import Bucket
from sqlalchemy import Engine, insert, text

from hub.clock import now
from hub.ids import entity_id
from hub.settings import Firm, Settings, Source
from portal_api.access import sessions
from portal_api.access.people import places_of
from portal_api.app import create_app
from store import access_tables, hub_tables, tables
from store.engine import create_engine

PORTAL_ROLE = (
    "CREATE ROLE portal_role LOGIN",
    "GRANT ALL ON ALL TABLES IN SCHEMA public TO portal_role",
    "GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO portal_role",
)
PROFILES = ("logistics", "professional_services", "architecture", "legal", "agency", "saas")
SITUATIONS = ("normal", "exception", "nothing")
READERS = ZoneInfo("Europe/Berlin")
SOURCES = {
    "salesforce": (
        "Account",
        "Contact",
        "Project__c",
        "Milestone__c",
        "Shipment__c",
        "Shipment_Event__c",
        "Case",
        "Contract",
        "Subscription__c",
    ),
    "quickbooks": ("Customer", "Invoice", "Payment", "CreditMemo"),
    "google_drive": ("files", "folders"),
}
STREAM_OF = {
    "client": ("salesforce", "Account"),
    "person": ("salesforce", "Contact"),
    "project": ("salesforce", "Project__c"),
    "milestone": ("salesforce", "Milestone__c"),
    "shipment": ("salesforce", "Shipment__c"),
    "shipment_event": ("salesforce", "Shipment_Event__c"),
    "request": ("salesforce", "Case"),
    "contract": ("salesforce", "Contract"),
    "subscription": ("salesforce", "Subscription__c"),
    "invoice": ("quickbooks", "Invoice"),
    "payment": ("quickbooks", "Payment"),
    "billing_account": ("quickbooks", "Customer"),
    "document": ("google_drive", "files"),
}
NAMES = {
    "logistics": ("Rheinkontor Handels GmbH", "Åkesson Trä AB", "Tide & Sons"),
    "professional_services": ("Nordwind Maschinenbau", "Brightwater Utilities", "Halm & Partner"),
    "architecture": ("Familie Öztürk", "Stadtwerke Lindau", "O'Brien Estates"),
    "legal": ("Marguerite Dubois", "Kestrel Holdings", "J. Okafor"),
    "agency": ("Alpenglück Reisen", "Copper Kettle Brewing", "Studio Vale"),
    "saas": ("Ferrymen Software", "Blåbær Klinikk", "Quiet Ledger"),
}


@dataclass(frozen=True, slots=True)
class Client:
    """A client of the sample, and the address of its person."""

    id: str
    profile: str
    situation: str
    name: str
    email: str


@dataclass(frozen=True, slots=True)
class World:
    """A filled store."""

    settings: Settings
    engine: Engine
    clients: tuple[Client, ...]

    def client(self, profile: str, situation: str = "normal") -> Client:
        return next(c for c in self.clients if (c.profile, c.situation) == (profile, situation))

    def sign_in(self, client: Client) -> str:
        """A session cookie for the client's person."""
        with self.engine.begin() as connection:
            return sessions.open_for_person(connection, places_of(connection, client.email)[0], now())


class Filler:
    """Inserts rows as a sync would have left them."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.rows: list[tuple[Any, dict[str, Any]]] = []
        self.count = 0

    def add(self, model: Any, client_id: str | None, **values: Any) -> str:
        self.count += 1
        source, stream = STREAM_OF[model.name]
        external = f"{model.name}-{self.count}"
        id_ = entity_id(source, stream, external)
        basis = {"id": id_, "source": source, "stream": stream, "external_id": external, "client_id": client_id}
        kept = {"content_hash": b"0" * 16, "batch": "test/1", "synced_at": now(), "source_at": now()}
        self.rows.append((model, {**basis, **kept, **values}))
        return id_

    def client(self, profile: str, situation: str, name: str) -> Client:
        source, stream = STREAM_OF["client"]
        id_ = entity_id(source, stream, f"{profile}-{situation}")
        self.add(tables.Client, id_, id=id_, name=name, profile=profile, time_zone=READERS.key, number="K-1042")
        email = f"{profile}.{situation}@client.example"
        self.add(tables.Person, id_, name="Jana Vogt", email=email, role="owner")
        return Client(id_, profile, situation, name, email)

    def store(self) -> None:
        with self.engine.begin() as connection:
            for model, values in self.rows:
                connection.execute(insert(model), values)
        self.rows = []


def day(offset: int) -> dt.date:
    # The reader's day: near midnight it is another one than UTC's.
    return now().astimezone(READERS).date() + dt.timedelta(days=offset)


def at(days: float) -> dt.datetime:
    return now().replace(minute=0, second=0, microsecond=0) + dt.timedelta(days=days)


def _money(fill: Filler, client: Client, trouble: bool) -> None:
    number = 1040
    for offset, balance in ((-70, 0), (-38, 182_000 if trouble else 0), (-4, 486_050)):
        number += 1
        total = 182_000 if offset == -38 else 486_050
        fill.add(
            tables.Invoice, client.id, number=str(number), issued_on=day(offset), due_on=day(offset + 30),
            currency="EUR", total_minor=total, tax_minor=0, balance_minor=balance, voided=False, lines=[],
        )  # fmt: skip
    fill.add(tables.BillingAccount, client.id, name=client.name, currency="EUR", balance_minor=486_050, active=True)


def _documents(fill: Filler, client: Client, project_id: str | None, trouble: bool) -> None:
    named = (
        ("Contract 2026.pdf", "Contracts", "signed"),
        ("Minutes of the kick-off.docx", "Correspondence", None),
        ("Façade, view from the south – revision C.pdf", "Deliverables", "for_approval" if trouble else "final"),
    )
    for i, (name, category, status) in enumerate(named):
        fill.add(
            tables.Document, client.id, name=name, category=category, project_id=project_id, status=status,
            media_type="application/pdf", size_bytes=184_220 * (i + 1), modified_at=at(-i - 0.5), revision="1",
        )  # fmt: skip


def _requests(fill: Filler, client: Client, trouble: bool, many: int = 2) -> None:
    subjects = (
        "Change the delivery address",
        "Copy of the September report",
        "New colleague needs access",
        "Invoice query",
    )
    for i in range(many):
        fill.add(
            tables.Request, client.id, number=f"0000{1200 + i}", subject=subjects[i], status="in_work", kind="other",
            opened_at=at(-3 - i), answer_by=at(-0.5) if trouble and i == 0 else at(1 + i), priority="medium",
        )  # fmt: skip
    if trouble:
        fill.add(
            tables.Request, client.id, number="00001300", subject="Which name should the seat carry?",
            status="waiting_for_client", opened_at=at(-2),
        )  # fmt: skip


def _shipments(fill: Filler, client: Client, trouble: bool) -> None:
    routes = (
        ("HBL-2290", "Shanghai, CN", "Hamburg, DE", "in_transit", 3, 3, None),
        ("HBL-2291", "Ningbo, CN", "Rotterdam, NL", "exception" if trouble else "customs", 2, 9 if trouble else 2,
         "Held at customs, import licence missing" if trouble else None),
        ("HBL-2292", "Santos, BR", "Antwerp, BE", "booked", 21, 21, None),
    )  # fmt: skip
    for number, origin, destination, status, promised, eta, exception in routes:
        fill.add(
            tables.Shipment, client.id, number=number, reference=f"PO-{number[-4:]}", carrier="Hansa Line",
            mode="ocean", origin=origin, destination=destination, status=status, location="Rotterdam",
            shipped_on=day(-20),
            promised_at=at(promised), eta_at=at(eta), exception=exception,
            exception_since=at(-1) if exception else None,
        )  # fmt: skip
    fill.add(
        tables.Shipment, client.id, number="HBL-2280", origin="Busan, KR", destination="Gdańsk, PL", status="delivered",
        promised_at=at(-6), eta_at=at(-6), delivered_at=at(-6),
    )  # fmt: skip


WORK = {
    "professional_services": (
        "ERP rollout",
        "project",
        ("Discovery", "Design", "Data migration sign-off", "Training", "Go-live"),
    ),
    "architecture": ("House on the lake", "building", ("Permit", "Shell", "Roof", "Façade drawings", "Handover")),
    "legal": (
        "Dubois ./. Meridian AG",
        "matter",
        ("Claim filed", "Reply received", "Statement of facts", "Hearing", "Judgment"),
    ),
    "agency": ("Winter campaign", "campaign", ("Briefing", "Concept", "Homepage design", "Production", "Launch")),
}


def _project(fill: Filler, client: Client, trouble: bool) -> str:
    name, kind, steps = WORK[client.profile]
    project_id = fill.add(
        tables.Project, client.id, name=name, number="P-17", kind=kind, status="active",
        health="late" if trouble else "on_track", phase="Design", phase_number=3, phase_count=5, percent_complete=62,
        starts_on=day(-90), due_on=day(48), budget_minor=4_000_000, spent_minor=2_900_000 if trouble else 2_160_000,
        currency="EUR", manager="Tomás Reyes", last_event="Reply of the other side received", last_event_on=day(-9),
        next_event="Hearing at the district court" if kind == "matter" else "Next review", next_event_at=at(13.2),
    )  # fmt: skip
    for i, step in enumerate(steps):
        done = i < 2
        waits = i == 3 if kind == "building" else (i == 2 and kind != "project")
        fill.add(
            tables.Milestone, client.id, project_id=project_id, name=step, position=i + 1,
            status="done" if done else "in_progress" if i == 2 else "planned",
            client_action="approve" if waits and (trouble or kind in {"campaign", "building"}) else None,
            due_on=day(-40 + 23 * i - (10 if trouble and i == 2 else 0)),
            completed_on=day(-42 + 23 * i) if done else None,
        )  # fmt: skip
    return project_id


def _plan(fill: Filler, client: Client, trouble: bool) -> None:
    fill.add(
        tables.Subscription, client.id, name="Team plan", plan="Team", status="active", seats=25, seats_used=19,
        usage_current=9_640 if trouble else 7_100, usage_limit=10_000, usage_unit="documents", renews_on=day(70),
        price_minor=24_900, price_period="month", currency="EUR",
    )  # fmt: skip


def fill(engine: Engine) -> tuple[Client, ...]:
    """Three clients per profile: all well, something is wrong, nothing there yet."""
    filler = Filler(engine)
    clients = []
    for profile in PROFILES:
        for situation, name in zip(SITUATIONS, NAMES[profile], strict=True):
            client = filler.client(profile, situation, name)
            clients.append(client)
            if situation != "nothing":
                _fill_client(filler, client, situation == "exception")
    filler.store()
    with engine.begin() as connection:
        connection.execute(
            insert(access_tables.Staff), {"email": "ops@firm.example", "name": "Omar Lind", "role": "ops"}
        )
        for source, streams in SOURCES.items():
            for stream in streams:
                fresh = {"high_water": now() - dt.timedelta(minutes=2), "loaded_at": now(), "checked_at": now()}
                connection.execute(insert(hub_tables.StreamState), {"source": source, "stream": stream, **fresh})
    return tuple(clients)


def _fill_client(filler: Filler, client: Client, trouble: bool) -> None:
    project_id = None
    if client.profile == "logistics":
        _shipments(filler, client, trouble)
    elif client.profile == "saas":
        _plan(filler, client, trouble)
    else:
        project_id = _project(filler, client, trouble)
    _money(filler, client, trouble)
    _documents(filler, client, project_id, trouble)
    _requests(filler, client, trouble, 4 if client.profile == "saas" else 1)


def settings_for(url: str, **changes: Any) -> Settings:
    firm = Firm(name="Hafen & Söhne", time_zone=READERS.key, support_email="help@firm.example")
    sources = {name: Source(connector=name) for name in SOURCES}
    basis = {
        "database_url": url,
        "secret_key": "a test secret of 32 characters or more",
        "firm": firm,
        "sources": sources,
    }
    return Settings(**{**basis, "sources": sources, **changes})


class Compiled(BytecodeCache):
    """The templates that this process has compiled, by name and by whether they escape.

    Most tests make a portal, and compiling is nine tenths of that.
    """

    def __init__(self) -> None:
        self.code: dict[str, bytes] = {}

    def get_bucket(self, environment: Environment, name: str, filename: str | None, source: str) -> Bucket:
        return super().get_bucket(environment, f"{name} {environment.autoescape}", filename, source)

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self.code:
            bucket.bytecode_from_string(self.code[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self.code[bucket.key] = bucket.bytecode_to_string()


@pytest.fixture(scope="session", autouse=True)
def _compiled_once() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("portal_api.templating.Environment", partial(Environment, bytecode_cache=Compiled()))
        yield


@pytest.fixture(scope="session")
def sqlite_world(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    url = f"sqlite:///{shutil.copy(migrated_sqlite, tmp_path_factory.mktemp('store') / 'frontdesk.sqlite')}"
    engine = create_engine(url)
    yield World(settings_for(url), engine, fill(engine))
    engine.dispose()


@pytest.fixture(scope="session")
def postgres_world(postgres: str, migrated_postgres: str) -> Iterator[World]:
    admin = create_engine(postgres)
    with admin.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f"CREATE DATABASE portal TEMPLATE {migrated_postgres} STRATEGY file_copy"))
    admin.dispose()
    url = postgres.replace("/postgres?", "/portal?")
    engine = create_engine(url)
    with engine.begin() as connection:
        # A superuser passes every row-level policy, so the portal comes as somebody less.
        for statement in PORTAL_ROLE:
            connection.execute(text(statement))
    yield World(settings_for(url.replace("//postgres:", "//portal_role:")), engine, fill(engine))
    engine.dispose()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def world(request: pytest.FixtureRequest) -> World:
    """The filled store, once on each database."""
    found: World = request.getfixturevalue(f"{request.param}_world")
    return found


@pytest.fixture
async def portal(world: World) -> AsyncIterator[httpx.AsyncClient]:
    """A browser that has not signed in, before the portal in this process."""
    app = create_app(world.settings)
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url=world.settings.public_url) as client,
    ):
        client.app = app  # type: ignore[attr-defined]
        yield client


@pytest.fixture
def signed_in(world: World, portal: httpx.AsyncClient) -> Callable[..., httpx.AsyncClient]:
    """`signed_in("legal", "exception")`: the browser carries that client's session."""

    def enter(profile: str, situation: str = "normal") -> httpx.AsyncClient:
        portal.cookies.set("frontdesk", world.sign_in(world.client(profile, situation)))
        portal.headers["user-agent"] = "Mozilla/5.0"
        return portal

    return enter


@contextlib.contextmanager
def serving(app: Any, **options: Any) -> Iterator[str]:
    """A real server in a thread; yields its address."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, **{"log_level": "warning", "lifespan": "on", **options}))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


@pytest.fixture(scope="session")
def server(sqlite_world: World) -> Iterator[str]:
    """The portal over the SQLite world on a real port."""
    with serving(create_app(sqlite_world.settings)) as address:
        yield address


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """A browser, for one module: while it is open no other event loop may run in this thread."""
    from playwright.sync_api import sync_playwright

    found = os.environ.get("FRONTDESK_CHROMIUM") or shutil.which("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def shots() -> Path | None:
    """Where to keep screenshots, when FRONTDESK_SHOTS names a folder."""
    folder = os.environ.get("FRONTDESK_SHOTS")
    return Path(folder) if folder else None
