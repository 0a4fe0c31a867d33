"""What the words `only` and `except` of a mapping file say, as a Sieve."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mappings.paths import path
from mappings.sieve import Question, Sieve
from mappings.yaml_lines import Node, Spot

ONLY, EXCEPT = "only", "except"
FLAGS = {"true": True, "false": False}
EXAMPLE = "Write a field and its values, such as {}: {{Type: [Customer]}}."

See = Callable[[Node, str, tuple[tuple[str, Spot], ...]], str]
"""Remembers a source field with the values that it is compared with, each with its place; returns the field's path."""


def sieve_of(top: dict[str, Node], see: See) -> Sieve | None:
    """None for a mapping that takes every record."""
    if ONLY not in top and EXCEPT not in top:
        return None
    return Sieve(_questions(top, ONLY, see), _questions(top, EXCEPT, see))


def _questions(top: dict[str, Node], word: str, see: See) -> tuple[Question, ...]:
    if word not in top:
        return ()
    found = top[word].block(word)
    if not found:
        raise top[word].spot.refuse(f"{word} names no field.", step=EXAMPLE.format(word))
    return tuple(_question(word, field, node, see) for field, node in found.items())


def _question(word: str, field: str, node: Node, see: See) -> Question:
    items = node.items(f"{word} {field}")
    if not items:
        raise node.spot.refuse(f"{word} gives no value for {field}.", step=EXAMPLE.format(word))
    for item in items:
        if isinstance(item.value, dict | list):
            raise item.spot.refuse(f"{field} must be one of words or numbers, not {item.plain()!r}.")
    words = tuple((str(item.value), item.spot) for item in items if item.value is not None)
    source_path = see(Node(field, node.spot), word, words)
    return Question(field, path(source_path), frozenset(value for item in items for value in _forms(item.value)))


def _forms(value: Any) -> tuple[Any, ...]:
    """What a source may send for a word of ours: a list of years may be one of texts, and what is empty no text."""
    if value is None:
        return (None, "")
    if isinstance(value, int):
        return (value, str(value))
    return (value, FLAGS[value.lower()]) if value.lower() in FLAGS else (value,)
