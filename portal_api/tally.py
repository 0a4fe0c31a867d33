"""How many shipments are held, late, not confirmed, without a date: one word for one state on every page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from portal_api.states import Speech, shipment_state


class Tally(NamedTuple):
    """Numbers of shipments that are on their way."""

    held: int = 0
    late: int = 0
    unconfirmed: int = 0
    undated: int = 0

    @property
    def troubled(self) -> int:
        """Those that somebody should know of."""
        return self.held + self.late + self.unconfirmed

    def said(self) -> list[str]:
        """`2 held`, `1 late`, as far as there are any; those without a date are no trouble and not among them."""
        words = ((self.held, "held"), (self.late, "late"), (self.unconfirmed, "not confirmed"))
        return [f"{count} {word}" for count, word in words if count]


def tally(kinds: Sequence[str]) -> Tally:
    """Count shipments by what `kind` says of each."""
    return Tally(*(kinds.count(name) for name in Tally._fields))


def kind(row: Any, speak: Speech) -> str:
    """Which of the tally's words is true of a shipment; empty when it is on time."""
    tone = shipment_state(row, speak).tone
    if tone == "bad":
        return "held" if row.exception else "late"
    return {"attention": "unconfirmed", "info": "undated"}.get(tone, "")
