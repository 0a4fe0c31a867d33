"""Streams of long names: on PostgreSQL one of more than 40 letters held up its whole source. One unused column goes"""

from alembic import op

revision = "long_names"
down_revision = "price_period"
branch_labels = None
depends_on = None

NOUNS = (
    "client", "person", "project", "milestone", "shipment", "shipment_event", "billing_account", "invoice", "payment",
    "credit_memo", "contract", "request", "subscription", "document", "folder",
)  # fmt: skip
OF_THE_HUB = ("stream_state", "lease", "stream_run", "crosswalk", "held_record", "inbox")
KINDS = {"crosswalk": "rule", "crosswalk_key": "kind", "client_key": "kind"}
"""A kind of key may name a source and a stream."""


def upgrade() -> None:
    op.drop_column("folder", "extra")
    if op.get_bind().dialect.name != "postgresql":
        return  # SQLite's texts have no length
    for table in (*NOUNS, *OF_THE_HUB):
        op.execute(f"ALTER TABLE {table} ALTER COLUMN stream TYPE VARCHAR(80)")
    for table, column in KINDS.items():
        op.execute(f"ALTER TABLE {table} ALTER COLUMN {column} TYPE VARCHAR(125)")
