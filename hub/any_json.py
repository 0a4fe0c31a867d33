"""JSON as sources send it, half characters and huge integers included.

orjson is faster and stricter: it refuses one half of a surrogate pair, which a record in a CRM may well have.
The standard library reads and writes what orjson refuses, so that such a record is held and the others go on.
"""

from __future__ import annotations

import json
from typing import Any

import orjson


def loads(text: str | bytes) -> Any:
    """The value of a JSON text. ValueError when it is none."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return json.loads(text)


def dumps(value: Any) -> bytes:
    """A JSON text of a value, whatever is in it; what JSON has no word for is written as its text."""
    try:
        return orjson.dumps(value, default=str)
    except TypeError:
        return json.dumps(value, default=str).encode()
