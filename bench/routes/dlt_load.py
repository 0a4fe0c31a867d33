"""dlt: its REST source with merge (`rest`), and its fast path, tables of Arrow made from the same pages (`arrow`).

dlt_load.py rest|arrow SERVER DATABASE [STREAM ...]      without streams: Project__c
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import dlt
from columns import COLUMNS, PATH, soql
from dlt.sources.rest_api import rest_api_source
from meter import Meter
from sqlalchemy import make_url

FIRST = "2000-01-01T00:00:00Z"
os.environ.setdefault("RUNTIME__DLTHUB_TELEMETRY", "false")
os.environ.setdefault("RUNTIME__LOG_LEVEL", "ERROR")


def destination(url: str) -> Any:
    if url.startswith("sqlite"):
        return dlt.destinations.sqlalchemy(url)
    parsed = make_url(url)
    # A socket folder stands in the query; dlt writes the host into an address as it is, so it must be quoted.
    host = parsed.host or quote(str(parsed.query["host"]), safe="")
    facts = {"host": host, "port": parsed.port or 5432, "database": parsed.database, "username": parsed.username}
    return dlt.destinations.postgres({"drivername": "postgresql", "password": parsed.password or "none", **facts})


def resource(stream: str) -> dict:
    query = f"SELECT {', '.join(COLUMNS)} FROM {stream} WHERE SystemModstamp > {{incremental.start_value}}"
    return {
        "name": stream.lower(),
        "primary_key": "Id",
        "write_disposition": "merge",
        "endpoint": {
            "path": PATH.lstrip("/"),
            "params": {"q": f"{query} ORDER BY SystemModstamp, Id"},
            "data_selector": "records",
            "incremental": {"cursor_path": "SystemModstamp", "initial_value": FIRST},
        },
    }


def rest(address: str, streams: list[str]) -> Any:
    paging = {"type": "json_link", "next_url_path": "nextRecordsUrl"}
    client = {"base_url": address, "auth": {"type": "bearer", "token": "00D!token"}, "paginator": paging}
    return rest_api_source({"client": client, "resources": [resource(stream) for stream in streams]})


def arrow(address: str, _streams: list[str]) -> Any:
    import orjson
    import pyarrow as pa
    import requests

    @dlt.resource(name="project", primary_key="Id", write_disposition="merge")
    def project() -> Iterator[Any]:
        with requests.Session() as session:
            answer = session.get(address + PATH, params={"q": soql()}, timeout=60)
            while True:
                body = orjson.loads(answer.content)
                yield pa.table({name: [record[name] for record in body["records"]] for name in COLUMNS})
                if body["done"]:
                    return
                answer = session.get(address + body["nextRecordsUrl"], timeout=60)

    return project


def load(way: str, address: str, url: str, streams: list[str]) -> int:
    folder = os.environ.get("BENCH_DLT_FOLDER") or tempfile.mkdtemp(prefix="bench-dlt-")
    pipeline = dlt.pipeline("bench", destination=destination(url), dataset_name="bench", pipelines_dir=folder)
    source = (rest if way == "rest" else arrow)(address, streams or ["Project__c"])
    # Each store's quickest loader for tables; the REST source has its default.
    quick = {} if way == "rest" else {"loader_file_format": "parquet" if url.startswith("sqlite") else "csv"}
    pipeline.run(source, **quick)
    counts = pipeline.last_trace.last_normalize_info.row_counts
    return sum(count for name, count in counts.items() if not name.startswith("_dlt"))


if __name__ == "__main__":
    meter = Meter()
    meter.report(load(sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:]))
