"""Records that their mappings leave out, and how many each run met"""

import sqlalchemy as sa
from alembic import op

revision = "left_out"
down_revision = "deposits"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing has been left out before."""
    op.create_table(
        "left_out",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("stream", sa.String(length=80), nullable=False),
        sa.Column("external_id", sa.String(length=120), nullable=False),
        sa.Column("content_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("linked_to", sa.String(length=26), nullable=True),
        sa.Column("evidence", sa.String(length=255), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_left_out"),
    )
    op.create_index("ix_left_out_stream", "left_out", ["source", "stream"])
    op.add_column("stream_run", sa.Column("left_out", sa.BigInteger(), nullable=False, server_default="0"))


def downgrade() -> None:
    """Which records are left out is lost; the sources have them."""
    op.drop_column("stream_run", "left_out")
    op.drop_table("left_out")
