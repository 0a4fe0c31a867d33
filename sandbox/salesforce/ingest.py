"""Bulk API 2.0 ingest jobs: created, filled with one CSV, closed, and read back as what succeeded and what failed.

Source: Bulk API 2.0 guide. The rows are written when the job is closed; it says to be complete when a query job would.
"""

from __future__ import annotations

import csv
import io
from typing import Any

import orjson
from starlette.responses import Response

from sandbox.salesforce import bulk, writes
from sandbox.salesforce.bulk import DELIMITERS, ENDINGS, Json
from sandbox.salesforce.call import Call, answer
from sandbox.salesforce.errors import Fault, not_found
from sandbox.salesforce.ids import numbered_id, to_18
from sandbox.salesforce.org import NUMBER_TYPES, VENDOR, Org
from sandbox.salesforce.rows import stamp
from sandbox.state import State

SCHEMA = """
CREATE TABLE IF NOT EXISTS bulk_load (job INTEGER PRIMARY KEY, content TEXT NOT NULL, results TEXT NOT NULL DEFAULT '');
"""
OPERATIONS = ("insert", "update", "upsert", "delete", "hardDelete")
RESULTS = {"successfulResults": ["sf__Id", "sf__Created"], "failedResults": ["sf__Id", "sf__Error"]}
UNPROCESSED = "unprocessedrecords"
NULL = "#N/A"
TWICE = "Found multiple contents for job: <{}>, make sure you only do 'PUT' once on a given Job."
SETTINGS = ("operation", "object", "externalIdFieldName", "columnDelimiter", "lineEnding")


class BadContent(Exception):
    """The whole file cannot be read; the job fails with these words."""


def prepare(state: State) -> None:
    """Create the table that the files of jobs are kept in."""
    state.connection.executescript(SCHEMA)


def create(call: Call) -> Response:
    """POST /jobs/ingest."""
    facts = {"columnDelimiter": "COMMA", "lineEnding": "LF"} | call.object()
    check(call.org, facts)
    job = {"ingest": True, **{name: facts[name] for name in SETTINGS if name in facts}}
    job["object"] = call.org.object(str(facts["object"]))
    with call.state.transaction() as connection:
        now, text = call.state.now(), orjson.dumps(job).decode()
        number = connection.execute("INSERT INTO bulk_job (created, body) VALUES (?, ?)", (now, text)).lastrowid or 0
    return answer(shown(call, job | {"n": number, "created": now}))


def check(org: Org, facts: Json) -> None:
    """Raises INVALIDJOB or INVALIDENTITY."""
    if facts.get("operation") not in OPERATIONS or facts.get("contentType", "CSV") != "CSV":
        raise Fault(400, "INVALIDJOB", f"operation has to be one of {', '.join(OPERATIONS)}, and contentType CSV")
    if facts["columnDelimiter"] not in DELIMITERS or facts["lineEnding"] not in ENDINGS:
        raise Fault(400, "INVALIDJOB", "Unknown columnDelimiter or lineEnding")
    if facts["operation"] == "upsert" and not facts.get("externalIdFieldName"):
        raise Fault(400, "INVALIDJOB", "externalIdFieldName is required for an upsert")
    try:
        org.object(str(facts.get("object")))
    except Fault:
        raise Fault(400, "INVALIDENTITY", f"Unable to find object: {facts.get('object')}") from None


def upload(call: Call) -> Response:
    """PUT /jobs/ingest/{id}/batches: the whole file at once."""
    job = bulk.job_of(call, ingest=True)
    if job.get("closed") or job.get("ended"):
        raise Fault(400, "INVALIDJOBSTATE", f"The job is {state_of(call.state, job)}, and takes no data any more")
    try:
        row = (job["n"], call.content.decode())
    except UnicodeDecodeError:
        raise Fault(400, "INVALIDCONTENT", "The content has to be UTF-8") from None
    if call.state.connection.execute("SELECT 1 FROM bulk_load WHERE job = ?", row[:1]).fetchone():
        raise Fault(400, "INVALIDJOBSTATE", TWICE.format(numbered_id("750", job["n"])))
    with call.state.transaction() as connection:
        connection.execute("INSERT INTO bulk_load (job, content) VALUES (?, ?)", row)
    return Response(status_code=201)


