"""What a connector cannot read of a record, said in the record itself, so that it is held and not passed over.

Most connectors pass records on as they come, and the mapping judges them. One that works something out of a record
(whose folder a file lies in) can neither do so with half of it nor pass it on as if it were whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from hub.errors import BadRecord

OURS, UNREAD = "frontdesk", "unread"
"""Where a connector puts what it adds to a record, and in there, what it could not read."""


def unread(record: Mapping[str, Any], field: str, sentence: str, **known: Any) -> dict[str, Any]:
    """The record as it came, with the field at fault and what is wrong; `known` is what could be added all the same."""
    return {**record, OURS: {**known, UNREAD: {"field": field, "sentence": sentence}}}


def refuse_unread(records: Iterable[Mapping[str, Any]]) -> None:
    """BadRecord for the first record that its connector could not read."""
    for record in records:
        if (ours := record.get(OURS)) and UNREAD in ours:
            raise BadRecord(ours[UNREAD]["sentence"], code="unread", field=ours[UNREAD]["field"])
