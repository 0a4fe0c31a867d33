"""Sessions and API tokens know the address they were opened for"""

import sqlalchemy as sa
from alembic import op

revision = "sessions_by_address"
down_revision = "longer_batches"
branch_labels = None
depends_on = None

OF_TODAY = """
UPDATE session SET email =
lower(coalesce(staff_email, (SELECT person.email FROM person WHERE person.id = session.person_id)))
"""


def upgrade() -> None:
    """Those that are open are for the address that their person has now."""
    op.add_column("session", sa.Column("email", sa.String(length=255), nullable=True))
    op.execute(OF_TODAY)


def downgrade() -> None:
    """A session is good for whoever has its contact's record again."""
    op.drop_column("session", "email")
