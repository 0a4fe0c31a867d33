"""POST /batch: several writes and queries in one request, each answered on its own; HTTP 200 whatever happens in it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson

from sandbox.quickbooks import checks, query, writes
from sandbox.quickbooks.entities import ENTITIES
from sandbox.quickbooks.faults import Fault, misshapen, missing, unsupported
from sandbox.quickbooks.wire import Call

MOST_ITEMS = 30
LONGEST_REQUEST_ID, LONGEST_NAME = 36, 10
"""Of a batch that is to be done once: item and batch together name each write."""


def run(call: Call) -> dict[str, Any]:
    """Every item in order. A failed one does not stop the others."""
    items = writes.payload(call.body).get("BatchItemRequest") or []
    if len(items) > MOST_ITEMS:
        raise Fault("1040", "Batch size limit exceeded", f"A batch takes at most {MOST_ITEMS} items")
    names = [item["bId"] for item in items if item.get("bId")]
    if len(set(map(str, names))) < len(names):
        raise misshapen("Two items of the batch have the same bId")
    if request_id := call.query.get("requestid", ""):
        check_names(request_id, items)
    return {"BatchItemResponse": [answered(call, item) for item in items]}


def check_names(request_id: str, items: list[dict[str, Any]]) -> None:
    """Faults 2050 and 2020: cut off or missing, two names could be one, and the second write would be lost."""
    if len(request_id) > LONGEST_REQUEST_ID:
        raise checks.too_long("requestid", LONGEST_REQUEST_ID)
    for item in items:
        if not item.get("bId"):
            raise missing("bId")
        if len(str(item["bId"])) > LONGEST_NAME:
            raise checks.too_long("bId", LONGEST_NAME)


def answered(call: Call, item: dict[str, Any]) -> dict[str, Any]:
    """One item's answer under its own bId."""
    try:
        body = one(call, item)
    except Fault as fault:
        body = fault.body()
    return {**{name: value for name, value in body.items() if name != "time"}, "bId": item.get("bId", "")}


def one(call: Call, item: dict[str, Any]) -> dict[str, Any]:
    """A query, or a write of the one entity in the item."""
    if "Query" in item:
        return {"QueryResponse": query.run(call.state, str(item["Query"]))}
    kind = next((name for name in item if name in ENTITIES), None)
    operation = str(item.get("operation", "")).lower()
    if kind is None or operation not in {"create", "update", "delete", "void"}:
        raise unsupported(operation or "batch item")
    parameters = {"operation": operation, "include": str(item.get("optionsData", ""))}
    if request_id := call.query.get("requestid"):
        parameters["requestid"] = f"{request_id}:{item['bId']}"
    inner = replace(call, path={**call.path, "entity": kind}, query=parameters, body=orjson.dumps(item[kind]))
    body: dict[str, Any] = writes.post(inner)[1]
    return body
