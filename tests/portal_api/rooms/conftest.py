"""Two clients that have everything in every state, each with names that the other must never see."""

from __future__ import annotations

import contextlib
import datetime as dt
import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
import uvicorn
from sqlalchemy import insert

from connectors.contract import Content
from hub.clock import now
from hub.errors import RetryLater
from hub.ids import entity_id
from portal_api.access import sessions
from portal_api.access.people import PersonAt
from portal_api.app import create_app
from store import tables
from store.held import REVOKED
from store.hub_tables import Crosswalk, CrosswalkKey, HeldRecord, Run, StreamRun

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
SALES, BOOKS, DRIVE = "salesforce", "quickbooks", "google_drive"
STREAMS = {
    "client": (SALES, "Account"), "person": (SALES, "Contact"), "project": (SALES, "Project__c"),
    "milestone": (SALES, "Milestone__c"), "shipment": (SALES, "Shipment__c"),
    "shipment_event": (SALES, "Shipment_Event__c"), "request": (SALES, "Case"), "contract": (SALES, "Contract"),
    "subscription": (SALES, "Subscription__c"), "billing_account": (BOOKS, "Customer"), "invoice": (BOOKS, "Invoice"),
    "payment": (BOOKS, "Payment"), "credit_memo": (BOOKS, "CreditMemo"), "document": (DRIVE, "files"),
}  # fmt: skip


@dataclass(slots=True)
class Tenant:
    """One client with its rows' ids by table, and its person."""

    mark: str
    client_id: str
    person_id: str
    ids: dict[str, list[str]] = field(default_factory=dict)
    rows: list[tuple[Any, dict[str, Any]]] = field(default_factory=list)

    def add(self, model: Any, **values: Any) -> str:
        noun = model.name
        source, stream = STREAMS[noun]
        mine = self.ids.setdefault(noun, [])
        external = f"{self.mark}-{noun}-{len(mine)}"
        id_ = values.pop("id", None) or entity_id(source, stream, external)
        basis = {"id": id_, "source": source, "stream": stream, "external_id": external, "client_id": self.client_id}
        kept = {"content_hash": b"\1" * 16, "batch": "test/1", "synced_at": now(), "source_at": now()}
        mine.append(id_)
        self.rows.append((model, {**basis, **kept, **values}))
        return id_


def day(offset: int) -> dt.date:
    # The reader's day: near midnight it is another one than UTC's.
    return now().astimezone(ZoneInfo("Europe/Berlin")).date() + dt.timedelta(days=offset)


def at(offset: float) -> dt.datetime:
    return now().replace(minute=0, second=0, microsecond=0) + dt.timedelta(days=offset)


def tenant(mark: str, name: str) -> Tenant:
    client = entity_id(SALES, "Account", f"{mark}-client")
    made = Tenant(mark, client, entity_id(SALES, "Contact", f"{mark}-person"))
    made.add(
        tables.Client, id=client, name=name, profile="logistics", number=f"K-{mark}", phone="+49 40 123 456",
        website="https://client.example", street="Große Elbstraße 12", postal_code="22767", city="Hamburg",
        country="Germany", time_zone="Europe/Berlin",
    )  # fmt: skip
    made.add(
        tables.Person, id=made.person_id, name=f"Jana {mark}", email=f"{mark}@client.example", role="owner",
        title="Head of logistics", phone="+49 40 123 457",
    )  # fmt: skip
    made.add(tables.Person, name=f"Pelle {mark}", email=f"pelle.{mark}@client.example", role=None, title="Buyer")
    made.add(
        tables.Person, name=f"Mika {mark}", email=f"mika.{mark}@client.example", role=None, title="Dispatcher",
        content_hash=REVOKED,
    )  # fmt: skip
    for make in (_money, _projects, _shipments, _paper, _held_contacts):
        make(made, mark)
    return made


