"""Stable ids and hashes.

A synced row's id is a function of where it comes from, so a repeat finds the same row, a restored record comes back
as itself, and a row may point at another one that has not arrived yet.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from hashlib import blake2b


def entity_id(source: str, stream: str, external_id: str) -> str:
    """26 hex digits naming a source's record for ever (104 bits of BLAKE2b; base32 would cost four times the time)."""
    return entity_ids(source, stream, (external_id,))[0]


def entity_ids(source: str, stream: str, external_ids: Iterable[str]) -> list[str]:
    """The ids of many records of one stream, in their order."""
    common, found = blake2b(f"{source}\0{stream}\0".encode(), digest_size=13), []
    for external_id in external_ids:
        digest = common.copy()
        digest.update(external_id.encode())
        found.append(digest.hexdigest())
    return found


def content_hash(content: bytes) -> bytes:
    """16 bytes that change when the content does."""
    return blake2b(content, digest_size=16).digest()


def random_id() -> str:
    """26 hex digits, 104 random bits: for rows that are born here. No secret: tokens are longer."""
    return secrets.token_hex(13)
