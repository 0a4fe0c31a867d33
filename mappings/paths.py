"""Paths into a source's records: how a word such as `MetaData.LastUpdatedTime` or `Lines.0.Id` is read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mappings.convert import Convert
from mappings.mapping import ColumnOf
from mappings.page import Record


def path(text: str) -> Callable[[Record], Any]:
    """A reader of `A.b.0.c`: objects by name, lists by number; None as soon as something is not there."""
    steps = [int(step) if step.isdigit() else step for step in text.split(".")]
    if len(steps) == 1:
        name = text
        return lambda record: record.get(name)

    def walk(record: Record) -> Any:
        value: Any = record
        for step in steps:
            if isinstance(step, str):
                value = value.get(step) if isinstance(value, dict) else None
            else:
                value = value[step] if isinstance(value, list) and step < len(value) else None
            if value is None:
                return None
        return value

    return walk


def column_of(text: str) -> ColumnOf:
    """A whole page's values of a path."""
    if "." not in text:
        return lambda page: page.column(text)
    one = path(text)
    return lambda page: [one(record) for record in page.records]


def then(read_column: ColumnOf, converter: Convert) -> ColumnOf:
    """A column as it is read, converted."""
    return lambda page: converter(read_column(page))
