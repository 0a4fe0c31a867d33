"""Column types that mean the same on SQLite and PostgreSQL.

The type of a column is also what a mapping must deliver into it: see `store.targets`.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import JSON, BigInteger, DateTime, Dialect, String
from sqlalchemy.types import TypeDecorator, TypeEngine

from hub.clock import UTC, instant_text


class Instant(TypeDecorator[dt.datetime]):
    """An aware UTC instant, to the millisecond: TIMESTAMPTZ on PostgreSQL, fixed-width ISO text on SQLite."""

    impl = String(24)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return DateTime(timezone=True) if dialect.name == "postgresql" else String(24)

    def process_bind_param(self, value: dt.datetime | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        return value.astimezone(UTC) if dialect.name == "postgresql" else instant_text(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> dt.datetime | None:
        if value is None:
            return None
        return value.astimezone(UTC) if isinstance(value, dt.datetime) else dt.datetime.fromisoformat(value)


class Minor(TypeDecorator[int]):
    """Money in minor units; the row's `currency` column says of what."""

    impl = BigInteger
    cache_ok = True


class Reference(TypeDecorator[str]):
    """The id of another synced row, which may not have arrived yet: no database constraint."""

    impl = String(26)
    cache_ok = True


class Json(TypeDecorator[Any]):
    """JSON, on PostgreSQL in its binary form, whose dialect (15 ms to import) is then loaded anyway."""

    impl = JSON
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name != "postgresql":
            return JSON()
        from sqlalchemy.dialects.postgresql import JSONB

        return JSONB()