def _money(made: Tenant, mark: str) -> None:
    made.add(
        tables.BillingAccount, name=f"{mark} Accounts Payable", email=f"billing.{mark}@client.example", city="Hamburg",
        street="Große Elbstraße 12", postal_code="22767", country="Germany", currency="EUR", balance_minor=1_238_050,
        active=True, phone="+49 40 123 458",
    )  # fmt: skip
    lines = [
        {"description": f"Ocean freight, {mark}", "quantity": 2, "unit_minor": 180_000, "amount_minor": 360_000},
        {"description": "Customs clearance", "quantity": 1, "unit_minor": 48_445, "amount_minor": 48_445},
    ]  # fmt: skip
    states = (  # days since issue, days to due, total, open, currency, voided
        (200, -170, 486_050, 0, "EUR", False), (120, -90, 120_000, 120_000, "EUR", False),
        (70, -40, 182_000, 182_000, "EUR", False), (60, -12, 486_050, 286_050, "EUR", False),
        (28, 2, 650_000, 650_000, "EUR", False), (20, 10, 0, 0, "EUR", False), (15, 15, 90_000, 90_000, "EUR", True),
        (4, 26, 486_050, 486_050, "EUR", False), (3, 27, 1_250_000, 1_250_000, "JPY", False),
    )  # fmt: skip
    for i, (since, due, total, left, currency, voided) in enumerate(states):
        made.add(
            tables.Invoice, number=f"{mark}-{1040 + i}", issued_on=day(-since), due_on=day(due), currency=currency,
            total_minor=total, tax_minor=total * 19 // 119, balance_minor=left, voided=voided, lines=lines,
            bill_email=f"billing.{mark}@client.example", memo=f"Thank you, {mark}",
        )  # fmt: skip
    paid, _, _, partly, *_ = made.ids["invoice"]
    made.add(
        tables.Payment, received_on=day(-165), reference=f"{mark} wire 77", currency="EUR", amount_minor=486_050,
        unapplied_minor=0, applied=[{"invoice_id": paid, "amount_minor": 486_050}],
    )  # fmt: skip
    made.add(
        tables.Payment, received_on=day(-30), reference=f"{mark} wire 91", currency="EUR", amount_minor=160_000,
        unapplied_minor=10_000, applied=[{"invoice_id": partly, "amount_minor": 150_000}],
    )  # fmt: skip
    made.add(
        tables.Payment, received_on=day(-20), reference=None, currency="EUR", amount_minor=0, unapplied_minor=0,
        applied=[{"invoice_id": partly, "amount_minor": 50_000}],
    )  # fmt: skip
    made.add(
        tables.CreditMemo, number=f"{mark}-C7", issued_on=day(-22), currency="EUR", total_minor=50_000,
        remaining_minor=0, memo=None, lines=[],
    )  # fmt: skip


def _projects(made: Tenant, mark: str) -> None:
    for i, (status, health) in enumerate([("active", "late"), ("active", "on_track"), ("completed", None)]):
        project = made.add(
            tables.Project, name=f"{mark} warehouse move {i + 1}", number=f"P-{mark}-{i}", kind="project",
            status=status, health=health, phase="Build", phase_number=3, phase_count=5,
            percent_complete=62 - 20 * i if i < 2 else 100,
            starts_on=day(-90), due_on=day(48 - 10 * i), budget_minor=4_000_000, spent_minor=2_160_000, currency="EUR",
            manager="Tomás Reyes", summary="Racks, conveyor and the new yard.", next_event="Acceptance of the racks",
            next_event_at=at(6.4), last_event="Conveyor delivered", last_event_on=day(-3),
        )  # fmt: skip
        for n, (name, state, action) in enumerate(
            (("Survey", "done", None), ("Layout", "done", None), ("Rack order", "waiting_for_client", "approve"),
             ("Installation", "in_progress", None), ("Acceptance", "planned", None))
        ):  # fmt: skip
            made.add(
                tables.Milestone, project_id=project, name=f"{name} {mark}", position=n, status=state,
                client_action=action, due_on=day(-40 + 18 * n), completed_on=day(-45 + 18 * n) if n < 2 else None,
            )  # fmt: skip


def _shipments(made: Tenant, mark: str) -> None:
    found = (  # status, promised, eta, delivered, exception
        ("in_transit", 3, 3, None, None), ("exception", 2, 9, None, "Held at customs, import licence missing"),
        ("customs", 1, 4, None, None), ("booked", None, None, None, None), ("out_for_delivery", -1, -1, None, None),
        ("delivered", -6, -6, -4, None), ("delivered", -16, -16, -16, None), ("cancelled", 1, 1, None, None),
    )  # fmt: skip
    for i, (status, promised, eta, delivered, exception) in enumerate(found):
        shipment = made.add(
            tables.Shipment, number=f"HBL-{mark}-{i}", reference=f"PO {mark} {i}", carrier="Hansa Line", mode="ocean",
            tracking_number=f"TRK{mark}{i}", origin="Shanghai, CN", destination="Hamburg, DE", status=status,
            location="Rotterdam", shipped_on=day(-20), promised_at=at(promised) if promised is not None else None,
            eta_at=at(eta) if eta is not None else None, delivered_at=at(delivered) if delivered else None,
            exception=exception, exception_since=at(-1) if exception else None, pieces=12, weight_grams=1_840_500,
        )  # fmt: skip
        for n, (code, what) in enumerate(
            (("picked_up", "Collected"), ("departed", "Left port"), ("customs_hold", "Held"))
        ):
            made.add(
                tables.ShipmentEvent, shipment_id=shipment, happened_at=at(-18 + 8 * n), code=code,
                location="Rotterdam, NL", description=f"{what} ({mark})",
            )  # fmt: skip


