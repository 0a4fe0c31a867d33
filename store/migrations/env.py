"""Alembic's entry: runs on the connection that store.migrate hands over."""

from alembic import context

from store import access_tables, hub_tables
from store.columns import METADATA

LOADED = (access_tables, hub_tables)  # importing them is what puts their tables into the metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    transactional_ddl=True,
    render_as_batch=True,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
