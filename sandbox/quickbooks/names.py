"""The names of objects: what a person or company goes by, and the full name of what stands below another."""

from __future__ import annotations

import re
from typing import Any

from sandbox.quickbooks import ledger
from sandbox.quickbooks.entities import ENTITIES, VENDOR, Entity
from sandbox.quickbooks.faults import Fault, missing
from sandbox.state import Record, State

Body = dict[str, Any]
PEOPLE = ("Customer", "Vendor", "Employee")
"""They share one list of names, on which each stands once."""
NESTED = {"Customer": "DisplayName", "Item": "Name", "Account": "Name", "Class": "Name", "Department": "Name"}
"""What may stand below another of its kind, and which of its properties is its own name."""


def settle(state: State, entity: Entity, id_: str, body: Body) -> None:
    """What follows from an object's own name and its parent's. Changes `body`. Faults 2020, 2040, 6240, 6000."""
    if entity.name in PEOPLE:
        body["DisplayName"] = shown(body)
        check(state, id_, body["DisplayName"])
    if entity.name in NESTED:
        place(state, entity.name, body)


def shown(body: Body) -> str:
    """The name that a person or company goes by. Fault 2020 when there is none."""
    whole = " ".join(str(body[name]) for name in ("GivenName", "FamilyName") if body.get(name))
    name = body.get("DisplayName") or whole or body.get("CompanyName")
    if not name:
        raise missing("DisplayName")
    return str(name)


def check(state: State, id_: str, name: str) -> None:
    """Faults 6240 for a name that is taken, and 2040 for a colon, which stands between parent and child."""
    if re.search(r"[:\t\n]", name):
        raise Fault(
            "2040", "Invalid String", f"The name '{name}' holds a character that is not allowed", element="DisplayName"
        )
    where = "deleted = 0 AND lower(json_extract(body, '$.DisplayName')) = lower(?) AND id <> ?"
    if any(state.count(VENDOR, kind, where, (name, id_)) for kind in PEOPLE):
        detail = "The name supplied already exists. : Another customer, vendor or employee is already using this name."
        raise Fault("6240", "Duplicate Name Exists Error", detail)


def place(state: State, kind: str, body: Body) -> None:
    """Parent:Child, and how deep it stands; what has no parent has no level. Changes `body`. Fault 6000."""
    own, above = str(body.get(NESTED[kind], "")), (body.get("ParentRef") or {}).get("value")
    parent = state.get(VENDOR, kind, str(above)) if above else None
    body.pop("Level", None)
    body["FullyQualifiedName"] = own if parent is None else f"{full(parent)}:{own}"
    if parent is not None and "Level" in ENTITIES[kind].properties:
        body["Level"] = int(parent.body.get("Level") or 0) + 1
        if body["Level"] >= ledger.MOST_LEVELS:
            raise ledger.business(f"{own} would stand too deep; there are {ledger.MOST_LEVELS} levels.")


def full(record: Record) -> str:
    return str(record.body.get("FullyQualifiedName") or record.body.get(NESTED[record.kind], ""))


def follow(state: State, parent: Record, before: Body) -> None:
    """What stands below an object that has another full name or level now has one too."""
    if all(before.get(name) == parent.body.get(name) for name in ("FullyQualifiedName", "Level")):
        return
    where = "deleted = 0 AND json_extract(body, '$.ParentRef.value') = ?"
    for child in list(state.select(VENDOR, parent.kind, where, (parent.id,))):
        body = dict(child.body)
        place(state, child.kind, body)
        follow(state, ledger.write(state, child.kind, child.id, body), child.body)
