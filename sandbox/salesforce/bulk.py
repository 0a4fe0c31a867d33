"""Bulk API 2.0 query jobs: created, polled, read page by page as CSV, aborted, deleted.

Source: Bulk API 2.0 guide. A job is read when it is created, so its pages stay the same however often they are asked
for; it says to be ready after `salesforce_bulk_seconds` (a fact, 0) by the sandbox's clock, or to have failed if
`salesforce_bulk_fail` says why.
"""

from __future__ import annotations

import base64
import csv
import io
from collections.abc import Iterator
from typing import Any

import orjson
from starlette.responses import Response

from sandbox.salesforce import aggregates, soql
from sandbox.salesforce.call import Call, answer
from sandbox.salesforce.errors import Fault, not_found
from sandbox.salesforce.ids import BASE62, numbered_id
from sandbox.salesforce.parser import parse
from sandbox.salesforce.query import Node, Statement, compile_query
from sandbox.salesforce.rows import stamp
from sandbox.state import State

SCHEMA = """
CREATE TABLE IF NOT EXISTS bulk_job (n INTEGER PRIMARY KEY AUTOINCREMENT, created INTEGER NOT NULL, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS bulk_row (
    job INTEGER NOT NULL, n INTEGER NOT NULL, line TEXT NOT NULL, PRIMARY KEY (job, n)
) WITHOUT ROWID;
"""
SECONDS, FAILING = "salesforce_bulk_seconds", "salesforce_bulk_fail"
JOBS_A_DAY = 10_000
DAY_MS = 86_400_000
MOST_RECORDS = 50_000
DELIMITERS = {"COMMA": ",", "BACKQUOTE": "`", "CARET": "^", "PIPE": "|", "SEMICOLON": ";", "TAB": "\t"}
ENDINGS = {"LF": "\n", "CRLF": "\r\n"}
DELETED = "Deleted"
Json = dict[str, Any]


def prepare(state: State) -> None:
    """Create the tables that jobs are kept in."""
    state.connection.executescript(SCHEMA)


def left_today(state: State) -> int:
    """How many more query jobs the org may create within 24 hours."""
    sql = "SELECT count(*) FROM bulk_job WHERE created > ? AND json_extract(body, '$.ingest') IS NULL"
    return JOBS_A_DAY - int(state.connection.execute(sql, (state.now() - DAY_MS,)).fetchone()[0])


def create(call: Call) -> Response:
    """POST /jobs/query."""
    wish = call.object()
    if wish.get("operation") not in ("query", "queryAll") or not isinstance(wish.get("query"), str):
        raise Fault(400, "INVALIDJOB", "operation has to be query or queryAll, and query a statement")
    delimiter, ending = str(wish.get("columnDelimiter", "COMMA")), str(wish.get("lineEnding", "LF"))
    if delimiter not in DELIMITERS or ending not in ENDINGS:
        raise Fault(400, "INVALIDJOB", f"Unknown columnDelimiter {delimiter} or lineEnding {ending}")
    if left_today(call.state) <= 0:
        raise Fault(400, "EXCEEDEDQUOTA", f"Max bulk v2 query jobs ({JOBS_A_DAY}) per 24 hrs has been reached")
    statement = compiled(call, wish["query"], with_deleted=wish["operation"] == "queryAll")
    facts = {"operation": wish["operation"], "object": statement.root.entity, "query": wish["query"]}
    facts |= {"columnDelimiter": delimiter, "lineEnding": ending, "version": call.base}
    facts |= {"error": call.state.fact(FAILING)}
    with call.state.transaction():
        job = kept(call, statement, facts)
    return answer(shown(call, job) | {"state": "UploadComplete"})


