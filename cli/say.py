"""What the command prints: plain tables on standard output, sentences for people on standard error."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, is_dataclass
from typing import Any


def table(titles: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Aligned columns; numbers to the right."""
    cells = [[_text(cell) for cell in row] for row in rows]
    numeric = [all(_is_number(row[i]) for row in cells) for i in range(len(titles))]
    widths = [max(len(row[i]) for row in [list(titles), *cells]) for i in range(len(titles))]
    lines = [list(titles), *cells]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(line, widths, numeric, strict=True)
        ).rstrip()
        for line in lines
    )


def _text(cell: object) -> str:
    match cell:
        case None:
            return "-"
        case bool():
            return "yes" if cell else "no"
        case int():
            return f"{cell:,}"
        case float():
            return f"{cell:.1f}"
        case dt.datetime():
            return f"{cell:%Y-%m-%d %H:%M} UTC"
    return str(cell)


def _is_number(text: str) -> bool:
    return text == "-" or text.replace(",", "").replace(".", "").isdigit()


def plain(value: Any) -> Any:
    """Dataclasses and instants as JSON has them."""
    if is_dataclass(value) and not isinstance(value, type):
        return plain(asdict(value))
    match value:
        case Mapping():
            return {key: plain(inner) for key, inner in value.items()}
        case list() | tuple():
            return [plain(inner) for inner in value]
        case dt.datetime() | dt.date():
            return value.isoformat()
    return value


def json(value: Any) -> None:
    """Print one JSON document."""
    import orjson

    print(orjson.dumps(plain(value), option=orjson.OPT_INDENT_2, default=str).decode())


def note(text: str = "") -> None:
    """A sentence for the person at the terminal; never part of the output that scripts read."""
    print(text, file=sys.stderr, flush=True)


def problem(sentence: str, step: str = "") -> None:
    """What went wrong and what to do."""
    note(sentence)
    if step:
        note(f"  {step}")
