"""Change data capture: what changed since, deletions as stubs; at most 1,000 objects a reply, without saying so."""

from __future__ import annotations

from typing import Any

from sandbox.quickbooks.entities import BY_PATH, VENDOR, Entity
from sandbox.quickbooks.faults import Fault
from sandbox.quickbooks.query_language import parse_error
from sandbox.quickbooks.wire import Call, parse_time, served
from sandbox.state import State

LOOK_BACK_MS = 30 * 86_400_000
CAP = 1000
REFUSES_OLD = "quickbooks_cdc_refuses_old"
"""The vendor's page only says "30 days". Without this fact an older time is silently clamped; with it, refused."""
NEWEST_FIRST = "quickbooks_cdc_newest_first"
"""Nor does it say which 1,000 come. Without this fact the oldest."""


def changes(call: Call) -> dict[str, Any]:
    """GET /cdc?entities=A,B&changedSince=..."""
    entities = [listed(name.strip()) for name in call.query.get("entities", "").split(",") if name.strip()]
    since = parse_time(call.query.get("changedSince", "").replace(" ", "+"))
    if not entities or since is None:
        raise Fault("2020", "Required param missing", "entities and a valid changedSince are required")
    since = clamped(call.state, since)
    left, parts = CAP, []
    for entity in entities:
        rows = [served(record) for record in changed(call.state, entity, since, left)]
        left -= len(rows)
        parts.append({entity.name: rows, "startPosition": 1, "maxResults": len(rows)} if rows else {})
    return {"CDCResponse": [{"QueryResponse": parts}]}


def listed(name: str) -> Entity:
    """An entity that CDC covers."""
    entity = BY_PATH.get(name.lower())
    if entity is None or not entity.cdc:
        raise parse_error(f"Entity {name} is not supported for Change Data Capture")
    return entity


def clamped(state: State, since: int) -> int:
    """Not further back than 30 days."""
    earliest = state.now() - LOOK_BACK_MS
    if since < earliest and state.fact(REFUSES_OLD):
        raise Fault("4001", "Invalid query", "changedSince must be within the last 30 days")
    return max(since, earliest)


def changed(state: State, entity: Entity, since: int, limit: int) -> list[Any]:
    """Records written at or after an instant, whole seconds, deleted ones too."""
    direction = "DESC" if state.fact(NEWEST_FIRST) else "ASC"
    tail = f"ORDER BY modified {direction}, id {direction} LIMIT {limit:d}"
    return list(state.select(VENDOR, entity.name, "modified >= ?", (since // 1000 * 1000,), tail))
