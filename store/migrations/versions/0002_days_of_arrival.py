"""A shipment's days where its source knows no hour"""

import sqlalchemy as sa
from alembic import op

revision = "days_of_arrival"
down_revision = "first"
branch_labels = None
depends_on = None

COLUMNS = ("promised_on", "eta_on", "delivered_on")


def upgrade() -> None:
    """Three more columns, empty until the next reading."""
    for name in COLUMNS:
        op.add_column("shipment", sa.Column(name, sa.Date(), nullable=True))


def downgrade() -> None:
    """The days are lost; the sources have them."""
    for name in COLUMNS:
        op.drop_column("shipment", name)
