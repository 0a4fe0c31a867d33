"""The limit: raw HTTP, orjson, COPY into a staging table and one merge (PostgreSQL) or executemany (SQLite)."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Iterator
from operator import itemgetter
from urllib.parse import quote

import orjson
import psycopg
import requests
from columns import COLUMNS, PATH, soql
from meter import Meter

Rows = list[tuple[object, ...]]
NAMES = ", ".join(f'"{name}"' for name in COLUMNS)
CHANGES = ", ".join(f'"{name}" = excluded."{name}"' for name in list(COLUMNS)[1:])


def pages(address: str) -> Iterator[Rows]:
    row, link = itemgetter(*COLUMNS), f"{PATH}?q={quote(soql())}"
    with requests.Session() as session:
        while link:
            body = orjson.loads(session.get(address + link, timeout=60).content)
            yield [row(record) for record in body["records"]]
            link = body.get("nextRecordsUrl", "")


def into_postgres(address: str, database: str) -> int:
    typed = ", ".join(f'"{name}" {type_}' for name, type_ in COLUMNS.items())
    count = 0
    with psycopg.connect(database) as connection, connection.cursor() as cursor:
        cursor.execute(f'CREATE TABLE IF NOT EXISTS project ({typed}, PRIMARY KEY ("Id"))')
        cursor.execute(f"CREATE TEMP TABLE stage ({typed}) ON COMMIT DROP")
        with cursor.copy(f"COPY stage ({NAMES}) FROM STDIN") as copy:
            for rows in pages(address):
                count += len(rows)
                for row in rows:
                    copy.write_row(row)
        cursor.execute(
            f'INSERT INTO project ({NAMES}) SELECT DISTINCT ON ("Id") {NAMES} FROM stage '
            f'ON CONFLICT ("Id") DO UPDATE SET {CHANGES}'
        )
    return count


def into_sqlite(address: str, path: str) -> int:
    typed = ", ".join(f'"{name}"' for name in list(COLUMNS)[1:])
    marks = ", ".join("?" * len(COLUMNS))
    statement = f'INSERT INTO project ({NAMES}) VALUES ({marks}) ON CONFLICT ("Id") DO UPDATE SET {CHANGES}'
    count = 0
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.execute(f'CREATE TABLE IF NOT EXISTS project ("Id" TEXT PRIMARY KEY, {typed})')
    for rows in pages(address):
        with connection:
            connection.executemany(statement, rows)
        count += len(rows)
    connection.close()
    return count


if __name__ == "__main__":
    meter = Meter()
    source, target = sys.argv[1], sys.argv[2]
    load = into_sqlite if target.startswith("sqlite:///") else into_postgres
    meter.report(load(source, target.removeprefix("sqlite:///")))
