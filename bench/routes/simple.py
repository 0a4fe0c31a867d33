"""What a careful developer writes: simple-salesforce, SQLAlchemy Core, an upsert by executemany per 2,000 records."""

from __future__ import annotations

import sys
from itertools import islice
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import requests
from columns import COLUMNS, NUMBER, soql
from meter import Meter
from requests.adapters import HTTPAdapter
from simple_salesforce import Salesforce
from sqlalchemy import Boolean, Column, Double, Engine, MetaData, Table, Text, create_engine, event
from sqlalchemy.dialects import postgresql, sqlite

BATCH = 2000


class ToBench(HTTPAdapter):
    """The library builds https addresses by itself; only scheme, host and port are changed."""

    address = ""

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        here, wanted = urlsplit(self.address), urlsplit(request.url)
        request.url = urlunsplit((here.scheme, here.netloc, wanted.path, wanted.query, ""))
        return super().send(request, *args, **kwargs)


def table() -> Table:
    types = {"text": Text, NUMBER: Double, "boolean": Boolean}
    columns = [Column(name, types[type_], primary_key=name == "Id") for name, type_ in COLUMNS.items()]
    return Table("project", MetaData(), *columns)


def engine_for(url: str) -> Engine:
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    if engine.dialect.name == "sqlite":

        @event.listens_for(engine, "connect")
        def pragmas(connection: Any, _record: Any) -> None:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=NORMAL")

    return engine


def load(address: str, url: str) -> int:
    session = requests.Session()
    ToBench.address = address
    session.mount("https://", ToBench())
    client = Salesforce(session_id="00D!token", instance="bench.my.salesforce.com", session=session, version="68.0")
    engine, project = engine_for(url), table()
    project.metadata.create_all(engine)
    insert = (postgresql if engine.dialect.name == "postgresql" else sqlite).insert(project)
    rest = {name: insert.excluded[name] for name in list(COLUMNS)[1:]}
    upsert = insert.on_conflict_do_update(index_elements=["Id"], set_=rest)
    records = client.query_all_iter(soql(), include_deleted=True)
    count = 0
    while batch := [{name: record[name] for name in COLUMNS} for record in islice(records, BATCH)]:
        with engine.begin() as connection:
            connection.execute(upsert, batch)
        count += len(batch)
    engine.dispose()
    return count


if __name__ == "__main__":
    meter = Meter()
    meter.report(load(sys.argv[1], sys.argv[2]))
