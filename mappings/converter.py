"""Which converter a column asks for: by its kind, and by what its mapping says beside `from`."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from mappings import convert, vocabulary
from mappings.yaml_lines import Node


class Target(Protocol):
    """A column that a mapping may fill. kind: text, prose, instant, day, whole, minor, flag, reference, items."""

    @property
    def kind(self) -> str: ...
    @property
    def required(self) -> bool: ...
    @property
    def limit(self) -> int: ...


def converter(name: str, target: Target, words: dict[str, Node]) -> convert.Convert:
    """What turns the source's values into the column's. MappingError for words that do not go together."""
    if "contains" in words:
        return convert.contains(words["contains"].text("contains"))
    scale = words["times"].value if "times" in words else 1
    if not isinstance(scale, int):
        raise words["times"].spot.refuse(f"times must be a whole number, not {scale!r}.")
    kinds: dict[str, convert.Convert] = {
        "text": _bare(_text(name, target.limit, words), words),
        "prose": convert.text(convert.PROSE_LIMIT),
        "instant": convert.instant,
        "day": convert.day,
        "whole": convert.whole(scale),
        "flag": convert.flag,
    }
    return kinds[target.kind]


def _text(name: str, limit: int, words: dict[str, Node]) -> convert.Convert:
    if "values" in words:
        if "as" in words:
            raise words["as"].spot.refuse(f"{name} says both values and as.", step="Say one of them.")
        table = {key: _word(name, node, limit) for key, node in words["values"].block("values").items()}
        return convert.one_of(table, _word(name, words["otherwise"], limit) if "otherwise" in words else None)
    if "otherwise" in words:
        raise words["otherwise"].spot.refuse(f"{name} says otherwise without values.", step="Say the values first.")
    if "as" in words:
        refuse_other_form(name, words["as"], vocabulary.FIELD_AS)
        return convert.both(convert.email, convert.text(limit))
    return convert.text(limit)


def _bare(rest: convert.Convert, words: dict[str, Node]) -> convert.Convert:
    """The converter, of texts without the ending that `without` names."""
    return convert.both(convert.without(words["without"].text("without")), rest) if "without" in words else rest


def _word(name: str, node: Node, limit: int) -> str:
    """One of the words that a column takes, which must fit into it."""
    word = str(node.value) if isinstance(node.value, int) else node.text(f"a value of {name}")
    if len(word) > limit:
        raise node.spot.refuse(f"{word!r} is longer than the {limit} characters that {name} takes.")
    return word


def refuse_other_form(name: str, node: Node, accepted: Collection[str]) -> None:
    """MappingError for a form that does not exist."""
    if node.value not in accepted:
        raise node.spot.refuse_unknown(f"form of {name}", str(node.value), accepted)
