"""Credentials that vendors rotate: sealed with the firm's secret key, refreshed by one process at a time."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from hashlib import blake2b
from typing import TYPE_CHECKING

import orjson
from sqlalchemy import Engine, insert, select, update

from hub.clock import now
from hub.errors import NeedsPerson
from store.alone import alone
from store.hub_tables import Token

if TYPE_CHECKING:
    from cryptography.fernet import Fernet

WAIT_SECONDS = 90.0
"""Longer than any refresh takes (connectors.quickbooks.sign_in)."""


class SealedTokens:
    """connectors.contract.TokenStore over the store's `token` table, for one source."""

    def __init__(self, engine: Engine, source: str, secret_key: str) -> None:
        self.engine, self.source, self.secret_key = engine, source, secret_key

    def get(self) -> dict[str, str] | None:
        """The stored credential, or None. NeedsPerson when it was sealed with another key."""
        with self.engine.connect().execution_options(reading=True) as connection:
            sealed = connection.scalar(select(Token.c.sealed).where(Token.c.source == self.source))
        return self._open(sealed) if sealed else None

    def put(self, token: Mapping[str, str]) -> None:
        """Store durably: committed before this returns."""
        values = {"sealed": self._box().encrypt(orjson.dumps(dict(token))), "stored_at": now()}
        with self.engine.begin() as connection:
            done = connection.execute(update(Token).where(Token.c.source == self.source).values(**values))
            if not done.rowcount:
                connection.execute(insert(Token), {"source": self.source, **values})

    @contextmanager
    def lock(self) -> Iterator[None]:
        """One refresher at a time over all processes. RetryLater when another takes longer than a refresh can.

        No time ends it but the holder's own end, for a slow one is using the refresh token still; a killed one has
        ended (`store.alone`).
        """
        with alone(self.engine, f"credentials of {self.source}", WAIT_SECONDS):
            yield

    def _open(self, sealed: bytes) -> dict[str, str]:
        from cryptography.fernet import InvalidToken

        try:
            opened: dict[str, str] = orjson.loads(self._box().decrypt(sealed))
        except InvalidToken:
            raise NeedsPerson(
                f"The stored credentials of {self.source} were sealed with another secret key.",
                step=f"Set the former FRONTDESK_SECRET_KEY, or run `frontdesk connect {self.source}` again.",
            ) from None
        return opened

    def _box(self) -> Fernet:
        from cryptography.fernet import Fernet

        key = blake2b(self.secret_key.encode(), digest_size=32, person=b"frontdesk tokens").digest()
        return Fernet(base64.urlsafe_b64encode(key))