def _paper(made: Tenant, mark: str) -> None:
    named = (
        (f"Contract {mark} 2026.pdf", "Contracts", "signed", "application/pdf"),
        (f"Façade {mark} „Süd“ – revision C.pdf", "Deliverables", "for_approval", "application/pdf"),
        (f"Minutes {mark}.docx", "Correspondence", None, WORD),
        (f"Page {mark}.html", "Reports", "draft", "text/html"),
    )  # fmt: skip
    for i, (name, category, status, kind) in enumerate(named):
        made.add(
            tables.Document, name=name, category=category, status=status, media_type=kind, size_bytes=184_220 * (i + 1),
            project_id=made.ids["project"][i % 2], modified_at=at(-i - 0.5), revision="3", path=f"{mark}/{category}",
        )  # fmt: skip
    made.add(
        tables.Contract, number=f"{mark}-77", name=f"Framework agreement {mark}", status="active", starts_on=day(-300),
        ends_on=day(40), term_months=12, notice_days=30, description="Transport of goods.", special_terms=f"{mark} 2 %",
    )  # fmt: skip
    asked = (
        ("in_work", 1, None),
        ("in_work", -1, None),
        ("waiting_for_client", None, None),
        ("new", 3, None),
        ("closed", None, -2),
    )
    for i, (status, promised, closed) in enumerate(asked):
        made.add(
            tables.Request, number=f"{mark}-{1200 + i}", subject=f"Question {i} of {mark}", status=status, kind="other",
            description=f"Please, {mark}.", priority="medium", opened_at=at(-5 + i * 0.3), person_id=made.person_id,
            answer_by=at(promised) if promised else None, closed_at=at(closed) if closed else None,
        )  # fmt: skip
    made.add(
        tables.Subscription, name=f"Team plan {mark}", plan="Team", status="active", seats=25, seats_used=19,
        usage_current=7_100, usage_limit=10_000, usage_unit="documents", renews_on=day(70), price_minor=24_900,
        price_period="month", currency="EUR",
    )  # fmt: skip
    held = {"source": BOOKS, "stream": "Invoice", "entity": "invoice", "first_seen_at": now(), "last_seen_at": now()}
    made.rows.append((HeldRecord, {
        **held, "id": entity_id(BOOKS, "held", mark), "external_id": f"held-{mark}", "client_id": made.client_id,
        "reason": "bad_amount", "field": "TotalAmt", "sentence": f"'12,5x' is no amount ({mark}).",
        "suggestion": "Correct it in QuickBooks.", "payload": f'{{"Id": "9", "TotalAmt": "12,5x", "mark": "{mark}"}}',
        "batch": "test/1",
    }))  # fmt: skip


def _held_contacts(made: Tenant, mark: str) -> None:
    """Jana is held for her telephone number alone; Mika also says another role and has no access meanwhile."""
    held = {"source": SALES, "stream": "Contact", "entity": "person", "last_seen_at": now(), "first_seen_at": now()}
    for place, name, minutes in ((0, "Jana", 1), (2, "Mika", 30)):
        made.rows.append((HeldRecord, {
            **held, "id": made.ids["person"][place], "external_id": f"{mark}-person-{place}", "reason": "too_long",
            "field": "Phone", "sentence": f"Phone: the text of {name} {mark} is longer than 40 characters.",
            "suggestion": "Shorten the text in the source, or map it to a column for long texts.",
            "payload": f'{{"Id": "{mark}-person-{place}", "Phone": "+49 40 123 456 or after six 123 457 or my desk"}}',
            "batch": "test/1", "client_id": made.client_id, "last_seen_at": now() - dt.timedelta(minutes=minutes),
        }))  # fmt: skip


