"""One comparison of SOQL as SQL over the sandbox's `record` table, with Salesforce's meaning of null, case and time."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sandbox.salesforce import calendar
from sandbox.salesforce.errors import Fault, malformed
from sandbox.salesforce.ids import to_18
from sandbox.salesforce.org import NUMBER_TYPES, SYSTEM, TEXT_TYPES, filterable
from sandbox.salesforce.schema import Field
from sandbox.salesforce.soql import Value

Sql = tuple[str, list[object]]

TYPE_WORDS = {"datetime": "dateTime", "date": "date", "boolean": "boolean", "id": "ID", "reference": "ID"}
RANGE_OPS = ("<", "<=", ">", ">=")
MODIFIED = ("LastModifiedDate", "SystemModstamp")


@dataclass(frozen=True, slots=True)
class Column:
    """A field in a statement: where its row is joined (`alias`) and who owns a record that names no owner.

    `measured` is the SQL of a function of it, whose pseudo field then is `field`.
    """

    alias: str
    field: Field
    admin: str
    measured: str = ""

    @property
    def sql(self) -> str:
        if self.measured:
            return self.measured
        name, alias = self.field.name, self.alias
        if name in SYSTEM:
            stored = {"Id": "id", "IsDeleted": "deleted", "CreatedDate": "created"}.get(name, "modified")
            return f"{alias}.{stored}"
        value = f"json_extract({alias}.body, '$.{name}')"
        if name == "OwnerId":
            return f"coalesce({value}, '{self.admin}')"
        # A checkbox is never null, and Salesforce has no empty strings.
        return f"coalesce({value}, 0)" if self.field.type == "boolean" else f"nullif({value}, '')"

    @property
    def sort(self) -> str:
        return f"{self.sql} COLLATE NOCASE" if self.field.type in TEXT_TYPES else self.sql


def compare(column: Column, op: str, value: Value | tuple[Value, ...], today: dt.date) -> Sql:
    """The SQL of `column op value`. Raises INVALID_FIELD or INVALID_QUERY_FILTER_OPERATOR as Salesforce would."""
    if not filterable(column.field):
        raise Fault(400, "INVALID_FIELD", f"field '{column.field.name}' can not be filtered in a query call")
    if isinstance(value, tuple):
        return _within(column, op, value)
    if value.kind == "null":
        return _null(column, op)
    if op == "LIKE":
        return _like(column, value)
    if value.kind == "relative":
        return _ranged(column, op, value, today)
    _refuse_operator(column.field, op)
    return _plain(column, op, _bound(column.field, value))


def _plain(column: Column, op: str, bound: object) -> Sql:
    left, folded = _left(column, bound)
    right = "sf_fold(?)" if folded else "?"
    # In SOQL a null field does differ from a value; in SQL only IS NOT says so.
    return f"{left} {'IS NOT' if op == '!=' else op} {right}", [bound]


def _left(column: Column, *bounds: object) -> tuple[str, bool]:
    """The left side, ignoring case as SOQL does for text; beyond ASCII that takes a function."""
    if column.field.type == "datetime" and column.field.name not in SYSTEM:
        return f"substr({column.sql}, 1, 19)", False
    if column.field.type not in TEXT_TYPES:
        return column.sql, False
    if all(isinstance(bound, str) and bound.isascii() for bound in bounds):
        return f"{column.sql} COLLATE NOCASE", False
    return f"sf_fold({column.sql})", True


def _null(column: Column, op: str) -> Sql:
    if op not in ("=", "!="):
        raise malformed(f"operator '{op}' cannot compare with null")
    return f"{column.sql} IS {'' if op == '=' else 'NOT '}NULL", []


def _within(column: Column, op: str, values: tuple[Value, ...]) -> Sql:
    if op in ("INCLUDES", "EXCLUDES"):
        raise _operator(column.field, op.lower())
    bounds = [_bound(column.field, value) for value in values if value.kind != "null"]
    left, folded = _left(column, *bounds)
    marks = ", ".join(["sf_fold(?)" if folded else "?"] * len(bounds))
    has_null = len(bounds) < len(values)
    inside = f"({left} IN ({marks}){f' OR {column.sql} IS NULL' if has_null else ''})"
    return (inside if op == "IN" else f"({inside} IS NOT TRUE)"), bounds


def _like(column: Column, value: Value) -> Sql:
    if column.field.type not in TEXT_TYPES or value.kind != "text":
        raise _operator(column.field, "LIKE")
    left, folded = _left(column, value.text)
    pattern = value.text.replace("\\", "\\\\").replace("\\\\%", "\\%").replace("\\\\_", "\\_")
    left = left.removesuffix(" COLLATE NOCASE")
    return f"{left} LIKE {'sf_fold(?)' if folded else '?'} ESCAPE '\\'", [pattern]


def _ranged(column: Column, op: str, value: Value, today: dt.date) -> Sql:
    if column.field.type not in ("date", "datetime"):
        raise _type_error(column.field, quoted=False)
    span = calendar.span(value.text, today)
    if span is None:
        raise malformed(f"unexpected token: '{value.text}'")
    start, end = (_day_bound(column.field, day) for day in span)
    left = _left(column)[0]
    match op:
        case "=":
            return f"({left} >= ? AND {left} < ?)", [start, end]
        case "!=":
            return f"(({left} >= ? AND {left} < ?) IS NOT TRUE)", [start, end]
        case "<" | ">=":
            return f"{left} {op} ?", [start]
        case "<=":
            return f"{left} < ?", [end]
    return f"{left} >= ?", [end]


def _day_bound(field: Field, day: dt.date) -> object:
    if field.type == "date":
        return day.isoformat()
    return calendar.milliseconds(day) if field.name in SYSTEM else f"{day.isoformat()}T00:00:00"


def _bound(field: Field, value: Value) -> object:
    """The literal as SQLite compares it. Raises INVALID_FIELD when its kind is not the field's."""
    kind = field.type
    if kind in ("id", "reference") and value.kind == "text":
        try:
            return to_18(value.text)
        except ValueError:
            message = f"invalid ID field: {value.text}"
            raise Fault(400, "INVALID_QUERY_FILTER_OPERATOR", message) from None
    if kind in TEXT_TYPES and value.kind == "text":
        return value.text
    if kind in NUMBER_TYPES and value.kind == "number":
        return float(value.text)
    if kind == "boolean" and value.kind == "boolean":
        return int(value.text == "true")
    if kind == value.kind == "date":
        return _valid_date(value.text).isoformat()
    if kind == value.kind == "datetime":
        return _instant(field, value.text)
    raise _type_error(field, quoted=value.kind == "text")


