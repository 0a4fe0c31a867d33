"""The mapping that a stream was read with"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("mapping", "mapped"):
        op.add_column("stream_state", sa.Column(name, sa.String(length=40), nullable=True))


def downgrade() -> None:
    for name in ("mapping", "mapped"):
        op.drop_column("stream_state", name)
