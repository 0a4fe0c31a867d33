"""POST /batch: several writes and queries in one request, each answered on its own; HTTP 200 whatever happens in it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson

from sandbox.quickbooks import query, writes
from sandbox.quickbooks.entities import ENTITIES
from sandbox.quickbooks.faults import Fault, misshapen, unsupported
from sandbox.quickbooks.wire import Call

MOST_ITEMS = 30


def run(call: Call) -> dict[str, Any]:
    """Every item in order. A failed one does not stop the others."""
    items = writes.payload(call.body).get("BatchItemRequest") or []
    if len(items) > MOST_ITEMS:
        raise Fault("1040", "Batch size limit exceeded", f"A batch takes at most {MOST_ITEMS} items")
    names = [item["bId"] for item in items if item.get("bId")]
    if len(set(map(str, names))) < len(names):
        raise misshapen("Two items of the batch have the same bId")
    return {"BatchItemResponse": [answered(call, item) for item in items]}


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
    parameters = {"operation": operation} if operation in {"delete", "void"} else {}
    if request_id := call.query.get("requestid"):
        parameters["requestid"] = f"{request_id[:36]}:{str(item.get('bId', ''))[:10]}"
    inner = replace(call, path={**call.path, "entity": kind}, query=parameters, body=orjson.dumps(item[kind]))
    body: dict[str, Any] = writes.post(inner)[1]
    return body
