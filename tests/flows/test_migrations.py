"""A store grows with the code: its schema is what the code has, and an upgrade keeps what was in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, text

from store import access_tables, hub_tables
from store.columns import METADATA
from store.engine import create_engine
from store.migrate import config, is_current, upgrade

LOADED = (access_tables, hub_tables)
SHIPMENT = """
INSERT INTO shipment (number, status, id, source, stream, external_id, source_at, content_hash, batch, synced_at)
VALUES ('HBL-1', 'booked', 'x', 'crm', 'Shipment', '1', '2026-11-24T10:00:00.000Z', '', '', '2026-11-24T10:00:00.000Z')
"""
PERSON = """
INSERT INTO person (name, email, id, source, stream, external_id, source_at, content_hash, batch, synced_at)
VALUES ('Ben', 'Ben@client.example', 'p', 'crm', 'Contact', '2', '2026-11-24', '', '', '2026-11-24')
"""
SESSIONS = """
INSERT INTO session (id, token_hash, via, person_id, staff_email, role, created_at, seen_at, expires_at)
VALUES (:id, :hash, 'page', :person, :staff, 'owner', :at, :at, :at)
"""


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def nothing_yet(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database without a table."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'old.sqlite'}"
    for statement in ("DROP DATABASE IF EXISTS old", "CREATE DATABASE old OWNER firm"):
        request.getfixturevalue("postgres_do")(statement)
    url: str = request.getfixturevalue("postgres_at")("old")
    return url


@pytest.fixture
def old_store(nothing_yet: str) -> Iterator[Engine]:
    """A store as the first version made it, with one shipment."""
    engine = create_engine(nothing_yet)
    with engine.begin() as connection:
        command.upgrade(config(connection), "first")
        connection.execute(text(SHIPMENT))
    yield engine
    engine.dispose()


def test_the_migrations_make_what_the_code_has(engine: Engine) -> None:
    with engine.connect() as connection:
        # SQLite has words for types, and no types.
        found = MigrationContext.configure(connection, opts={"compare_type": engine.dialect.name == "postgresql"})
        assert compare_metadata(found, METADATA) == []


def test_an_earlier_version_is_taken_over_with_what_is_in_it(old_store: Engine) -> None:
    assert not is_current(old_store)
    upgrade(old_store)
    assert is_current(old_store)
    with old_store.connect() as connection:
        [row] = connection.execute(text("SELECT number, promised_on FROM shipment"))
    assert tuple(row) == ("HBL-1", None)


def test_sessions_of_an_earlier_version_are_for_the_address_that_their_person_has_now(old_store: Engine) -> None:
    at = "2026-11-24T10:00:00.000Z"
    who = (("a", "p", None), ("b", None, "omar@firm.example"), ("c", "gone", None))
    with old_store.begin() as connection:
        connection.execute(text(PERSON))
        for id_, person, staff in who:
            known = {"id": id_, "hash": id_.encode(), "person": person, "staff": staff, "at": at}
            connection.execute(text(SESSIONS), known)
    upgrade(old_store)
    with old_store.connect() as connection:
        found = connection.execute(text("SELECT email FROM session ORDER BY id")).scalars().all()
    assert found == ["ben@client.example", "omar@firm.example", None]
