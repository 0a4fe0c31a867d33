"""Handlers of single records: /sobjects/X, /sobjects/X/{id}, /sobjects/X/{external id field}/{value}."""

from __future__ import annotations

import datetime as dt

from starlette.responses import Response

from sandbox.salesforce import writes
from sandbox.salesforce.call import Call, answer
from sandbox.salesforce.describe import describe, global_describe, summary
from sandbox.salesforce.errors import Fault, not_found
from sandbox.salesforce.org import VENDOR
from sandbox.salesforce.rows import stamp, whole
from sandbox.state import Record

DAYS_UPDATED, DAYS_DELETED, MOST_IDS = 30, 15, 600_000
TELLS_CREATED = 46
"""The first version whose upsert says whether it created."""
UNMODIFIED = "if-unmodified-since"
COVERED = "salesforce_latest_date_covered"


def list_objects(call: Call) -> Response:
    """GET /sobjects."""
    return answer(global_describe(call.org, call.base))


def basic(call: Call) -> Response:
    """GET /sobjects/X."""
    rows = call.state.select(VENDOR, call.entity, "deleted = 0", (), "ORDER BY modified DESC LIMIT 5")
    recent = [whole(call.org, row, call.base, ["Id"]) for row in rows]
    return answer({"objectDescribe": summary(call.entity, call.base), "recentItems": recent})


def described(call: Call) -> Response:
    """GET /sobjects/X/describe."""
    return answer(describe(call.org, call.entity, call.base))


def create(call: Call) -> Response:
    """POST /sobjects/X. A new record has no time to compare, yet the header has to be one."""
    call.moment(UNMODIFIED)
    id_ = writes.create(call.org, call.entity, call.object())
    response = answer({"id": id_, "success": True, "errors": []}, 201)
    response.headers["Location"] = f"{call.base}/sobjects/{call.entity}/{id_}"
    return response


def read(call: Call) -> Response:
    """GET /sobjects/X/{id}, with ?fields=."""
    record = writes.live(call.org, call.entity, call.parts["id"])
    return _shown(call, record)


def update(call: Call) -> Response:
    """PATCH /sobjects/X/{id}. Honours If-Unmodified-Since, to the second."""
    record = writes.live(call.org, call.entity, call.parts["id"])
    since = call.moment(UNMODIFIED)
    if since is not None and _modified(record) > since:
        raise Fault(412, "PRECONDITION_FAILED", "The record was modified after the time in If-Unmodified-Since")
    writes.update(call.org, record, call.object())
    return Response(status_code=204)


def remove(call: Call) -> Response:
    """DELETE /sobjects/X/{id}. Preconditions are not honoured here."""
    writes.delete(call.org, writes.live(call.org, call.entity, call.parts["id"]))
    return Response(status_code=204)


def read_external(call: Call) -> Response:
    """GET /sobjects/X/{field}/{value}."""
    return _shown(call, _external(call))


def upsert(call: Call) -> Response:
    """PATCH /sobjects/X/{field}/{value}: 201 created, 200 updated, 300 when several carry the value."""
    call.moment(UNMODIFIED)
    only = call.params.get("updateOnly") == "true"
    field, value = call.parts["field"], call.parts["value"]
    try:
        id_, created = writes.upsert(call.org, call.entity, field, value, call.object(), update_only=only)
    except writes.Several as several:
        return _choices(call, several)
    body = {"id": id_, "success": True, "errors": []}
    if call.version < TELLS_CREATED:
        return answer(body, 201) if created else Response(status_code=204)
    return answer(body | {"created": created}, 201 if created else 200)


def remove_external(call: Call) -> Response:
    """DELETE /sobjects/X/{field}/{value}."""
    writes.delete(call.org, _external(call))
    return Response(status_code=204)


