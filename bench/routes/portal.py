"""One portal on one worker, as it is (`ours`), with the database stubbed (`stub`), or with a query for each list
(`plain`).

    portal.py fill DATABASE               a firm of 2,000 clients; prints a session's token
    portal.py ours|stub|plain DATABASE    serves; prints its port
"""

from __future__ import annotations

import datetime as dt
import socket
import sys
from collections.abc import Callable, Mapping
from typing import Any

import uvicorn
from sqlalchemy import Connection, Table, func, insert, select, text

from hub.clock import now
from hub.collector import stay
from hub.ids import entity_id
from hub.settings import Firm, Settings
from portal_api.access import sessions
from portal_api.access.people import places_of
from portal_api.app import create_app
from portal_api.reading import Store
from store.bundle import CLIENT, Bundle
from store.engine import create_engine
from store.hub_tables import StreamState
from store.migrate import upgrade
from store.tables import Client, Document, Invoice, Person, Request, Shipment, ShipmentEvent

CLIENTS = 2000
ROLE = (
    "DO $$ BEGIN CREATE ROLE bench_portal LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$",
    "GRANT ALL ON ALL TABLES IN SCHEMA public TO bench_portal",
    "GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO bench_portal",
)


def row(model: Table[Any], client: str, nth: int, /, **values: Any) -> dict[str, Any]:
    external = f"{model.name}-{client}-{nth}"
    basis = {"id": entity_id("bench", model.name, external), "source": "bench", "external_id": external}
    kept = {"stream": model.name, "content_hash": b"0" * 16, "batch": "b", "synced_at": now()}
    return {**basis, **kept, "client_id": client, "source_at": now(), **values}


def rows_of(number: int) -> dict[Table[Any], list[dict[str, Any]]]:
    """One client: 10 shipments with 5 scans each, 10 invoices, 15 documents, 4 requests."""
    client, today, moment = entity_id("bench", "client", str(number)), now().date(), now()
    days = dt.timedelta(days=1)
    ships = [
        row(Shipment, client, i, number=f"HBL-{i}", origin="Shanghai, CN", destination="Hamburg, DE",
            status="delivered" if i > 5 else "in_transit", location="Rotterdam", carrier="Hansa Line", mode="ocean",
            promised_at=moment + i * days, eta_at=moment + (i + 1) * days)
        for i in range(10)
    ]  # fmt: skip
    return {
        Client: [row(Client, client, 0, id=client, name=f"Client {number}", profile="logistics")],
        Person: [row(Person, client, 0, name="Jana Vogt", email=f"p{number}@client.example", role="owner")],
        Shipment: ships,
        ShipmentEvent: [
            row(ShipmentEvent, client, 10 * i + j, shipment_id=ship["id"], happened_at=moment - j * days, code="DEP")
            for i, ship in enumerate(ships) for j in range(5)
        ],
        Invoice: [
            row(Invoice, client, i, number=str(i), issued_on=today - 30 * i * days, due_on=today, currency="EUR",
                total_minor=486_050, balance_minor=0 if i else 486_050, voided=False, lines=[])
            for i in range(10)
        ],
        Document: [
            row(Document, client, i, name=f"Bill of lading {i}.pdf", category="Deliverables", modified_at=moment,
                media_type="application/pdf", size_bytes=184_220)
            for i in range(15)
        ],
        Request: [
            row(Request, client, i, subject="Change the delivery address", status="in_work", opened_at=moment)
            for i in range(4)
        ],
    }  # fmt: skip


def fill(url: str) -> str:
    engine = create_engine(url)
    upgrade(engine)
    for start in range(0, CLIENTS, 100):
        parts = [rows_of(number) for number in range(start, start + 100)]
        with engine.begin() as connection:
            for model in parts[0]:
                connection.execute(insert(model), [one for part in parts for one in part[model]])
    with engine.begin() as connection:
        for table in ("client", "shipment", "invoice", "document", "request"):
            standing = {"source": "bench", "stream": table, "high_water": now(), "loaded_at": now()}
            connection.execute(insert(StreamState), standing)
        token = sessions.open_for_person(connection, places_of(connection, "p77@client.example")[0], now())
        if engine.dialect.name == "postgresql":
            for statement in ROLE:
                connection.execute(text(statement))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")
    engine.dispose()
    return token


def stub() -> None:
    """The page as it is, but every reading is done once and remembered, and nothing is written."""
    known: dict[Any, Any] = {}

    async def read(self: Store, work: Callable[[Connection], Any]) -> Any:
        inner = [cell.cell_contents for cell in work.__closure__ or () if callable(cell.cell_contents)]
        key = (work.__code__, *inner)
        if key not in known:
            known[key] = self.read_now(work)
        return known[key]

    Store.read = read
    Store.write_now = lambda _store, _work: None


def plain() -> None:
    """A query for each list in a transaction, as a page over Core without a bundle does; everything else is ours."""

    def read_now(self: Store, work: Callable[[Connection], Any]) -> Any:
        with self.engine.connect().execution_options(reading=True) as connection:
            return work(connection)

    def fetch(self: Bundle, connection: Connection, params: Mapping[str, object]) -> dict[str, Any]:
        if connection.dialect.name == "postgresql":
            connection.execute(select(func.set_config("app.client_id", params[CLIENT], True)))
        return {name: connection.execute(query, params).all() for name, query in self.queries.items()}

    Store.read_now = read_now
    Bundle.fetch = fetch


def serve(way: str, url: str) -> None:
    {"ours": lambda: None, "stub": stub, "plain": plain}[way]()
    portal_url = url.replace("//postgres:@", "//bench_portal@") if url.startswith("postgresql") else url
    settings = Settings(
        database_url=portal_url,
        secret_key="a bench secret of 32 characters or more",
        firm=Firm(name="Hafen & Söhne", time_zone="Europe/Berlin", profile="logistics"),
    )
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    app = create_app(settings)
    # As `frontdesk serve` does, for each of the ways.
    stay()
    config = uvicorn.Config(app, log_level="error", access_log=False)
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    if sys.argv[1] == "fill":
        print(fill(sys.argv[2]))
    else:
        serve(sys.argv[1], sys.argv[2])