def _valid_date(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise malformed(f"line 1: invalid date: '{text}'") from None


def _instant(field: Field, text: str) -> object:
    """Milliseconds for system fields, `YYYY-MM-DDTHH:MM:SS` UTC for the others, which are compared as text."""
    try:
        moment = dt.datetime.fromisoformat(text).astimezone(dt.UTC)
    except ValueError:
        raise malformed(f"line 1: invalid datetime: '{text}'") from None
    if field.name in SYSTEM:
        return int(moment.timestamp()) * 1000 + moment.microsecond // 1000
    return moment.strftime("%Y-%m-%dT%H:%M:%S")


def _refuse_operator(field: Field, op: str) -> None:
    if field.type == "boolean" and op in RANGE_OPS:
        raise _operator(field, op)


def _operator(field: Field, op: str) -> Fault:
    return Fault(400, "INVALID_QUERY_FILTER_OPERATOR", f"invalid operator '{op}' on field '{field.name}'")


def _type_error(field: Field, *, quoted: bool) -> Fault:
    if field.type in TEXT_TYPES or field.type in ("id", "reference"):
        return Fault(
            400,
            "INVALID_FIELD",
            f"value of filter criterion for field '{field.name}' must be of type "
            f"{TYPE_WORDS.get(field.type, 'string')} and should be enclosed in quotes",
        )
    word = TYPE_WORDS.get(field.type, field.type)
    ending = " and should not be enclosed in quotes" if quoted or field.type == "datetime" else ""
    return Fault(
        400, "INVALID_FIELD", f"value of filter criterion for field '{field.name}' must be of type {word}{ending}"
    )
