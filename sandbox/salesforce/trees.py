"""POST /composite/tree/X: records with their children below them, created all together or not at all.

Source: REST API guide, "sObject Tree Request Body" and "sObject Tree Response Body".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from sandbox.salesforce import writes
from sandbox.salesforce.call import Call, answer
from sandbox.salesforce.errors import Fault
from sandbox.salesforce.org import Org

MOST_RECORDS, MOST_LEVELS = 200, 5
NO_REFERENCE = "Include a reference ID for each record in the request."
Json = dict[str, Any]


class _Failed(Exception):
    """Carries the errors out of a transaction that is to be rolled back."""

    def __init__(self, results: list[Json]) -> None:
        super().__init__()
        self.results = results


@dataclass(slots=True)
class Branch:
    """A record to create: its object, fields, and the record and field that tie it to its parent."""

    entity: str
    reference: str
    data: Json
    parent: Branch | None = None
    link: str = ""
    id: str = ""


def create(call: Call) -> Response:
    """All records, each level before the next."""
    branches = list(levels(call.org, call.entity, call.object()))
    check(branches)
    try:
        with call.state.transaction():
            results = planted(call.org, branches)
    except _Failed as failed:
        return answer({"hasErrors": True, "results": failed.results}, 400)
    return answer({"hasErrors": False, "results": results}, 201)


def levels(org: Org, entity: str, body: Json) -> Iterator[Branch]:
    """The tree's records, level by level."""
    level = [branch(org, entity, record) for record in rows(body)]
    for _ in range(MOST_LEVELS):
        yield from (one for one, _ in level)
        level = [below for one, children in level for below in grown(org, one, children)]
    if level:
        raise Fault(400, "INVALID_INPUT", f"A tree has at most {MOST_LEVELS} levels")


def rows(body: Any) -> list[Json]:
    """The `records` of a tree, or of a branch's children."""
    found = body.get("records") if isinstance(body, dict) else None
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise Fault(400, "JSON_PARSER_ERROR", "records: expected an array of objects")
    return found


def branch(org: Org, entity: str, record: Json, parent: Branch | None = None, link: str = "") -> tuple[Branch, Json]:
    """A record without its children, and these by relationship."""
    attributes = record.get("attributes") or {}
    children = {name: value for name, value in record.items() if isinstance(value, dict) and "records" in value}
    data = {name: value for name, value in record.items() if name not in ("attributes", *children)}
    named = org.object(str(attributes.get("type") or entity))
    if named != entity:
        raise Fault(400, "INVALID_INPUT", f"A record of type {named} stands where {entity} is expected")
    return Branch(entity, str(attributes.get("referenceId") or ""), data, parent, link), children


def grown(org: Org, parent: Branch, children: Json) -> Iterator[tuple[Branch, Json]]:
    """The records right below one."""
    for relationship, body in children.items():
        _, entity, field = org.child(parent.entity, relationship)
        yield from (branch(org, entity, record, parent, field.name) for record in rows(body))


def check(branches: list[Branch]) -> None:
    """Not too many, each with a reference id of its own."""
    if len(branches) > MOST_RECORDS:
        raise Fault(400, "INVALID_INPUT", f"A tree has at most {MOST_RECORDS} records")
    if not all(one.reference for one in branches):
        raise Fault(400, "INVALID_INPUT", NO_REFERENCE)
    if len({one.reference for one in branches}) < len(branches):
        raise Fault(400, "INVALID_INPUT", "Duplicate ReferenceId provided in the request.")


def planted(org: Org, branches: list[Branch]) -> list[Json]:
    """Create each record below its parent. Raises _Failed with those that could not be."""
    errors = []
    for one in branches:
        link = {one.link: one.parent.id} if one.parent and one.parent.id else {}
        try:
            one.id = writes.create(org, one.entity, one.data | link)
        except Fault as fault:
            errors.append({"referenceId": one.reference, "errors": [fault.row()]})
    if errors:
        raise _Failed(errors)
    return [{"referenceId": one.reference, "id": one.id} for one in branches]