def compiled(call: Call, text: str, *, with_deleted: bool) -> Statement:
    """The statement, if Bulk can run it."""
    tree = parse(text)
    if soql.Count() in tree.selected or aggregates.wanted(tree):
        raise Fault(400, "API_ERROR", "Aggregate Relationships not supported in Bulk Query")
    if any(isinstance(item, soql.Query) for item in tree.selected):
        raise Fault(400, "API_ERROR", "Nested queries are not supported in Bulk Query")
    if tree.offset is not None:
        raise Fault(400, "API_ERROR", "OFFSET is not supported in Bulk Query")
    statement = compile_query(call.org, tree, call.state.now(), with_deleted=with_deleted)
    if any(field.type == "address" for node in nodes(statement.root) for field in node.fields):
        raise Fault(400, "API_ERROR", "Selecting compound data not supported in Bulk Query")
    return statement


def nodes(node: Node) -> Iterator[Node]:
    """An object and the parents of which something is shown."""
    yield node
    for name in node.shown:
        yield from nodes(node.parents[name])


def kept(call: Call, statement: Statement, facts: Json) -> Json:
    """Store a job with its rows."""
    connection, now = call.state.connection, call.state.now()
    number = connection.execute("INSERT INTO bulk_job (created, body) VALUES (?, '')", (now,)).lastrowid or 0
    names = list(columns(statement.root))
    lines = (line(facts, [cell(row, name) for name in names]) for row in call.cursors.each(statement, call.base))
    rows = ((number, position, text) for position, text in enumerate(lines))
    count = connection.executemany("INSERT INTO bulk_row VALUES (?, ?, ?)", rows).rowcount
    job = facts | {"header": line(facts, [".".join(name) for name in names]), "count": max(count, 0)}
    save(call.state, number, job)
    return job | {"n": number, "created": now}


