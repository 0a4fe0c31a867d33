"""What was paid on an invoice with the order"""

import sqlalchemy as sa
from alembic import op

import store.types

revision = "deposits"
down_revision = "long_names"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Empty until the next reading, which the mapping's change calls for."""
    op.add_column("invoice", sa.Column("deposit_minor", store.types.Minor(), nullable=True))
