"""Which of a source's records a mapping takes at all: what `only` asks for, and nothing of what `except` names."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, NamedTuple

from hub.errors import BadRecord
from mappings.convert import refuse
from mappings.page import Record

UNCLEAR = "unclear"
"""Why a record is held of which nobody can say whether it is meant."""


class Question(NamedTuple):
    """A field that decides, how it is read, and the values that answer with yes."""

    field: str
    read: Callable[[Record], Any]
    values: Collection[Any]

    def answer(self, record: Record) -> bool:
        """BadRecord for what is neither a word nor a number: whether it is meant, nobody can say."""
        value = self.read(record)
        if isinstance(value, list | dict):
            error: BadRecord = refuse(UNCLEAR, value, "a word, a number, or true or false")
            error.field = self.field
            raise error
        return value in self.values


@dataclass(frozen=True, slots=True)
class Sieve:
    """Every question of `only` must be answered with yes, and none of `barred`."""

    only: tuple[Question, ...]
    barred: tuple[Question, ...]

    def passes(self, record: Record) -> bool:
        """Whether the record is meant. BadRecord where a field that decides cannot be compared."""
        asked = [question.answer(record) for question in self.only]
        barred = [question.answer(record) for question in self.barred]
        return all(asked) and not any(barred)
