"""What a plan's price is for: a month, a quarter or a year"""

import sqlalchemy as sa
from alembic import op

revision = "price_period"
down_revision = "places"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Empty until the next reading; a mapping that changed is read anew."""
    op.add_column("subscription", sa.Column("price_period", sa.String(length=40), nullable=True))


def downgrade() -> None:
    """The period is lost; the source has it."""
    op.drop_column("subscription", "price_period")
