"""Which org, company or folder a stream was read from"""

import sqlalchemy as sa
from alembic import op

revision = "places"
down_revision = "turns_that_end"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Unknown until the next run, which takes it to be the present one."""
    op.add_column("stream_state", sa.Column("place", sa.String(255), nullable=True))


def downgrade() -> None:
    """Another place is not told from the last any more."""
    op.drop_column("stream_state", "place")
