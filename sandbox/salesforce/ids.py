"""Salesforce ids: key prefix, a counter in base 62, and the three letters that make 15 case-sensitive ones safe."""

from __future__ import annotations

import string

from sandbox.salesforce.schema import OBJECTS
from sandbox.state import State

SUFFIX = string.ascii_uppercase + "012345"
BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
SHORT, LONG = 15, 18
POD = "RO"  # the two characters after the prefix name the instance


def to_18(id_: str) -> str:
    """The 18-character form. Bit i of each group of five says whether its i-th character is upper case.

    003RO0000035WQg -> 003RO0000035WQgYAM. ValueError for anything but 15 or 18 ASCII letters and digits.
    """
    if len(id_) not in (SHORT, LONG) or not (id_.isascii() and id_.isalnum()):
        raise ValueError(f"{id_!r} is no Salesforce id")
    short = id_[:SHORT]
    groups = (short[start : start + 5] for start in (0, 5, 10))
    return short + "".join(SUFFIX[sum(c.isupper() << i for i, c in enumerate(group))] for group in groups)


def numbered_id(prefix: str, number: int) -> str:
    """The id of the n-th record of an object, 18 characters; deterministic, for seeding."""
    digits = ""
    for _ in range(SHORT - len(prefix) - len(POD)):
        number, digit = divmod(number, 62)
        digits = BASE62[digit] + digits
    return to_18(prefix + POD + digits)


def new_id(state: State, kind: str) -> str:
    """A fresh id for an object. KeyError when the org has no such object.

    The counter starts far above what seeding uses and only rises, so an id is never given twice, not even after a
    purge.
    """
    prefix = OBJECTS[kind][0]
    with state.transaction():
        number = int(state.fact(f"salesforce_next_{kind}", str(62**7))) + 1
        state.set_fact(f"salesforce_next_{kind}", str(number))
    return numbered_id(prefix, number)