def _hub(connection: Any) -> None:
    for n in range(22):
        run = f"run{n:023}"
        state = "failed" if n == 21 else "done"
        connection.execute(insert(Run), {
            "id": run, "source": BOOKS, "kind": "sync", "state": state,
            "started_at": at(-n / 24) - dt.timedelta(minutes=9),
            "ended_at": at(-n / 24) - dt.timedelta(minutes=8), "requests": 3,
        })  # fmt: skip
        for stream in ("Customer", "Invoice", "Payment", "CreditMemo"):
            connection.execute(insert(StreamRun), {
                "run_id": run, "source": BOOKS, "stream": stream, "state": state, "seen": 12 + n, "added": n % 3,
                "updated": 1, "unchanged": 11 + n - n % 3, "removed": 0, "held": 0, "seconds": 0.4,
                "ended_at": at(-n / 24), "sentence": "QuickBooks answered 500." if state == "failed" else None,
            })  # fmt: skip
    for i, label in enumerate(("Unclaimed Folder", "Mystery Customer")):
        id_ = entity_id(BOOKS, "Customer", f"unmatched-{i}")
        connection.execute(insert(Crosswalk), {
            "id": id_, "source": BOOKS, "stream": "Customer", "external_id": f"unmatched-{i}", "label": label,
        })  # fmt: skip
        connection.execute(
            insert(CrosswalkKey), {"crosswalk_id": id_, "rank": 1, "kind": "domain", "value": "x.example"}
        )


@dataclass(slots=True)
class Rich:
    """The world with its two full clients, `mine` and `theirs`, and sessions for them."""

    world: Any
    mine: Tenant
    theirs: Tenant

    def session(self, who: Tenant) -> str:
        person = PersonAt(who.person_id, who.client_id, "owner", "", "", f"{who.mark}@client.example".lower())
        with self.world.engine.begin() as connection:
            return sessions.open_for_person(connection, person, now())

    def staff(self) -> str:
        with self.world.engine.begin() as connection:
            return sessions.open_for_staff(connection, "ops@firm.example", "ops", now())


_filled: dict[str, Rich] = {}


def fill(world: Any) -> Rich:
    url = world.settings.database_url
    if url not in _filled:
        made = Rich(world, tenant("Quokka", "Quokka Handel GmbH"), tenant("Zebrano", "Zebrano S.à r.l."))
        with world.engine.begin() as connection:
            for one in (made.mine, made.theirs):
                for model, values in one.rows:
                    connection.execute(insert(model), values)
            _hub(connection)
        _filled[url] = made
    return _filled[url]


@pytest.fixture
def rich(world: Any) -> Rich:
    """The store with its two full clients, on each database."""
    return fill(world)


class Sources:
    """What stands behind the files: their bytes by external id; `away` makes every source unreachable."""

    def __init__(self) -> None:
        self.away = False
        self.opened: list[str] = []
        self.files: dict[str, Content] = {}

    @contextlib.contextmanager
    def open(self, _source: str, stream: str, external_id: str) -> Iterator[Content]:
        if self.away:
            raise RetryLater("The source is away.")
        self.opened.append(external_id)
        body = f"%PDF-1.7 {external_id}".encode()
        yield self.files.get(external_id) or Content("application/pdf", iter([body]), len(body))


@pytest.fixture
def sources() -> Sources:
    return Sources()


@pytest.fixture
async def browse(rich: Rich, sources: Sources, tmp_path: Any) -> AsyncIterator[Any]:
    """`await browse("/invoices", who=token)`: one request, as a browser sends it."""
    settings = rich.world.settings.model_copy(update={"content_path": tmp_path / "content"})
    app = create_app(settings, content=sources.open)
    transport = httpx.ASGITransport(app)
    base = rich.world.settings.public_url
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url=base, headers={"user-agent": "Mozilla/5.0"}) as client,
    ):

        async def go(path: str, *, who: str | None = None, method: str = "GET", **more: Any) -> httpx.Response:
            client.cookies.clear()
            if who:
                client.cookies.set("frontdesk", who)
            return await client.request(method, path, **more)

        go.app, go.client = app, client  # type: ignore[attr-defined]
        yield go


@pytest.fixture(scope="session")
def rich_server(sqlite_world: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The portal over the SQLite world on a real port, with its full clients."""
    made = fill(sqlite_world)
    settings = sqlite_world.settings.model_copy(update={"content_path": tmp_path_factory.mktemp("content")})
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    app = create_app(settings, content=Sources().open)
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="on"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    yield SimpleNamespace(address=address, rich=made, app=app)
    server.should_exit = True
    thread.join()
    listener.close()
