"""Longer batches: where source and stream have long names, PostgreSQL refused the path of a row's page"""

import sqlalchemy as sa
from alembic import op

revision = "longer_batches"
down_revision = "certificates"
branch_labels = None
depends_on = None

NOUNS = (
    "client", "person", "project", "milestone", "shipment", "shipment_event", "billing_account", "invoice", "payment",
    "credit_memo", "contract", "request", "subscription", "document", "folder",
)  # fmt: skip


def upgrade() -> None:
    # Why a stream could not be compared with its source.
    op.add_column("stream_state", sa.Column("not_compared", sa.Text(), nullable=True))
    if op.get_bind().dialect.name != "postgresql":
        return  # SQLite's texts have no length
    for table in (*NOUNS, "held_record"):
        op.execute(f"ALTER TABLE {table} ALTER COLUMN batch TYPE VARCHAR(255)")
