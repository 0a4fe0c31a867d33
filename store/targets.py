"""What a mapping may fill: the store's columns, as `mappings.compile` wants to know them."""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy import Boolean, Date, Integer, String, Text
from sqlalchemy.types import TypeEngine

from store.columns import ClientOwned, Synced
from store.tables import ENTITIES
from store.types import Instant, Json, Minor, Reference


class TargetColumn(NamedTuple):
    """kind: text, prose, instant, day, whole, minor, flag, reference, items. `limit`: characters of a text."""

    kind: str
    required: bool
    limit: int


KINDS: tuple[tuple[type[Any], str], ...] = (
    (Instant, "instant"),
    (Minor, "minor"),
    (Reference, "reference"),
    (Text, "prose"),
    (String, "text"),
    (Date, "day"),
    (Boolean, "flag"),
    (Integer, "whole"),
    (Json, "items"),
)
"""First match wins: Text is a String, our own types come before what they are made of."""


def targets() -> dict[str, dict[str, TargetColumn]]:
    """Every noun's own columns, without those the engine fills."""
    engine_filled = {name for owner in (ClientOwned, Synced) for name in vars(owner)}
    return {
        noun: {
            column.name: TargetColumn(_kind(column.type), not column.nullable, getattr(column.type, "length", 0) or 0)
            for column in table.columns
            if column.name not in engine_filled
        }
        for noun, table in ENTITIES.items()
    }


def _kind(type_: TypeEngine[Any]) -> str:
    return next(kind for known, kind in KINDS if isinstance(type_, known))
