"""What a mapping says of its source beside how to read it, with the place of each word."""

from __future__ import annotations

from typing import NamedTuple

from mappings.yaml_lines import Spot


class Link(NamedTuple):
    """Where a mapping names a stream. `written`: in its words. `owner`: as that of the records that own its own."""

    source: str
    stream: str
    written: str
    spot: Spot
    owner: bool = False


class Said(NamedTuple):
    """Where a mapping names a source field.

    kind    of the column that it fills (mappings.converter.Target); empty where any value may stand
    values  the source's words that a `values` table lists, each with its place
    """

    path: str
    spot: Spot
    column: str = ""
    kind: str = ""
    values: tuple[tuple[str, Spot], ...] = ()