def columns(node: Node, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The columns of a result: an object's own fields, then its parents'."""
    yield from ((*path, field.name) for field in node.fields)
    for name in node.shown:
        yield from columns(node.parents[name], (*path, name))


def cell(row: Json, path: tuple[str, ...]) -> str:
    """A value as CSV has it: null is empty, instants end in Z, a number keeps its decimal point."""
    value: Any = row
    for name in path:
        value = None if value is None else value[name]
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    text = str(value)
    return text.removesuffix("+0000") + "Z" if isinstance(value, str) and text.endswith(".000+0000") else text


def line(facts: Json, cells: list[str]) -> str:
    """One line of the result, everything in quotes."""
    written = io.StringIO()
    delimiter, ending = DELIMITERS[facts["columnDelimiter"]], ENDINGS[facts["lineEnding"]]
    csv.writer(written, delimiter=delimiter, lineterminator=ending, quoting=csv.QUOTE_ALL).writerow(cells)
    return written.getvalue()


def look(call: Call) -> Response:
    """GET /jobs/query/{id}."""
    return answer(shown(call, job_of(call)))


def listing(call: Call) -> Response:
    """GET /jobs/query: newest first."""
    records = [shown(call, job) for job in jobs(call.state) if not job.get("ingest")]
    return answer({"done": True, "records": records, "nextRecordsUrl": None})


def jobs(state: State) -> list[Json]:
    """All jobs that were not deleted, newest first."""
    numbers = state.connection.execute("SELECT n FROM bulk_job ORDER BY n DESC").fetchall()
    kept = (found(state, number) for (number,) in numbers)
    return [job for job in kept if job and job.get("ended") != DELETED]


def abort(call: Call) -> Response:
    """PATCH /jobs/query/{id} {"state": "Aborted"}."""
    job = job_of(call)
    if call.object().get("state") != "Aborted":
        raise Fault(400, "INVALIDJOBSTATE", "A query job can only be set to Aborted")
    if stands(call.state, job) not in ("UploadComplete", "InProgress"):
        raise Fault(400, "INVALIDJOBSTATE", f"Aborting already {stands(call.state, job)} Job not allowed")
    save(call.state, job["n"], job | {"ended": "Aborted"})
    return answer(shown(call, job | {"ended": "Aborted"}))


def delete(call: Call) -> Response:
    """DELETE /jobs/query/{id}: a job that has come to its end, with its results."""
    job = job_of(call)
    if stands(call.state, job) in ("UploadComplete", "InProgress"):
        raise Fault(400, "INVALIDJOBSTATE", "Deleting a job that is not in a final state is not allowed")
    with call.state.transaction() as connection:
        connection.execute("DELETE FROM bulk_row WHERE job = ?", (job["n"],))
        save(call.state, job["n"], job | {"ended": DELETED})
    return Response(status_code=204)


def results(call: Call) -> Response:
    """GET /jobs/query/{id}/results?maxRecords=&locator=."""
    job, size = job_of(call), call.params.get("maxRecords", str(MOST_RECORDS))
    if stands(call.state, job) != "JobComplete":
        raise Fault(400, "INVALIDJOBSTATE", f"The job has no results: it is {stands(call.state, job)}")
    if call.base != job["version"]:
        raise Fault(409, "API_ERROR", "The API version of the request differs from the one that created the job")
    if not size.isdigit() or not int(size):
        raise Fault(400, "API_ERROR", f"maxRecords is not a positive number: {size}")
    start = place(call.params.get("locator", ""))
    sql = "SELECT line FROM bulk_row WHERE job = ? AND n >= ? ORDER BY n LIMIT ?"
    lines = [row[0] for row in call.state.connection.execute(sql, (job["n"], start, int(size)))]
    following = start + len(lines)
    headers = {
        "Sforce-NumberOfRecords": str(len(lines)),
        "Sforce-Locator": locator(following) if following < job["count"] else "null",
    }
    return Response(job["header"] + "".join(lines), headers=headers, media_type="text/csv")


def locator(position: int) -> str:
    """Where the next page begins, opaque."""
    return base64.urlsafe_b64encode(str(position).encode()).decode().rstrip("=")


def place(text: str) -> int:
    """The position that a locator names; 0 without one."""
    try:
        return int(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))) if text else 0
    except ValueError:
        raise Fault(400, "API_ERROR", f"Invalid locator: {text}") from None


def job_of(call: Call, *, ingest: bool = False) -> Json:
    """The job that the path names, of the kind that is asked for there."""
    digits = call.parts["id"][5:15]
    number = sum(BASE62.find(digit) * 62**place for place, digit in enumerate(reversed(digits)))
    job = found(call.state, number)
    if job is None or job.get("ended") == DELETED or call.parts["id"] not in ids(number):
        raise not_found()
    if bool(job.get("ingest")) != ingest:
        raise not_found()
    return job


def ids(number: int) -> tuple[str, str]:
    """A job's id in both lengths."""
    long = numbered_id("750", number)
    return long, long[:15]


def found(state: State, number: int) -> Json | None:
    """A job by its number."""
    row = state.connection.execute("SELECT created, body FROM bulk_job WHERE n = ?", (number,)).fetchone()
    return {**orjson.loads(row[1]), "n": number, "created": row[0]} if row else None


def save(state: State, number: int, job: Json) -> None:
    """Write a job down."""
    with state.transaction() as connection:
        connection.execute("UPDATE bulk_job SET body = ? WHERE n = ?", (orjson.dumps(job).decode(), number))


def stands(state: State, job: Json) -> str:
    """The state of a job."""
    if job.get("ended"):
        return str(job["ended"])
    waited = (state.now() - job["created"]) / 1000
    if waited < float(state.fact(SECONDS, "0")):
        return "InProgress"
    return "Failed" if job.get("error") else "JobComplete"


def shown(call: Call, job: Json) -> Json:
    """The job as the vendor shows it."""
    created, state = stamp(job["created"]), stands(call.state, job)
    done: Json = {"retries": 0, "totalProcessingTime": 0, "numberRecordsProcessed": job["count"]}
    failed = done | {"numberRecordsProcessed": 0, "errorMessage": job.get("error")}
    return {
        "id": numbered_id("750", job["n"]),
        "operation": job["operation"],
        "object": job["object"],
        "createdById": call.org.admin,
        "createdDate": created,
        "systemModstamp": created,
        "state": state,
        "concurrencyMode": "Parallel",
        "contentType": "CSV",
        "apiVersion": float(call.base.rpartition("/v")[2]),
        "jobType": "V2Query",
        "lineEnding": job["lineEnding"],
        "columnDelimiter": job["columnDelimiter"],
    } | {"JobComplete": done, "Failed": failed}.get(state, {})
