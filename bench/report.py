"""How a figure is said: ours, theirs, the ratio, the goal, met or not. Nothing is asserted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Goal(NamedTuple):
    """What a ratio should be at least, or with `most` at most."""

    bound: float
    most: bool = False

    def met(self, ratio: float) -> bool:
        return ratio <= self.bound if self.most else ratio >= self.bound

    def __str__(self) -> str:
        return f"{'at most' if self.most else 'at least'} {self.bound:g}"


def show(title: str, rows: Sequence[tuple[str, str, float | None, Goal | None]]) -> None:
    """Rows of (way, figure, ratio to ours, goal for the ratio)."""
    print(f"\n{title}")
    for name, figure, ratio, goal in rows:
        times = "" if ratio is None else f"{ratio:8.2f}x"
        verdict = "" if goal is None or ratio is None else f"   goal {goal}: {'met' if goal.met(ratio) else 'MISSED'}"
        print(f"    {name:38}{figure}{times}{verdict}", flush=True)
