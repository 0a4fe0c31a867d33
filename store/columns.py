"""What tables are made of: kinds of columns, and the columns that every synced table has.

Tables are SQLAlchemy's typed Core tables, not mapped classes: nothing here works on objects, and mapping costs each
command 0.07 s. `TypedColumns` copies each column it is given, so that one kind serves many tables.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, TypeVar

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypedColumns,
)

from store.types import Instant, Json, Minor, Reference

# 64 bits on both databases: SQLite's INTEGER has them, PostgreSQL's has 32, and a file may have more than 2 GB.
_big = BigInteger().with_variant(Integer(), "sqlite")

Id: Column[str] = Column(String(26), primary_key=True)
RowId: Column[str] = Column(String(26), nullable=False)
OptionalRowId: Column[str | None] = Column(String(26))
Ref: Column[str | None] = Column(Reference)
Key: Column[str] = Column(String(120), nullable=False)
OptionalKey: Column[str | None] = Column(String(120))
Word: Column[str] = Column(String(40), nullable=False)
OptionalWord: Column[str | None] = Column(String(40))
StreamName: Column[str] = Column(String(80), nullable=False)
OptionalStreamName: Column[str | None] = Column(String(80))
KeyKind: Column[str] = Column(String(125), nullable=False)
OptionalKeyKind: Column[str | None] = Column(String(125))
Line: Column[str] = Column(String(255), nullable=False)
OptionalLine: Column[str | None] = Column(String(255))
Prose: Column[str] = Column(Text, nullable=False)
OptionalProse: Column[str | None] = Column(Text)
Moment: Column[dt.datetime] = Column(Instant, nullable=False)
OptionalMoment: Column[dt.datetime | None] = Column(Instant)
Day: Column[dt.date] = Column(Date, nullable=False)
OptionalDay: Column[dt.date | None] = Column(Date)
Amount: Column[int] = Column(Minor, nullable=False)
OptionalAmount: Column[int | None] = Column(Minor)
Currency: Column[str] = Column(String(3), nullable=False)
OptionalCurrency: Column[str | None] = Column(String(3))
Number: Column[int] = Column(Integer, nullable=False)
OptionalNumber: Column[int | None] = Column(_big)
Flag: Column[bool] = Column(Boolean, nullable=False)
OptionalFlag: Column[bool | None] = Column(Boolean)
Seconds: Column[float] = Column(Float, nullable=False)
Hash: Column[bytes] = Column(LargeBinary(32), nullable=False)
UniqueHash: Column[bytes] = Column(LargeBinary(32), nullable=False, unique=True)
OptionalHash: Column[bytes | None] = Column(LargeBinary(32))
Items: Column[list[dict[str, Any]] | None] = Column(Json)
Facts: Column[dict[str, Any] | None] = Column(Json)

Count: Column[int] = Column(_big, nullable=False)
Sequential: Column[int] = Column(_big, primary_key=True, autoincrement=True)

METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)
"""Every table; constraint names follow one convention so that migrations can name them."""


class ClientOwned(TypedColumns):
    """A row that belongs to one client. `store.scope` filters every statement over such a table."""

    client_id = OptionalRowId


class Synced(ClientOwned):
    """A faithful copy of one source record.

    id            hub.ids.entity_id(source, stream, external_id)
    owner_id      crosswalk row of the record that says whose this is (an account, a customer, a folder)
    source_at     when the source says it last changed it
    content_hash  of all mapped values: equal means nothing to write and nobody to notify
    batch         the landing file that holds the raw record, relative to the landing root
    """

    id = Id
    source = Word
    stream = StreamName
    external_id = Key
    owner_id = Ref
    source_at = Moment
    content_hash = Hash
    batch = Line
    synced_at = Moment
    deleted_at = OptionalMoment
    deleted_reason = OptionalWord


C = TypeVar("C", bound=Synced)


def synced(name: str, columns: type[C], listed_by: Sequence[str] = (), looked_up_by: Sequence[str] = ()) -> Table[C]:
    """A table of source records. A client's rows are listed by `listed_by`; each of `looked_up_by` has an index."""
    return Table(
        name,
        METADATA,
        columns,
        Index(f"ix_{name}_client", "client_id", *listed_by),
        # Migrations make it partial, over the rows that wait for their owner record to be matched. Saying so here
        # would have every command import PostgreSQL's dialect (15 ms).
        Index(f"ix_{name}_owner", "owner_id"),
        *(Index(f"ix_{name}_{column}", column) for column in looked_up_by),
    )
