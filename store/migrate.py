"""Bring a database to the present schema, or say how far it is from it. Alembic does the work."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, Engine

from hub.errors import NeedsPerson

FOLDER = Path(__file__).parent / "migrations"


def config(connection: Connection | None = None) -> Config:
    """Alembic's configuration; no ini file, since everything follows from the code."""
    settings = Config()
    settings.set_main_option("script_location", str(FOLDER))
    settings.set_main_option("path_separator", "os")
    settings.attributes["connection"] = connection
    return settings


def upgrade(engine: Engine) -> None:
    """Bring the database to the newest schema, in one transaction; nothing happens when it is there already.

    NeedsPerson when the store is of a version that this code does not know.
    """
    if is_current(engine):
        return
    try:
        with engine.begin() as connection:
            _refuse_narrow(connection)
            command.upgrade(config(connection), "head")
    except CommandError as error:  # "Can't locate revision": no way leads from there
        raise NeedsPerson(
            f"This store was made by another version of Frontdesk, which this one cannot take over: {error}.",
            step=(
                "Use that version, or move the store away and begin anew: what clients see is read from the sources "
                "again; staff, links made by hand and activity stay behind."
            ),
        ) from None


def _refuse_narrow(connection: Connection) -> None:
    """NeedsPerson when the database cannot hold every letter."""
    if connection.dialect.name != "postgresql":
        return
    encoding = connection.exec_driver_sql("SHOW server_encoding").scalar_one()
    if encoding != "UTF8":
        raise NeedsPerson(
            f"The store's database is encoded in {encoding}, which cannot hold every letter.",
            step="Make it anew: CREATE DATABASE frontdesk OWNER frontdesk ENCODING 'UTF8' TEMPLATE template0.",
        )


def is_current(engine: Engine) -> bool:
    """Whether the database has exactly the schema of this code."""
    with engine.connect().execution_options(reading=True) as connection:
        found = MigrationContext.configure(connection).get_current_revision()
    return found == ScriptDirectory.from_config(config()).get_current_head()
