"""What no mapping takes, whatever it says: records without an id, and texts that cannot be stored."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hub.errors import BadRecord
from mappings.page import Record

ID_LENGTH = 120
"""Characters of an external id; no vendor's comes near."""
STREAM_LENGTH = 80
"""Characters of a stream's name; Salesforce's longest has 60."""


def readable_id(value: Any) -> str:
    """An external id as text. BadRecord when the source gave none that can be stored."""
    if not isinstance(value, str | int) or value == "" or len(str(value)) > ID_LENGTH:
        raise BadRecord(f"{value!r} is no usable record id.", code="no_id", field="id")
    return str(value)


def refuse_unstorable(record: Record) -> None:
    """BadRecord for a text that no database or reader could take."""
    for name, value in record.items():
        texts = list(_texts(value))
        if any("\0" in text for text in texts):
            raise BadRecord("The text contains a null byte, which no text may.", code="null_byte", field=name)
        try:
            "".join(texts).encode()
        except UnicodeEncodeError:
            sentence = "The text contains half a character, which nobody can store."
            raise BadRecord(sentence, code="bad_text", field=name) from None


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _texts(part)
