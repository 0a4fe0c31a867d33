"""Handlers of /composite/sobjects: up to 200 records a call, HTTP 200 whatever the results of the rows say."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from starlette.responses import Response

from sandbox.salesforce import writes
from sandbox.salesforce.call import Call, answer
from sandbox.salesforce.errors import Fault, no_such_type
from sandbox.salesforce.ids import to_18
from sandbox.salesforce.rows import whole
from sandbox.salesforce.schema import OBJECTS

MOST_ROWS, MOST_READ = 200, 2000
WISHED = ("ids", "fields")
Row = dict[str, Any]
HALTED = {
    "statusCode": "ALL_OR_NONE_OPERATION_ROLLED_BACK",
    "message": "Record rolled back because not all records were valid and the request was using AllOrNone header",
    "fields": [],
}


class _Failed(Exception):
    """Carries the results out of a transaction that is to be rolled back."""

    def __init__(self, results: list[Row]) -> None:
        super().__init__()
        self.results = results


def retrieve(call: Call) -> Response:
    """GET /composite/sobjects/X?ids=&fields= and POST with both in the body: null for what is not there."""
    wish = call.object() if call.method == "POST" else {name: call.params.get(name, "").split(",") for name in WISHED}
    ids, names = ([str(one) for one in wish.get(name) or [] if one] for name in WISHED)
    if not ids or not names:
        raise Fault(400, "MISSING_ARGUMENT", "ids and fields are required")
    if len(ids) > MOST_READ:
        message = f"The maximum number of records allowed is {MOST_READ}, but you supplied {len(ids)}"
        raise Fault(400, "EXCEEDED_MAX_SIZE_REQUEST", message)
    entity = call.entity
    return answer([_found(call, entity, id_, names) for id_ in ids])


def _found(call: Call, entity: str, id_: str, names: list[str]) -> Row | None:
    chosen = names if any(name.lower() == "id" for name in names) else [*names, "Id"]
    try:
        return whole(call.org, writes.live(call.org, entity, id_), call.base, chosen)
    except Fault as fault:
        if fault.status == 404:
            return None
        raise


def create(call: Call) -> Response:
    """POST /composite/sobjects."""
    return _each(call, _rows(call), lambda row: _done(writes.create(call.org, _entity(call, row), row)))


def update(call: Call) -> Response:
    """PATCH /composite/sobjects; each record names its id."""

    def one(row: Row) -> Row:
        data = {name: value for name, value in row.items() if name.lower() != "id"}
        id_ = next((value for name, value in row.items() if name.lower() == "id"), None)
        if not id_:
            raise Fault(400, "MISSING_ARGUMENT", "Id not specified in an update call", [])
        record = writes.live(call.org, _entity(call, row), str(id_))
        writes.update(call.org, record, data)
        return _done(record.id)

    return _each(call, _rows(call), one)


def upsert(call: Call) -> Response:
    """PATCH /composite/sobjects/X/{external id field}."""
    field = call.org.field(call.entity, call.parts["field"]).name

    def one(row: Row) -> Row:
        data = {name: value for name, value in row.items() if name.lower() != field.lower()}
        value = next((value for name, value in row.items() if name.lower() == field.lower()), None)
        if value in (None, ""):
            raise Fault(400, "MISSING_ARGUMENT", f"{field} not specified", [])
        try:
            id_, created = writes.upsert(call.org, call.entity, field, str(value), data)
        except writes.Several:
            raise Fault(400, "DUPLICATE_EXTERNAL_ID", f"{field}: more than one record found", [field]) from None
        return {**_done(id_), "created": created}

    return _each(call, _rows(call), one)


def delete(call: Call) -> Response:
    """DELETE /composite/sobjects?ids=a,b&allOrNone=."""
    rows = [{"id": id_} for id_ in call.params.get("ids", "").split(",") if id_]

    def one(row: Row) -> Row:
        entity = next((name for name, (prefix, _) in OBJECTS.items() if row["id"].startswith(prefix)), "")
        record = writes.live(call.org, call.org.object(entity), row["id"])
        writes.delete(call.org, record)
        return _done(to_18(row["id"]))

    return _each(call, rows, one, all_or_none=call.params.get("allOrNone") == "true")


def _each(call: Call, rows: list[Row], one: Callable[[Row], Row], *, all_or_none: bool | None = None) -> Response:
    if len(rows) > MOST_ROWS:
        message = f"The maximum number of records allowed is {MOST_ROWS}, but you supplied {len(rows)}"
        raise Fault(400, "EXCEEDED_MAX_SIZE_REQUEST", message)
    together = bool(call.object().get("allOrNone")) if all_or_none is None else all_or_none
    try:
        with call.state.transaction():
            results = _all(one, rows, together=together)
    except _Failed as failed:
        results = [_rolled_back(result) for result in failed.results]
    return answer(results)


def _all(one: Callable[[Row], Row], rows: list[Row], *, together: bool) -> list[Row]:
    results = [_result(one, row) for row in rows]
    if together and not all(result["success"] for result in results):
        raise _Failed(results)
    return results


def _result(one: Callable[[Row], Row], row: Row) -> Row:
    try:
        return one(row)
    except Fault as fault:
        return {"success": False, "errors": [fault.row()]}


def _rolled_back(result: Row) -> Row:
    return {"success": False, "errors": [HALTED]} if result["success"] else result


def _done(id_: str) -> Row:
    return {"id": id_, "success": True, "errors": []}


def _rows(call: Call) -> list[Row]:
    rows = call.object().get("records")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise Fault(400, "JSON_PARSER_ERROR", "records: expected an array of objects")
    return rows


def _entity(call: Call, row: Row) -> str:
    kind = row.get("attributes", {}).get("type")
    if not kind:
        raise no_such_type(str(kind))
    return call.org.object(kind)
