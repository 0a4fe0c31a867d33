"""Stable ids.

A synced row's id is a function of where it comes from, so a repeat finds the same row, a restored record comes back
as itself, and a row may point at another one that has not arrived yet.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from hashlib import blake2b

NEAR = 5
"""Characters at the end of an external id in which neighbours differ: two of Salesforce's count, three check."""


def entity_id(source: str, stream: str, external_id: str) -> str:
    """26 hex digits naming a source's record for ever."""
    return entity_ids(source, stream, (external_id,))[0]


def entity_ids(source: str, stream: str, external_ids: Iterable[str]) -> list[str]:
    """The ids of many records of one stream, in their order.

    The first ten digits are its neighbourhood's: sources number records as they come, so what is loaded together stands
    together in the store's index, and a commit writes few pages of it. The other sixteen are its own: two of a
    million records of one stream come to the same id less than once in thirty million such streams.
    """
    common, found = blake2b(f"{source}\0{stream}\0".encode(), digest_size=8), []
    near: dict[str, str] = {}
    for external_id in external_ids:
        start = external_id[:-NEAR]
        if start not in near:
            near[start] = blake2b(f"{source}\0{stream}\0{start}".encode(), digest_size=5).hexdigest()
        digest = common.copy()
        digest.update(external_id.encode())
        found.append(near[start] + digest.hexdigest())
    return found


def random_id() -> str:
    """26 hex digits, 104 random bits: for rows that are born here. No secret: tokens are longer."""
    return secrets.token_hex(13)
