"""Certificates: each stream compared with its source"""

import sqlalchemy as sa
from alembic import op

from store.types import Instant, Json

revision = "certificates"
down_revision = "left_out"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing has been kept of a comparison before."""
    counts = ("theirs", "ours", "held", "left_out", "on_the_way", "missing", "surplus", "differing")
    op.create_table(
        "certificate",
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("stream", sa.String(length=80), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("agrees", sa.Boolean(), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in counts),
        sa.Column("differences", Json(), nullable=True),
        sa.Column("totals", Json(), nullable=True),
        sa.PrimaryKeyConstraint("source", "stream", "at", name="pk_certificate"),
    )
    op.add_column("stream_state", sa.Column("matched_at", Instant(), nullable=True))


def downgrade() -> None:
    """The certificates are lost; `frontdesk reconcile` makes new ones."""
    op.drop_column("stream_state", "matched_at")
    op.drop_table("certificate")