def close(call: Call) -> Response:
    """PATCH /jobs/ingest/{id} {"state": "UploadComplete"}, which writes the rows, or {"state": "Aborted"}."""
    job, wish = bulk.job_of(call, ingest=True), call.object().get("state")
    if wish not in ("UploadComplete", "Aborted"):
        raise Fault(400, "INVALIDJOBSTATE", "An ingest job can be set to UploadComplete or Aborted")
    if job.get("closed") or job.get("ended"):
        message = f"Job state cannot be changed from {state_of(call.state, job)} to {wish}"
        raise Fault(400, "INVALIDJOBSTATE", message)
    job |= {"ended": "Aborted"} if wish == "Aborted" else {"closed": call.state.now()} | written(call, job)
    bulk.save(call.state, job["n"], job)
    return answer(shown(call, job) | {"state": wish})


def written(call: Call, job: Json) -> Json:
    """Carry out every row; how many there were and failed, or why none could be read."""
    found = call.state.connection.execute("SELECT content FROM bulk_load WHERE job = ?", (job["n"],)).fetchone()
    try:
        names, rows = read(call.org, job, found[0] if found else "")
    except BadContent as error:
        return {"ended": "Failed", "errorMessage": str(error)}
    results: dict[str, list[list[str]]] = {name: [[*first, *names]] for name, first in RESULTS.items()}
    for cells in rows:
        where, result = carried_out(call.org, job, dict(zip(names, cells, strict=True)))
        results[where].append([*result, *cells])
    text = orjson.dumps(results | {UNPROCESSED: [names]}).decode()
    with call.state.transaction() as connection:
        connection.execute("UPDATE bulk_load SET results = ? WHERE job = ?", (text, job["n"]))
    return {"count": len(rows), "failed": len(results["failedResults"]) - 1}


def read(org: Org, job: Json, content: str) -> tuple[list[str], list[list[str]]]:
    """Header and rows of the file."""
    first = content.split("\n", 1)[0]
    if "\n" in content and first.endswith("\r") != (job["lineEnding"] == "CRLF"):
        message = f"LineEnding is invalid on user data. Current LineEnding setting is {job['lineEnding']}"
        raise BadContent(f"ClientInputError : {message}")
    lines = csv.reader(io.StringIO(content.removeprefix("\ufeff")), delimiter=DELIMITERS[job["columnDelimiter"]])
    names, *rows = [line for line in lines if line] or [[]]
    for name in names:
        check_column(org, job["object"], name)
    if any(len(row) != len(names) for row in rows):
        raise BadContent("InvalidBatch : Number of columns in a row differs from the header's")
    return names, rows


def check_column(org: Org, entity: str, name: str) -> None:
    """A column is a field, or an external id of a parent: `Account.QuickBooks_Id__c`."""
    relationship, _, field = name.rpartition(".")
    try:
        org.field(org.parent(entity, relationship).reference_to if relationship else entity, field)
    except Fault:
        raise BadContent(f"InvalidBatch : Field name not found : {name}") from None


def carried_out(org: Org, job: Json, cells: dict[str, str]) -> tuple[str, list[str]]:
    """One row's result: under which name, and its first two columns."""
    id_ = next((value for name, value in cells.items() if name.lower() == "id"), "")
    found = result(org, job, id_, data_of(org, job["object"], cells))
    if found["success"]:
        return "successfulResults", [found["id"], str(found["created"]).lower()]
    return "failedResults", [id_, words(found)]


def words(found: Json) -> str:
    """A failed row's error as CSV has it."""
    return "".join(f"{one['statusCode']}:{one['message']}:{','.join(one['fields'])} --" for one in found["errors"])


def result(org: Org, job: Json, id_: str, data: Json) -> Json:
    """Write one row; what became of it."""
    try:
        with org.state.transaction():
            id_, created = change(org, job, id_, data)
    except (Fault, writes.Several) as error:
        several = Fault(300, "DUPLICATE_EXTERNAL_ID", f"{error} carry this external id", [])
        refused = error if isinstance(error, Fault) else several
        return {"success": False, "created": False, "id": id_ or None, "errors": [refused.row()]}
    return {"success": True, "created": created, "id": id_, "errors": []}


def data_of(org: Org, entity: str, cells: dict[str, str]) -> Json:
    """A row's fields. An empty cell is left as it is, #N/A clears."""
    data: Json = {}
    for name, cell in cells.items():
        relationship, _, field = name.rpartition(".")
        if cell == "" or name.lower() == "id":
            continue
        if relationship:
            data[relationship] = {field: cell}
        else:
            data[name] = None if cell == NULL else typed(org.field(entity, name).type, cell)
    return data


