"""Bulk API 1.0: jobs of batches, in JSON or CSV, whose facts are told in JSON or XML.

Source: Bulk API guide. A batch is carried out when it is added. An expired session is 400 InvalidSessionId here.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from typing import Any
from xml.sax.saxutils import escape

import orjson
from starlette.responses import Response

from sandbox.salesforce import bulk, ingest
from sandbox.salesforce.bulk import Json
from sandbox.salesforce.call import Call
from sandbox.salesforce.errors import Fault
from sandbox.salesforce.ids import numbered_id
from sandbox.salesforce.rows import stamp
from sandbox.state import State

SCHEMA = """
CREATE TABLE IF NOT EXISTS bulk_one_job (n INTEGER PRIMARY KEY AUTOINCREMENT, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS bulk_one_batch (
    n INTEGER PRIMARY KEY AUTOINCREMENT, job INTEGER NOT NULL, body TEXT NOT NULL);
"""
SPACE = "http://www.force.com/2009/06/asyncapi/dataload"
ELEMENT = re.compile(r"<(\w+)>([^<]*)</\1>")
QUERIES = ("query", "queryAll")
CSV_FACTS = {"columnDelimiter": "COMMA", "lineEnding": "LF"}
SETTINGS = ("operation", "object", "contentType", "concurrencyMode", "externalIdFieldName")
TIMES = ("totalProcessingTime", "apiActiveProcessingTime", "apexProcessingTime")


def prepare(state: State) -> None:
    """Create the tables of jobs and batches."""
    state.connection.executescript(SCHEMA)


def refused(status: int, code: str, message: str, *, json: bool) -> Response:
    """An error as this API words it."""
    body = {"exceptionCode": code, "exceptionMessage": message}
    return told("error", body, json=json, status=status)


def invalid(code: str, message: str) -> Fault:
    return Fault(400, code, message)


def told(name: str, body: Any, *, json: bool, status: int = 200) -> Response:
    """Facts as JSON, or as elements below one of this name."""
    if json:
        return Response(orjson.dumps(body), status, media_type="application/json")
    text = f'<?xml version="1.0" encoding="UTF-8"?><{name} xmlns="{SPACE}">{elements(body)}</{name}>'
    return Response(text, status, media_type="application/xml")


def elements(body: Json) -> str:
    """Facts as elements; a list repeats its element."""
    pairs = [(name, one) for name, value in body.items() for one in (value if isinstance(value, list) else [value])]
    return "".join(
        f"<{name}>{elements(one) if isinstance(one, dict) else escape(str(one))}</{name}>" for name, one in pairs
    )


def wants_json(call: Call, job: Json | None = None) -> bool:
    """What a job's facts are told in: the request's own form, and JSON for a job of JSON."""
    return is_json(job or {}) or "json" in call.headers.get("content-type", "")


def is_json(job: Json) -> bool:
    """A batch's facts are told in the job's own form: XML where its content is CSV."""
    return job.get("contentType") == "JSON"


def wish_of(call: Call) -> Json:
    """A job's facts from the request's body."""
    return call.object() if wants_json(call) else dict(ELEMENT.findall(call.content.decode("utf-8", "replace")))


def create(call: Call) -> Response:
    """POST /job."""
    wish = {"contentType": "JSON" if wants_json(call) else "XML", "concurrencyMode": "Parallel"} | wish_of(call)
    check(call, wish)
    job = {name: wish[name] for name in SETTINGS if name in wish} | {"state": "Open", "created": call.state.now()}
    job["object"] = call.org.object(str(wish["object"]))
    with call.state.transaction() as connection:
        sql = "INSERT INTO bulk_one_job (body) VALUES (?)"
        number = connection.execute(sql, (orjson.dumps(job).decode(),)).lastrowid or 0
    return shown(call, job | {"n": number}, 201)


def check(call: Call, wish: Json) -> None:
    """Raises InvalidJob for one that cannot be."""
    if wish.get("operation") not in (*QUERIES, *ingest.OPERATIONS):
        raise invalid("InvalidJob", f"Unknown operation: {wish.get('operation')}")
    if wish["contentType"] not in ("JSON", "CSV"):
        raise invalid("InvalidJob", f"contentType {wish['contentType']} is not emulated")
    if wish["operation"] == "upsert" and not wish.get("externalIdFieldName"):
        raise invalid("InvalidJob", "External ID was blank for an upsert")
    try:
        call.org.object(str(wish.get("object")))
    except Fault:
        raise invalid("InvalidJob", f"Unable to find object: {wish.get('object')}") from None


def look(call: Call) -> Response:
    """GET /job/{id}."""
    return shown(call, job_of(call))


def close(call: Call) -> Response:
    """POST /job/{id} with the state Closed or Aborted."""
    job, state = job_of(call), wish_of(call).get("state")
    if state not in ("Closed", "Aborted") or job["state"] != "Open":
        raise invalid("InvalidJobState", f"A job that is {job['state']} cannot become {state}")
    with call.state.transaction() as connection:
        body = orjson.dumps({name: value for name, value in (job | {"state": state}).items() if name != "n"}).decode()
        connection.execute("UPDATE bulk_one_job SET body = ? WHERE n = ?", (body, job["n"]))
    return shown(call, job | {"state": state})


def add(call: Call) -> Response:
    """POST /job/{id}/batch: carried out at once."""
    job = job_of(call)
    if job["state"] != "Open":
        raise invalid("InvalidJobState", f"The job is {job['state']}")
    content = call.content.decode("utf-8", "replace")
    outcome = asked(call, job, content) if job["operation"] in QUERIES else loaded(call, job, content)
    batch = {"content": content, "created": call.state.now()} | outcome
    with call.state.transaction() as connection:
        sql, row = "INSERT INTO bulk_one_batch (job, body) VALUES (?, ?)", (job["n"], orjson.dumps(batch).decode())
        number = connection.execute(sql, row).lastrowid or 0
    # The answer tells what was queued; what became of it is asked for later.
    queued = facts(job, batch | {"n": number, "count": 0, "failed": 0, "state": "Queued"})
    return told("batchInfo", queued, json=is_json(job), status=201)


def asked(call: Call, job: Json, content: str) -> Json:
    """A query's rows."""
    try:
        statement = bulk.compiled(call, content, with_deleted=job["operation"] == "queryAll")
    except Fault as fault:
        words = f"InvalidBatch : Failed to process query: {fault.code}: {fault.message}"
        return {"state": "Failed", "stateMessage": words}
    rows = list(call.cursors.each(statement, call.base))
    if job["contentType"] == "JSON":
        return {"state": "Completed", "count": len(rows), "result": rows}
    names = list(bulk.columns(statement.root))
    cells = [[".".join(name) for name in names], *([bulk.cell(row, name) for name in names] for row in rows)]
    return {"state": "Completed", "count": len(rows), "result": text_of(cells)}


def text_of(cells: list[list[str]]) -> str:
    return "".join(bulk.line(CSV_FACTS, row) for row in cells)


def loaded(call: Call, job: Json, content: str) -> Json:
    """The results of each row."""
    try:
        rows = list(read(call, job, content))
    except (ingest.BadContent, orjson.JSONDecodeError, TypeError, AttributeError) as error:
        return {"state": "Failed", "stateMessage": str(error)}
    results = [ingest.result(call.org, job, id_, data) for id_, data in rows]
    failed = sum(not one["success"] for one in results)
    found: Any = results
    if job["contentType"] == "CSV":
        lines = [[one["id"] or "", str(one["success"]), str(one["created"]), ingest.words(one)] for one in results]
        cells = [["Id", "Success", "Created", "Error"], *([a, b.lower(), c.lower(), d] for a, b, c, d in lines)]
        found = text_of(cells)
    return {"state": "Completed", "count": len(results), "failed": failed, "result": found}


def read(call: Call, job: Json, content: str) -> Iterator[tuple[str, Json]]:
    """Each row's id and fields."""
    if job["contentType"] == "CSV":
        lines = list(csv.DictReader(io.StringIO(content)))
        for name in lines[0] if lines else {}:
            ingest.check_column(call.org, job["object"], name)
        for line in lines:
            id_ = next((value for name, value in line.items() if name.lower() == "id"), "")
            yield id_, ingest.data_of(call.org, job["object"], line)
        return
    for row in orjson.loads(content):
        id_ = next((value for name, value in row.items() if name.lower() == "id"), "")
        yield str(id_ or ""), {name: value for name, value in row.items() if name.lower() != "id"}


def batches(call: Call) -> Response:
    """GET /job/{id}/batch."""
    job = job_of(call)
    listed = [facts(job, one) for one in kept(call.state, job["n"])]
    return told("batchInfoList", {"batchInfo": listed}, json=is_json(job))


def batch(call: Call) -> Response:
    """GET /job/{id}/batch/{batch}."""
    job = job_of(call)
    return told("batchInfo", facts(job, batch_of(call, job)), json=is_json(job))


def request(call: Call) -> Response:
    """GET /job/{id}/batch/{batch}/request: what was sent."""
    job = job_of(call)
    return content(job, batch_of(call, job)["content"])


def content(job: Json, text: str) -> Response:
    return Response(text, headers={"Content-Type": "application/json" if is_json(job) else "text/csv"})


def result(call: Call) -> Response:
    """GET /job/{id}/batch/{batch}/result: a load's results, or the ids of a query's."""
    job = job_of(call)
    one = batch_of(call, job)
    if one["state"] != "Completed":
        raise invalid("InvalidBatch", "Records not processed")
    if job["operation"] in QUERIES:
        names = [numbered_id("752", one["n"])]
        return told("result-list", names if is_json(job) else {"result": names}, json=is_json(job))
    return content(job, one["result"] if job["contentType"] == "CSV" else orjson.dumps(one["result"]).decode())


def rows(call: Call) -> Response:
    """GET /job/{id}/batch/{batch}/result/{result}: a query's rows."""
    job = job_of(call)
    one = batch_of(call, job)
    if job["operation"] not in QUERIES or call.parts["result"] != numbered_id("752", one["n"]):
        raise invalid("InvalidBatch", f"Unknown result: {call.parts['result']}")
    return content(job, one["result"] if job["contentType"] == "CSV" else orjson.dumps(one["result"]).decode())


def job_of(call: Call) -> Json:
    """The job that the path names. Raises InvalidJob."""
    wanted = call.parts["id"]
    for number, body in call.state.connection.execute("SELECT n, body FROM bulk_one_job"):
        if wanted in (numbered_id("750", number), numbered_id("750", number)[:15]):
            return {**orjson.loads(body), "n": number}
    raise invalid("InvalidJob", f"Invalid job id: {wanted}")


def kept(state: State, job: int) -> list[Json]:
    found = state.connection.execute("SELECT n, body FROM bulk_one_batch WHERE job = ? ORDER BY n", (job,))
    return [{**orjson.loads(body), "n": number} for number, body in found]


def batch_of(call: Call, job: Json) -> Json:
    """The batch that the path names. Raises InvalidBatch."""
    for one in kept(call.state, job["n"]):
        if call.parts["batch"] in (numbered_id("751", one["n"]), numbered_id("751", one["n"])[:15]):
            return one
    raise invalid("InvalidBatch", f"Invalid batch id: {call.parts['batch']}")


def facts(job: Json, one: Json) -> Json:
    """A batch as the vendor shows it."""
    created = stamp(one["created"]).replace("+0000", "Z")
    shown = {"id": numbered_id("751", one["n"]), "jobId": numbered_id("750", job["n"]), "state": one["state"]}
    shown |= {"stateMessage": one["stateMessage"]} if one.get("stateMessage") else {}
    shown |= {"createdDate": created, "systemModstamp": created}
    counts = {"numberRecordsProcessed": one.get("count", 0), "numberRecordsFailed": one.get("failed", 0)}
    return shown | counts | dict.fromkeys(TIMES, 0)


def shown(call: Call, job: Json, status: int = 200) -> Response:
    """A job as the vendor shows it."""
    created = stamp(job["created"]).replace("+0000", "Z")
    body = {"id": numbered_id("750", job["n"])} | {name: job[name] for name in SETTINGS if name in job}
    body |= {"createdById": call.org.admin, "createdDate": created, "systemModstamp": created, "state": job["state"]}
    mine = kept(call.state, job["n"])
    states = {name: sum(one["state"] == name for one in mine) for name in ("Completed", "Failed")}
    counts = {"Queued": 0, "InProgress": 0, **states, "Total": len(mine)}
    body |= {f"numberBatches{name}": count for name, count in counts.items()}
    body |= {"numberRecordsProcessed": sum(one.get("count", 0) for one in mine), "numberRetries": 0}
    body |= {"apiVersion": float(call.version), "numberRecordsFailed": sum(one.get("failed", 0) for one in mine)}
    return told("jobInfo", body | dict.fromkeys(TIMES, 0), json=wants_json(call, job), status=status)
