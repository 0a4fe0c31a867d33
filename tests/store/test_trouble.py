"""What is wrong with the store is said in one plain sentence that names the right thing to do."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, OperationalError

from hub.errors import FrontdeskError, NeedsPerson, RetryLater
from store.alone import Busy, alone
from store.engine import create_engine, writing
from store.trouble import trouble

Do = Callable[[str], None]


def said_by(url: str, *statements: str) -> FrontdeskError:
    engine = create_engine(url)
    try:
        with writing(engine) as connection:
            for statement in statements or ("SELECT 1",):
                connection.execute(text(statement))
    except FrontdeskError as error:
        return error
    finally:
        engine.dispose()
    raise AssertionError("nothing went wrong")


@pytest.mark.postgres
def test_a_database_or_role_that_is_not_there_needs_a_person(postgres_url: str) -> None:
    missing = said_by(postgres_url.replace("?", "_not?", 1))
    stranger = said_by(postgres_url.replace("//firm:", "//stranger:"))
    for told, word in ((missing, '_not" does not exist'), (stranger, 'role "stranger" does not exist')):
        assert isinstance(told, NeedsPerson)
        assert told.sentence.startswith("The store's server does not let us in: ")
        assert word in told.sentence
        assert "FRONTDESK_DATABASE_URL" in told.step


@pytest.mark.postgres
def test_what_the_role_may_not_do_is_named(postgres_url: str, postgres_do: Do) -> None:
    postgres_do("CREATE ROLE onlooker LOGIN")
    engine = create_engine(postgres_url)
    with writing(engine) as connection:
        connection.execute(text("CREATE TABLE ours (n int)"))
    engine.dispose()
    told = said_by(postgres_url.replace("//firm:", "//onlooker:"), "SELECT * FROM ours")
    assert isinstance(told, NeedsPerson)
    assert told.sentence == "The store's server refuses it to our role: permission denied for table ours."
    assert "docs/operations.md" in told.step


@pytest.mark.postgres
def test_a_role_that_only_reads_is_told(postgres_url: str) -> None:
    told = said_by(postgres_url, "SET TRANSACTION READ ONLY", "CREATE TABLE ours (n int)")
    assert isinstance(told, NeedsPerson)
    assert told.sentence == "The store can only be read through this address."


@pytest.mark.postgres
def test_a_statement_that_takes_too_long_is_tried_again_and_says_what_to_raise(postgres_url: str) -> None:
    told = said_by(postgres_url, "SET statement_timeout = 20", "SELECT pg_sleep(2)")
    assert isinstance(told, RetryLater)
    assert "statement_timeout" in told.step


@pytest.mark.postgres
def test_a_server_without_a_connection_left_is_tried_again(postgres_url: str, postgres_do: Do) -> None:
    postgres_do("CREATE ROLE single LOGIN CONNECTION LIMIT 1")
    url = postgres_url.replace("//firm:", "//single:")
    engine = create_engine(url)
    with engine.connect():
        told = said_by(url)
    engine.dispose()
    assert isinstance(told, RetryLater)
    assert told.sentence == "The store's server has no connection left for us just now."


@pytest.mark.postgres
def test_a_server_that_goes_away_in_the_middle_of_a_load_is_known_for_it(postgres_url: str, postgres_do: Do) -> None:
    from store import rows

    def ended() -> Any:
        for n in range(200):
            if n == 100:
                postgres_do("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'firm'")
            yield (n, "x" * 100_000)

    engine = create_engine(postgres_url)
    with writing(engine) as connection:
        connection.execute(text("CREATE TABLE ours (n int, t text)"))
    with pytest.raises(RetryLater, match="cannot be reached"), writing(engine) as connection:
        rows.insert(connection, "ours", ("n", "t"), list(ended()))
    with writing(engine) as connection:
        assert connection.execute(text("SELECT count(*) FROM ours")).scalar_one() == 0
    engine.dispose()


CONNECTING = 'connection failed: connection to server at "10.0.0.1", port 5432 failed: FATAL:  '


@pytest.mark.parametrize(
    ("words", "kind", "sentence"),
    [
        (
            f'{CONNECTING}password authentication failed for user "hub"',
            NeedsPerson,
            'The store\'s server does not let us in: password authentication failed for user "hub".',
        ),
        (f"{CONNECTING}the database system is starting up", RetryLater, "The store cannot be reached just now."),
        (
            f"{CONNECTING}sorry, too many clients already",
            RetryLater,
            "The store's server has no connection left for us just now.",
        ),
        (
            "failed to resolve host 'db.internal': [Errno -2] Name or service not known",
            RetryLater,
            "The store cannot be reached just now.",
        ),
        (
            "Multiple connection attempts failed. All failures were:\n- host: 'localhost': connection failed: refused",
            RetryLater,
            "The store cannot be reached just now.",
        ),
    ],
)
def test_what_keeps_us_from_connecting_is_told_apart(words: str, kind: type[Exception], sentence: str) -> None:
    import psycopg

    told = trouble(OperationalError(None, None, psycopg.OperationalError(words)))
    assert type(told) is kind
    assert str(told) == sentence


@pytest.mark.parametrize(
    ("name", "kind", "sentence"),
    [
        ("SQLITE_FULL", NeedsPerson, "The disk of the store is full; what was stored before is safe."),
        ("SQLITE_IOERR_SHMSIZE", NeedsPerson, "The disk of the store is full; what was stored before is safe."),
        ("SQLITE_IOERR_READ", NeedsPerson, "The disk of the store cannot be read or written."),
        ("SQLITE_BUSY_SNAPSHOT", RetryLater, "Another process keeps the store locked."),
        (
            "SQLITE_READONLY_DIRECTORY",
            NeedsPerson,
            "The store's file, or the folder that it lies in, may not be written to.",
        ),
        ("SQLITE_CORRUPT", NeedsPerson, "The store's file is damaged, or is none of SQLite's."),
    ],
)
def test_what_sqlite_refuses_is_told_apart(name: str, kind: type[Exception], sentence: str) -> None:
    refused = sqlite3.OperationalError("as SQLite says it")
    refused.sqlite_errorname = name
    told = trouble(OperationalError(None, None, refused))
    assert type(told) is kind
    assert str(told) == sentence


def test_an_address_that_is_none_is_refused_without_its_password() -> None:
    for url in ("postgresql//hub:s3cret@db/x", "postgresql://hub:s3cret@db:port/x", "postgresql://hub:x@s3cret@db/x"):
        with pytest.raises(NeedsPerson, match="FRONTDESK_DATABASE_URL") as caught:
            create_engine(url)
        assert "s3cret" not in f"{caught.value}{caught.value.step}"


def test_a_defect_is_no_trouble_of_the_store() -> None:
    import psycopg

    assert trouble(DBAPIError(None, None, psycopg.errors.UndefinedColumn("no such column"))) is None


def test_a_turn_whose_lock_cannot_be_written_needs_a_person(sqlite_url: str, tmp_path: Path) -> None:
    (tmp_path / "store.sqlite-credentials.lock").mkdir()
    engine = create_engine(sqlite_url)
    wanted = r"store\.sqlite-credentials\.lock cannot be written"
    with pytest.raises(NeedsPerson, match=wanted), alone(engine, "credentials", patience=0):
        pass
    engine.dispose()


@pytest.mark.postgres
def test_a_turn_ends_quietly_whose_server_was_restarted_meanwhile(postgres_url: str, postgres_do: Do) -> None:
    engine = create_engine(postgres_url)
    with alone(engine, "worker", patience=0):
        with pytest.raises(Busy), alone(engine, "worker", patience=0):
            pass
        postgres_do("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'firm'")
    with alone(engine, "worker", patience=5):
        pass
    engine.dispose()
