"""A process's turn at a token ends with the process (store.alone), so no row says until when"""

from alembic import op

revision = "turns_that_end"
down_revision = "wide_numbers"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_column("token", "locked_until")
    op.drop_column("token", "locked_by")
