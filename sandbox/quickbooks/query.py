"""A parsed query as SQL over the sandbox's `record` table, and its answer."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from sandbox.quickbooks.entities import BY_PATH, VENDOR, Entity
from sandbox.quickbooks.query_language import Condition, Order, Query, Value, invalid, parse
from sandbox.quickbooks.wire import parse_time, served
from sandbox.state import State

Sql = tuple[str, tuple[object, ...]]
INNER = {"ref": ".value", "email": ".Address", "phone": ".FreeFormNumber", "memo": ".value"}
NUMERIC_ID = "CAST(id AS INTEGER)"
TIMES = {"metadata.createtime": "created", "metadata.lastupdatedtime": "modified"}
LIKE_ESCAPES = str.maketrans({"\\": "\\\\", "_": "\\_"})


def run(state: State, statement: str) -> dict[str, Any]:
    """The QueryResponse of a statement. Faults 4000 and 4001 for one that cannot be read or answered."""
    query = parse(statement)
    entity = BY_PATH.get(query.entity.lower())
    if entity is None:
        raise invalid(f"Metadata not found for Entity: {query.entity}")
    for name in query.columns:
        column_type(entity, name)
    where, args = conditions(entity, query)
    if query.counts:
        return {"totalCount": state.count(VENDOR, entity.name, where, args)}
    tail = f"{ordering(entity, query.orders)} LIMIT {query.limit:d} OFFSET {query.start - 1:d}"
    listed = {name.lower() for name in query.columns}
    hidden = {name for name in entity.asked if name.lower() not in listed}
    rows = [without(served(record), hidden) for record in state.select(VENDOR, entity.name, where, args, tail)]
    if not rows:
        return {}
    return {entity.name: rows, "startPosition": query.start, "maxResults": len(rows)}


def without(body: dict[str, Any], hidden: set[str]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name not in hidden}


def column_type(entity: Entity, name: str) -> str:
    """A property's type; "" for one that is sent but cannot be compared. Fault 4001 for one that is not there."""
    kind = "" if name == "*" else entity.types.get(name.lower())
    if kind is None:
        raise invalid(f"Property {name} not found for Entity {entity.name}")
    return kind


def conditions(entity: Entity, query: Query) -> Sql:
    """The WHERE: never deleted objects, and of name lists only active ones unless Active is asked for."""
    parts: list[Sql] = [("deleted = 0", ())]
    parts += [comparison(entity, condition) for condition in query.conditions]
    asked = {condition.field.lower() for condition in query.conditions}
    if entity.named and "active" not in asked:
        parts.append(("coalesce(json_extract(body, '$.Active'), 1) = 1", ()))
    return " AND ".join(sql for sql, _ in parts), tuple(arg for _, args in parts for arg in args)


def comparison(entity: Entity, condition: Condition) -> Sql:
    """One comparison by the property's type."""
    kind = filterable(entity, condition.field)
    if kind == "datetime":
        return times(condition)
    if condition.operator == "LIKE":
        pattern = str(condition.values[0]).translate(LIKE_ESCAPES)
        return f"{text_of(entity, condition.field, kind)} LIKE ? ESCAPE '\\'", (pattern,)
    read, expression = reader(entity, condition.field, kind)
    values = tuple(read(value) for value in condition.values)
    if condition.operator == "IN":
        return f"{expression} IN ({', '.join('?' * len(values))})", values
    return f"{expression} {condition.operator} ?", values


def filterable(entity: Entity, name: str) -> str:
    """The type of a property that may be compared or ordered by."""
    kind = column_type(entity, name)
    if not kind:
        raise invalid(f"property '{name}' is not queryable")
    return kind


def path(entity: Entity, name: str, kind: str) -> str:
    """Where a property lies in the body; the statement's own spelling may differ in case."""
    if kind == "attached":
        return f"json_extract(body, '$.AttachableRef[0].EntityRef.{name.rpartition('.')[2].lower()}') COLLATE NOCASE"
    spelled = next(word for word in canonical(entity) if word.lower() == name.lower())
    return f"json_extract(body, '$.{spelled}{INNER.get(kind, '')}')"


def canonical(entity: Entity) -> list[str]:
    """Property names in the vendor's spelling."""
    return ["Active", *(word.partition(":")[0] for word in entity.fields.split())]


def text_of(entity: Entity, name: str, kind: str) -> str:
    return "id" if kind == "id" else path(entity, name, kind)


def reader(entity: Entity, name: str, kind: str) -> tuple[Callable[[Value], object], str]:
    """How a literal becomes a parameter, and what it is compared with."""
    if kind == "id":
        return (str, "id") if entity.name == "TaxCode" else (whole, NUMERIC_ID)
    if kind == "number":
        return amount, f"CAST({path(entity, name, kind)} AS REAL)"
    if kind == "boolean":
        default = 1 if name.lower() == "active" else 0
        return truth, f"coalesce({path(entity, name, kind)}, {default})"
    if kind == "date":
        return day, path(entity, name, kind)
    return str, path(entity, name, kind)


def whole(value: Value) -> object:
    text = str(value)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else -1


def amount(value: Value) -> object:
    try:
        number = float(value)
    except ValueError:
        raise invalid(f"Invalid number '{value}'") from None
    if not math.isfinite(number):
        raise invalid(f"Invalid number '{value}'")
    return number


def truth(value: Value) -> object:
    word = str(value).lower()
    if word not in {"true", "false"}:
        raise invalid(f"Invalid boolean '{value}'")
    return int(word == "true")


def day(value: Value) -> object:
    if parse_time(str(value)) is None:
        raise invalid(f"Invalid date format '{value}'")
    return str(value)[:10]


def times(condition: Condition) -> Sql:
    """Times have whole seconds, written as ms in our table; a literal may lie between two of them.

    Kept a plain range over the column so that the index over (modified, id) serves it.
    """
    column = TIMES[condition.field.lower()]
    if condition.operator in {"LIKE", "IN"}:
        raise invalid(f"Operator {condition.operator} is not supported for property {condition.field}")
    moment = parse_time(str(condition.values[0]))
    if moment is None:
        raise invalid(f"Invalid date format '{condition.values[0]}'")
    low, high = math.ceil(moment / 1000) * 1000, moment // 1000 * 1000 + 1000
    match condition.operator:
        case "<":
            return f"{column} < ?", (low,)
        case ">=":
            return f"{column} >= ?", (low,)
        case "<=":
            return f"{column} < ?", (high,)
        case ">":
            return f"{column} >= ?", (high,)
        case _:
            return f"{column} >= ? AND {column} < ?", (low, high)


def ordering(entity: Entity, orders: tuple[Order, ...]) -> str:
    """ORDER BY; ties fall by id, which nobody may count on."""
    parts = []
    for order in orders:
        kind = filterable(entity, order.field)
        column = TIMES.get(order.field.lower()) or (reader(entity, order.field, kind)[1])
        parts.append(f"{column} {order.direction}")
    last = "id" if parts and parts[0].startswith("modified") else NUMERIC_ID
    return "ORDER BY " + ", ".join([*parts, last])
