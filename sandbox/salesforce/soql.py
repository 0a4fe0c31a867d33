"""SOQL as text and as a tree: `parse` and `render` are inverse.

The subset: SELECT of fields, parent paths, COUNT(), FIELDS(), one level of child subqueries; WHERE by the documented
grammar (AND and OR do not mix without parentheses, NOT takes one simple condition); ORDER BY, LIMIT, OFFSET.
Source: SOQL and SOSL reference, "SOQL SELECT syntax" and "conditionExpression".
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
    """A field by its path: `("Project__r", "Account__c")` is the parent's."""

    path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Fields:
    """FIELDS(ALL), FIELDS(STANDARD) or FIELDS(CUSTOM)."""

    which: str


@dataclass(frozen=True, slots=True)
class Count:
    """COUNT(), the only aggregate that the sandbox knows."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """`field op value`; `op` in upper case, `value` a tuple for IN, NOT IN, INCLUDES, EXCLUDES."""

    field: Field
    op: str
    value: Value | tuple[Value, ...]


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
    """A whole statement, or a child subquery, whose `source` is then the relationship's name."""

    selected: tuple[Field | Fields | Count | Query, ...]
    source: str
    where: Condition | None = None
    order: tuple[Order, ...] = ()
    limit: int | None = None
    offset: int | None = None


def quote(text: str) -> str:
    """Text as a SOQL string literal."""
    return "'" + "".join(_ESCAPED.get(character, character) for character in text) + "'"


def render(query: Query) -> str:
    """The statement as text."""
    parts = [f"SELECT {', '.join(_selected(item) for item in query.selected)} FROM {query.source}"]
    if query.where is not None:
        parts.append(f"WHERE {_condition(query.where, top=True)}")
    if query.order:
        parts.append("ORDER BY " + ", ".join(_order(key) for key in query.order))
    if query.limit is not None:
        parts.append(f"LIMIT {query.limit}")
    if query.offset is not None:
        parts.append(f"OFFSET {query.offset}")
    return " ".join(parts)


def _selected(item: Field | Fields | Count | Query) -> str:
    match item:
        case Field(path):
            return ".".join(path)
        case Fields(which):
            return f"FIELDS({which})"
        case Count():
            return "COUNT()"
        case Query():
            return f"({render(item)})"


def _condition(condition: Condition, *, top: bool = False) -> str:
    match condition:
        case Comparison(field, op, value):
            return f"{'.'.join(field.path)} {op} {_value(value)}"
        case Negated(term):
            text = f"NOT {_condition(term)}"
        case Joined(word, terms):
            text = f" {word} ".join(_condition(term) for term in terms)
    return text if top else f"({text})"


def _value(value: Value | tuple[Value, ...]) -> str:
    if isinstance(value, tuple):
        return f"({', '.join(_value(member) for member in value)})"
    return quote(value.text) if value.kind == "text" else "null" if value.kind == "null" else value.text


def _order(key: Order) -> str:
    direction = "DESC" if key.descending else "ASC"
    return f"{'.'.join(key.field.path)} {direction} NULLS {'LAST' if key.nulls_last else 'FIRST'}"