def typed(kind: str, cell: str) -> Any:
    """A cell as JSON would have it; what is none of the field's kind stays text, and is refused as such."""
    if kind == "boolean":
        return {"true": True, "1": True, "false": False, "0": False}.get(cell.lower(), cell)
    if kind not in NUMBER_TYPES:
        return cell
    try:
        return int(cell) if kind == "int" else float(cell)
    except ValueError:
        return cell


def change(org: Org, job: Json, id_: str, data: Json) -> tuple[str, bool]:
    """Write one row; the record's id and whether it is new."""
    entity, operation = job["object"], job["operation"]
    if operation == "insert":
        return writes.create(org, entity, data), True
    if operation == "upsert":
        return upserted(org, job, id_, data)
    if not id_:
        raise Fault(400, "MISSING_ARGUMENT", f"Id not specified in an {operation} call", [])
    record = writes.live(org, entity, id_)
    if operation == "update":
        writes.update(org, record, data)
    elif operation == "delete":
        writes.delete(org, record)
    else:
        org.state.purge(VENDOR, entity, record.id)
    return to_18(id_), False


def upserted(org: Org, job: Json, id_: str, data: Json) -> tuple[str, bool]:
    """By the job's external id; by Id where that is the field."""
    name = str(job["externalIdFieldName"])
    key = id_ if name.lower() == "id" else next((data.pop(one) for one in [*data] if one.lower() == name.lower()), None)
    if key in (None, ""):
        raise Fault(400, "MISSING_ARGUMENT", f"{name} not specified", [])
    return writes.upsert(org, job["object"], name, str(key), data)


def look(call: Call) -> Response:
    """GET /jobs/ingest/{id}."""
    return answer(shown(call, bulk.job_of(call, ingest=True)))


def listing(call: Call) -> Response:
    """GET /jobs/ingest: newest first."""
    records = [shown(call, job) for job in bulk.jobs(call.state) if job.get("ingest")]
    return answer({"done": True, "records": records, "nextRecordsUrl": None})


def delete(call: Call) -> Response:
    """DELETE /jobs/ingest/{id}: a job that has come to its end, with its data."""
    job = bulk.job_of(call, ingest=True)
    if state_of(call.state, job) in ("Open", "InProgress"):
        raise Fault(400, "INVALIDJOBSTATE", "Deleting a job that is not in a final state is not allowed")
    with call.state.transaction() as connection:
        connection.execute("DELETE FROM bulk_load WHERE job = ?", (job["n"],))
        bulk.save(call.state, job["n"], job | {"ended": bulk.DELETED})
    return Response(status_code=204)


def results(call: Call) -> Response:
    """GET /jobs/ingest/{id}/successfulResults, failedResults, unprocessedrecords."""
    wanted = next((name for name in (*RESULTS, UNPROCESSED) if name.lower() == call.parts["results"].lower()), None)
    job = bulk.job_of(call, ingest=True)
    if wanted is None:
        raise not_found()
    if state_of(call.state, job) in ("Open", "InProgress"):
        raise Fault(400, "INVALIDJOBSTATE", "The job has not come to its end")
    found = call.state.connection.execute("SELECT results FROM bulk_load WHERE job = ?", (job["n"],)).fetchone()
    rows = orjson.loads(found[0])[wanted] if found and found[0] else []
    return Response("".join(bulk.line(job, row) for row in rows if row), media_type="text/csv")


def state_of(state: State, job: Json) -> str:
    """Open until it is closed, then in progress as long as a query job would be."""
    if job.get("ended") or not job.get("closed"):
        return str(job.get("ended") or "Open")
    return bulk.stands(state, job | {"created": job["closed"]})


def shown(call: Call, job: Json) -> Json:
    """The job as the vendor shows it."""
    id_, state, created = numbered_id("750", job["n"]), state_of(call.state, job), stamp(job["created"])
    facts = {name: job[name] for name in SETTINGS if name in job}
    facts |= {"id": id_, "createdById": call.org.admin, "createdDate": created, "systemModstamp": created}
    facts |= {"state": state, "concurrencyMode": "Parallel", "contentType": "CSV", "apiVersion": float(call.version)}
    if state == "Open":
        return facts | {"contentUrl": f"{call.base.lstrip('/')}/jobs/ingest/{id_}/batches"}
    counts = {"numberRecordsProcessed": job.get("count", 0), "numberRecordsFailed": job.get("failed", 0)}
    times = dict.fromkeys(("retries", "totalProcessingTime", "apiActiveProcessingTime", "apexProcessingTime"), 0)
    error = {"errorMessage": job["errorMessage"]} if "errorMessage" in job else {}
    return facts | {"jobType": "V2Ingest"} | counts | times | error