def updated(call: Call) -> Response:
    """GET /sobjects/X/updated?start&end: ids, and how far the answer can be trusted."""
    start, end = _span(call, DAYS_UPDATED)
    rows = _between(call, start, end, "deleted = 0")
    if len(rows) > MOST_IDS:
        raise Fault(400, "EXCEEDED_ID_LIMIT", "too many ids were found; narrow the date range")
    return answer({"ids": [row.id for row in rows], "latestDateCovered": _covered(call, end)})


def deleted(call: Call) -> Response:
    """GET /sobjects/X/deleted?start&end."""
    start, end = _span(call, DAYS_DELETED)
    rows = [{"id": row.id, "deletedDate": stamp(row.modified)} for row in _between(call, start, end, "deleted = 1")]
    earliest = stamp(call.state.now() - DAYS_DELETED * 86_400_000)
    covered = _covered(call, end)
    return answer({"deletedRecords": rows, "earliestDateAvailable": earliest, "latestDateCovered": covered})


def _between(call: Call, start: dt.datetime, end: dt.datetime, which: str) -> list[Record]:
    bounds = (int(start.timestamp()) * 1000, int(end.timestamp()) * 1000 + 999)
    return list(call.state.select(VENDOR, call.entity, f"{which} AND modified BETWEEN ? AND ?", bounds))


def _span(call: Call, days: int) -> tuple[dt.datetime, dt.datetime]:
    """Both bounds with their seconds cut off, as the vendor does. Raises INVALID_REPLICATION_DATE."""
    try:
        start, end = (dt.datetime.fromisoformat(call.params[name]) for name in ("start", "end"))
    except KeyError as missing:
        raise Fault(400, "MISSING_ARGUMENT", f"{missing.args[0]} is a required parameter") from None
    except ValueError as error:
        raise Fault(400, "MALFORMED_QUERY", f"invalid date: {error}") from None
    if start.tzinfo is None or end.tzinfo is None:
        raise Fault(400, "MALFORMED_QUERY", "invalid date: a time zone is required")
    start, end = (moment.astimezone(dt.UTC).replace(second=0, microsecond=0) for moment in (start, end))
    now = dt.datetime.fromtimestamp(call.state.now() / 1000, dt.UTC)
    if start >= end:
        raise Fault(400, "INVALID_REPLICATION_DATE", "startDate before endDate")
    if start < now - dt.timedelta(days=days):
        raise Fault(400, "INVALID_REPLICATION_DATE", f"startDate cannot be more than {days} days ago")
    return start, end


def _covered(call: Call, end: dt.datetime) -> str:
    """The asked-for end or the present, whichever is earlier; a long transaction may hold it back (a fact)."""
    held = int(call.state.fact(COVERED, "0")) or call.state.now()
    return stamp(min(int(end.timestamp() * 1000), held))


def _external(call: Call) -> Record:
    field = writes.external_field(call.org, call.entity, call.parts["field"])
    if field.name == "Id":
        return writes.live(call.org, call.entity, call.parts["value"])
    found = writes.by_external_id(call.org, call.entity, field, call.parts["value"])
    if not found:
        raise not_found()
    if len(found) > 1:
        raise Fault(300, "MULTIPLE_CHOICES", "more than one record carries this external id")
    return found[0]


def _choices(call: Call, several: writes.Several) -> Response:
    return answer([f"{call.base}/sobjects/{call.entity}/{id_}" for id_ in several.ids], 300)


def _shown(call: Call, record: Record) -> Response:
    since = call.moment("if-modified-since")
    if since is not None and _modified(record) <= since:
        return Response(status_code=304)
    names = [name for name in call.params.get("fields", "").split(",") if name]
    if names and "id" not in (name.lower() for name in names):
        names.append("Id")
    response = answer(whole(call.org, record, call.base, names))
    response.headers["Last-Modified"] = f"{_modified(record):%a, %d %b %Y %H:%M:%S} GMT"
    return response


def _modified(record: Record) -> dt.datetime:
    return dt.datetime.fromtimestamp(record.modified // 1000, dt.UTC)
