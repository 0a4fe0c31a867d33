"""Numbers of 64 bits: a file of more than 2 GB could not be stored on PostgreSQL, and held up all others"""

from alembic import op

revision = "wide_numbers"
down_revision = "days_of_arrival"
branch_labels = None
depends_on = None

NUMBERS = {
    "contract": ("term_months", "notice_days"),
    "document": ("size_bytes",),
    "milestone": ("position",),
    "project": ("phase_number", "phase_count", "percent_complete"),
    "run": ("requests",),
    "shipment": ("pieces", "weight_grams"),
    "subscription": ("usage_current", "usage_limit", "seats", "seats_used"),
}


def upgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return  # SQLite's integers have 64 bits anyway
    for table, columns in NUMBERS.items():
        op.execute(f"ALTER TABLE {table} " + ", ".join(f"ALTER COLUMN {column} TYPE BIGINT" for column in columns))
