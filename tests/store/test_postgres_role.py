"""No role of PostgreSQL need be a superuser: one that row-level security binds can do all that Frontdesk needs.

So can the owner that docs/operations.md advises, which loads by COPY.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, func, select, text

from hub.clock import instant_text, now
from hub.errors import NeedsPerson
from hub.ids import entity_id
from store import rows
from store.engine import create_engine, is_above_row_security
from store.migrate import upgrade
from store.tables import Client, Document

pytestmark = pytest.mark.postgres
COLUMNS = ("id", "external_id", "name", "source", "stream", "source_at", "content_hash", "batch", "synced_at")


@pytest.fixture(scope="module")
def advised(postgres_do: Callable[..., None]) -> str:
    """The owner as docs/operations.md advises it: above row-level security, so that it loads by COPY."""
    postgres_do("CREATE ROLE advised LOGIN BYPASSRLS IN ROLE firm")
    return "advised"


@pytest.fixture(params=["bound", "advised"])
def engine(request: pytest.FixtureRequest, postgres_url: str) -> Iterator[Engine]:
    role = request.getfixturevalue("advised") if request.param == "advised" else "firm"
    engine = create_engine(postgres_url.replace("//firm:", f"//{role}:"))
    upgrade(engine)
    with engine.connect() as connection:
        bound = connection.scalar(select(func.row_security_active("client")))
    assert bound is (request.param == "bound")
    yield engine
    engine.dispose()


def of_crm(stream: str, count: int, start: int = 0) -> list[tuple[Any, ...]]:
    moment = instant_text(now())
    return [
        (entity_id("crm", stream, str(n)), str(n), f"Nr. {n}", "crm", stream, moment, b"h", "b", moment)
        for n in range(start, start + count)
    ]


def count(engine: Engine, table: Any) -> int:
    with engine.connect() as connection:
        return connection.execute(select(func.count()).select_from(table)).scalar_one()


@pytest.mark.parametrize("many", [3, 200])
def test_it_loads_new_rows_few_or_many(engine: Engine, many: int) -> None:
    with engine.begin() as connection:
        rows.insert(connection, "client", COLUMNS, of_crm("Account", many))
        rows.insert(connection, "client", COLUMNS, of_crm("Account", many, start=many))
    assert count(engine, Client) == 2 * many


@pytest.mark.parametrize("many", [3, 200])
def test_a_row_that_is_known_already_is_told(engine: Engine, many: int) -> None:
    with engine.begin() as connection:
        rows.insert(connection, "client", COLUMNS, of_crm("Account", 1))
    with engine.connect() as connection, pytest.raises(rows.AlreadyThere):
        rows.insert(connection, "client", COLUMNS, of_crm("Account", many))
    assert count(engine, Client) == 1


def test_a_file_of_more_than_two_gigabytes_is_stored(engine: Engine) -> None:
    row = (*of_crm("file", 1)[0], 3_000_000_000)
    with engine.begin() as connection:
        rows.insert(connection, "document", (*COLUMNS, "size_bytes"), [row])
    with engine.connect() as connection:
        assert connection.execute(select(Document.c.size_bytes)).scalar_one() == 3_000_000_000


def test_a_database_that_cannot_hold_every_letter_is_refused(postgres: str, postgres_do: Callable[[str], None]) -> None:
    postgres_do("CREATE DATABASE narrow ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0")
    engine = create_engine(postgres.replace("/postgres?", "/narrow?"))
    with pytest.raises(NeedsPerson, match="LATIN1") as caught:
        upgrade(engine)
    engine.dispose()
    assert "ENCODING 'UTF8'" in caught.value.step


def test_what_the_address_asks_for_is_kept(postgres_url: str) -> None:
    engine = create_engine(f"{postgres_url}&options=-c%20statement_timeout%3D12345")
    with engine.connect() as connection:
        found = [connection.scalar(text(f"SHOW {name}")) for name in ("statement_timeout", "app.access", "TimeZone")]
    engine.dispose()
    assert found == ["12345ms", "all", "UTC"]


def test_a_role_above_row_level_security_is_known_for_it(postgres: str, postgres_url: str) -> None:
    for url, above in ((postgres, True), (postgres_url, False)):
        engine = create_engine(url)
        assert is_above_row_security(engine) is above
        engine.dispose()
