"""A stored record as Salesforce's JSON."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any

import orjson

from sandbox.salesforce.org import Org
from sandbox.salesforce.query import Node
from sandbox.salesforce.schema import ADDRESS, Field, part_of
from sandbox.state import Record

SYSTEM_PLACES = {"Id": 0, "CreatedDate": 2, "LastModifiedDate": 3, "SystemModstamp": 3, "IsDeleted": 4}


def stamp(ms: int) -> str:
    """Milliseconds as Salesforce prints an instant: `2024-05-28T21:15:07.000+0000`, always UTC."""
    moment = dt.datetime.fromtimestamp(ms // 1000, dt.UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{ms % 1000:03d}+0000"


def _instant(value: str) -> str:
    if len(value) == 28 and value.endswith("+0000"):
        return value
    moment = dt.datetime.fromisoformat(value)
    return stamp(int(moment.timestamp() * 1000))


def _as_it_is(value: Any) -> Any:
    return value


CONVERT: dict[str, Callable[[Any], Any]] = {
    "double": float,
    "currency": float,
    "percent": float,
    "int": int,
    "datetime": _instant,
}


def attributes(entity: str, id_: str, base: str) -> dict[str, str]:
    """The `attributes` object of a record. `base` is `/services/data/vNN.0`."""
    return {"type": entity, "url": f"{base}/sobjects/{entity}/{id_}"}


def value_of(field: Field, row: Sequence[Any], body: dict[str, Any], admin: str) -> Any:
    """One field's value; a row holds id, body, created, modified, deleted."""
    place = SYSTEM_PLACES.get(field.name)
    if place is not None:
        value = row[place]
        return value if place == 0 else bool(value) if field.type == "boolean" else stamp(value)
    value = address(field, body) if field.type == "address" else body.get(field.name)
    if field.type == "boolean":
        return bool(value)
    if field.name == "OwnerId":
        return value or admin
    if value is None or value == "":
        return None
    try:
        return CONVERT.get(field.type, _as_it_is)(value)
    except (TypeError, ValueError):
        # The vendor could not hold it; here the control page can, so that a bad value can be tried on Frontdesk.
        return value


def address(field: Field, body: dict[str, Any]) -> dict[str, Any] | None:
    """A compound address as its object, null where every part is."""
    parts = {part: body.get(part_of(field.name, part)) or None for part in ADDRESS}
    if not any(parts.values()):
        return None
    return parts | dict.fromkeys(("geocodeAccuracy", "latitude", "longitude"))


def rendered(node: Node, row: Sequence[Any], base: str, admin: str) -> dict[str, Any] | None:
    """A row of a query as its JSON object, parents nested; None for a parent that is not there."""
    own = row[node.start : node.start + 5]
    if own[0] is None:
        return None
    body = orjson.loads(own[1])
    answer: dict[str, Any] = {"attributes": attributes(node.entity, own[0], base)}
    for field in node.fields:
        answer[field.name] = value_of(field, own, body, admin)
    for name in node.shown:
        answer[name] = rendered(node.parents[name], row, base, admin)
    return answer


def whole(org: Org, record: Record, base: str, names: Sequence[str] = ()) -> dict[str, Any]:
    """A record with all fields that the user may see, or with some of them."""
    row = (record.id, "", record.created, record.modified, record.deleted)
    fields = org.fields(record.kind)
    chosen = [org.field(record.kind, name) for name in names] or list(fields.values())
    values = {field.name: value_of(field, row, record.body, org.admin) for field in chosen}
    return {"attributes": attributes(record.kind, record.id, base), **values}
