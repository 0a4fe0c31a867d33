"""Lists of blocks inside a record, such as an invoice's lines: those that pass, each with the parts that are wanted."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import orjson

from mappings.convert import money, refuse
from mappings.page import Column, PageView, Record

Part = Callable[[Record, str], Any]
"""What to take from a block, given the currency of its record."""
Test = tuple[Callable[[Record], Any], Collection[Any]]
"""How to read a block's value, and which values let the block pass."""


def flagged(read: Callable[[PageView], Column], tests: Sequence[Test]) -> Callable[[PageView], Column]:
    """A column of flags, each raised only where its record's other fields hold what they must, too."""

    def passes(record: Record) -> bool:
        return all(one(record) in accepted for one, accepted in tests)

    return lambda page: [flag and passes(record) for flag, record in zip(read(page), page.records, strict=True)]


def amount(one: Callable[[Record], Any], lowers: Sequence[Test]) -> Part:
    """An amount in minor units; below zero where the block passes all of `lowers`, of which there are some."""

    def read(block: Record, currency: str) -> int | None:
        minor: int | None = money([one(block)], [currency])[0]
        lowered = lowers and minor and all(test(block) in accepted for test, accepted in lowers)
        return -minor if minor and lowered else minor

    return read


def items(each: Mapping[str, Part], tests: Sequence[Test]) -> Callable[[Any, str], str | None]:
    """A converter of one record's list to JSON; None where the source has none. BadRecord for what is no list."""

    def convert_list(blocks: Any, currency: str) -> str | None:
        if blocks is None:
            return None
        _refuse_other_shape(blocks)
        try:
            kept = [block for block in blocks if all(one(block) in accepted for one, accepted in tests)]
            return orjson.dumps([{n: part(b, currency) for n, part in each.items()} for b in kept]).decode()
        except TypeError:
            raise refuse("bad_list", blocks, "a list of texts and numbers") from None

    return convert_list


def _refuse_other_shape(blocks: Any) -> None:
    """Lines that cannot be read are no reason to show a record without them."""
    if not isinstance(blocks, list):
        raise refuse("bad_list", blocks, "a list of objects or null")
    for number, block in enumerate(blocks, start=1):
        if not isinstance(block, dict):
            raise refuse("bad_list", block, f"an object, which number {number} of a list must be")
