"""SOQL as text and as a tree: `parse` and `render` are inverse.

The subset: SELECT of fields, parent paths, COUNT(), FIELDS(), aggregates, one level of child subqueries; an alias of
the object; WHERE by the documented grammar (AND and OR do not mix without parentheses, NOT takes one simple condition)
with semi-joins and date functions; GROUP BY, HAVING, ORDER BY, LIMIT, OFFSET.
Source: SOQL and SOSL reference, "SOQL SELECT syntax", "conditionExpression", "Aggregate Functions".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ESCAPES = {"\\": "\\", "'": "'", '"': '"', "n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}
_ESCAPED = {plain: f"\\{letter}" for letter, plain in ESCAPES.items()}

Kind = Literal["text", "number", "boolean", "null", "date", "datetime", "relative"]


@dataclass(frozen=True, slots=True)
class Value:
    """A literal: its kind and its text as written (for `text`, without quotes and escapes)."""

    kind: Kind
    text: str = ""


@dataclass(frozen=True, slots=True)
class Field:
    """A field by its path: `("Project__r", "Account__c")` is the parent's.

    `function` is what is applied to it (`SUM`, `CALENDAR_YEAR`), in upper case; `alias` what the answer calls it.
    """

    path: tuple[str, ...]
    function: str = ""
    alias: str = ""


@dataclass(frozen=True, slots=True)
class Fields:
    """FIELDS(ALL), FIELDS(STANDARD) or FIELDS(CUSTOM)."""

    which: str


@dataclass(frozen=True, slots=True)
class Count:
    """COUNT() without a field: the number of rows, told in `totalSize`."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """`field op value`; `op` in upper case, `value` a tuple for IN, NOT IN, INCLUDES, EXCLUDES, or a semi-join."""

    field: Field
    op: str
    value: Value | tuple[Value, ...] | Query


@dataclass(frozen=True, slots=True)
class Joined:
    """Two or more conditions under one AND or OR."""

    word: Literal["AND", "OR"]
    terms: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Negated:
    """NOT condition."""

    term: Condition


Condition = Comparison | Joined | Negated


@dataclass(frozen=True, slots=True)
class Order:
    """One ORDER BY key. Nulls come first unless said otherwise, whatever the direction."""

    field: Field
    descending: bool = False
    nulls_last: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """A whole statement, a semi-join, or a child subquery, whose `source` is then the relationship's name.

    `alias` is what the statement calls its object: `FROM Account a`.
    """

    selected: tuple[Field | Fields | Count | Query, ...]
    source: str
    where: Condition | None = None
    order: tuple[Order, ...] = ()
    limit: int | None = None
    offset: int | None = None
    alias: str = ""
    group: tuple[Field, ...] = ()
    having: Condition | None = None


def quote(text: str) -> str:
    """Text as a SOQL string literal."""
    return "'" + "".join(_ESCAPED.get(character, character) for character in text) + "'"


def render(query: Query) -> str:
    """The statement as text."""
    parts = [f"SELECT {', '.join(_selected(item) for item in query.selected)} FROM {query.source}"]
    if query.alias:
        parts.append(query.alias)
    if query.where is not None:
        parts.append(f"WHERE {_condition(query.where, top=True)}")
    if query.group:
        parts.append("GROUP BY " + ", ".join(_field(field) for field in query.group))
    if query.having is not None:
        parts.append(f"HAVING {_condition(query.having, top=True)}")
    if query.order:
        parts.append("ORDER BY " + ", ".join(_order(key) for key in query.order))
    if query.limit is not None:
        parts.append(f"LIMIT {query.limit}")
    if query.offset is not None:
        parts.append(f"OFFSET {query.offset}")
    return " ".join(parts)


def _selected(item: Field | Fields | Count | Query) -> str:
    match item:
        case Field(_, _, alias):
            return f"{_field(item)} {alias}".strip()
        case Fields(which):
            return f"FIELDS({which})"
        case Count():
            return "COUNT()"
        case Query():
            return f"({render(item)})"


def _field(field: Field) -> str:
    path = ".".join(field.path)
    return f"{field.function}({path})" if field.function else path


def _condition(condition: Condition, *, top: bool = False) -> str:
    match condition:
        case Comparison(field, op, value):
            return f"{_field(field)} {op} {_value(value)}"
        case Negated(term):
            text = f"NOT {_condition(term)}"
        case Joined(word, terms):
            text = f" {word} ".join(_condition(term) for term in terms)
    return text if top else f"({text})"


def _value(value: Value | tuple[Value, ...] | Query) -> str:
    if isinstance(value, Query):
        return f"({render(value)})"
    if isinstance(value, tuple):
        return f"({', '.join(_value(member) for member in value)})"
    return quote(value.text) if value.kind == "text" else "null" if value.kind == "null" else value.text


def _order(key: Order) -> str:
    direction = "DESC" if key.descending else "ASC"
    return f"{_field(key.field)} {direction} NULLS {'LAST' if key.nulls_last else 'FIRST'}"
