"""Two accounts turn out to be one: an administrator merges them."""

from __future__ import annotations

from typing import Any

from sandbox.edits.records import Refused, found
from sandbox.salesforce.org import MASTER, VENDOR, schema_fields
from sandbox.salesforce.schema import OBJECTS
from sandbox.state import Record, State

KIND = "Account"


def merge_accounts(state: State, wish: dict[str, Any]) -> Record:
    """`loser` goes to the bin and names `id`, its master; what hung on it hangs on the master, written anew."""
    master, loser = (found(state, VENDOR, KIND, str(wish[name])) for name in ("id", "loser"))
    if master.id == loser.id or master.deleted or loser.deleted:
        raise Refused("A merge takes two accounts that are both there.")
    with state.transaction():
        for kind in OBJECTS:
            _move(state, kind, loser.id, master.id)
        state.put(VENDOR, KIND, loser.id, loser.body | {MASTER: master.id}, deleted=True)
        return state.put(VENDOR, KIND, master.id, master.body)


def _move(state: State, kind: str, loser: str, master: str) -> None:
    """Every live record of a kind that refers to the loser refers to the master."""
    for field in schema_fields(kind).values():
        if field.reference_to != KIND or field.name == MASTER:
            continue
        where = f"deleted = 0 AND json_extract(body, '$.{field.name}') = ?"
        for record in list(state.select(VENDOR, kind, where, (loser,))):
            state.put(VENDOR, kind, record.id, record.body | {field.name: master})
