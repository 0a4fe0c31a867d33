"""The first schema"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

import store.types

revision = "first"
down_revision = None
branch_labels = None
depends_on = None

CLIENT_OWNED = (
    "billing_account", "change", "client", "contract", "credit_memo", "document", "folder", "held_record", "invoice",
    "milestone", "payment", "person", "project", "request", "shipment", "shipment_event", "subscription",
)  # fmt: skip
"""Tables whose rows only their own client may see; PostgreSQL enforces it a second time."""

OF_NOBODY: dict[str, Any] = dict.fromkeys(("postgresql_where", "sqlite_where"), sa.text("client_id IS NULL"))

POLICY = """
CREATE POLICY own_client ON {table} USING (
    (SELECT current_setting('app.access', true)) = 'all'
    OR client_id = (SELECT nullif(current_setting('app.client_id', true), ''))
)
"""


def secure_rows() -> None:
    """Row-level security, forced on the tables' owner too; superusers are above it, so the portal must not be one."""
    if op.get_bind().dialect.name != "postgresql":
        return
    for table in CLIENT_OWNED:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(POLICY.format(table=table))


def upgrade() -> None:
    op.create_table(
        "activity",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("at", store.types.Instant(length=24), nullable=False),
        sa.Column("client_id", store.types.Reference(length=26), nullable=True),
        sa.Column("person_id", store.types.Reference(length=26), nullable=True),
        sa.Column("session_id", store.types.Reference(length=26), nullable=True),
        sa.Column("staff_email", sa.String(length=255), nullable=True),
        sa.Column("verb", sa.String(length=40), nullable=False),
        sa.Column("object_kind", sa.String(length=40), nullable=True),
        sa.Column("object_id", sa.String(length=120), nullable=True),
        sa.Column("via", sa.String(length=40), nullable=False),
        sa.Column("counted", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_activity")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("activity", schema=None) as batch_op:
        batch_op.create_index("ix_activity_client_at", ["client_id", "at"], unique=False)

    op.create_table(
        "billing_account",
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("email", sa.String(length=255), nullable=True),
        sa.Column("phone", sa.String(length=40), nullable=True),
        sa.Column("street", sa.String(length=255), nullable=True),
        sa.Column("city", sa.String(length=255), nullable=True),
        sa.Column("postal_code", sa.String(length=40), nullable=True),
        sa.Column("country", sa.String(length=255), nullable=True),
        sa.Column("balance_minor", store.types.Minor(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=True),
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("stream", sa.String(length=40), nullable=False),
        sa.Column("external_id", sa.String(length=120), nullable=False),
        sa.Column("owner_id", store.types.Reference(length=26), nullable=True),
        sa.Column("source_at", store.types.Instant(length=24), nullable=False),
        sa.Column("content_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("batch", sa.String(length=120), nullable=False),
        sa.Column("synced_at", store.types.Instant(length=24), nullable=False),
        sa.Column("deleted_at", store.types.Instant(length=24), nullable=True),
        sa.Column("deleted_reason", sa.String(length=40), nullable=True),
        sa.Column("client_id", sa.String(length=26), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_billing_account")),
    )
    with op.batch_alter_table("billing_account", schema=None) as batch_op:
        batch_op.create_index("ix_billing_account_client", ["client_id"], unique=False)
        batch_op.create_index("ix_billing_account_owner", ["owner_id"], **OF_NOBODY)

    op.create_table(
        "change",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("run_id", sa.String(length=26), nullable=False),
        sa.Column("entity", sa.String(length=40), nullable=False),
        sa.Column("entity_id", sa.String(length=26), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("before", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True),
        sa.Column("at", store.types.Instant(length=24), nullable=False),
        sa.Column("client_id", sa.String(length=26), nullable=True),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_change")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("change", schema=None) as batch_op:
        batch_op.create_index("ix_change_client", ["client_id", "seq"], unique=False)

    op.create_table(
        "client",
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("profile", sa.String(length=40), nullable=True),
        sa.Column("number", sa.String(length=40), nullable=True),
        sa.Column("phone", sa.String(length=40), nullable=True),
        sa.Column("website", sa.String(length=255), nullable=True),
        sa.Column("street", sa.String(length=255), nullable=True),
        sa.Column("city", sa.String(length=255), nullable=True),
        sa.Column("postal_code", sa.String(length=40), nullable=True),
        sa.Column("country", sa.String(length=255), nullable=True),
        sa.Column("time_zone", sa.String(length=40), nullable=True),
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("stream", sa.String(length=40), nullable=False),
        sa.Column("external_id", sa.String(length=120), nullable=False),
        sa.Column("owner_id", store.types.Reference(length=26), nullable=True),
        sa.Column("source_at", store.types.Instant(length=24), nullable=False),
        sa.Column("content_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("batch", sa.String(length=120), nullable=False),
        sa.Column("synced_at", store.types.Instant(length=24), nullable=False),
        sa.Column("deleted_at", store.types.Instant(length=24), nullable=True),
        sa.Column("deleted_reason", sa.String(length=40), nullable=True),
        sa.Column("client_id", sa.String(length=26), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_client")),
    )
    with op.batch_alter_table("client", schema=None) as batch_op:
        batch_op.create_index("ix_client_client", ["client_id"], unique=False)
        batch_op.create_index("ix_client_owner", ["owner_id"], **OF_NOBODY)

    op.create_table(
        "client_key",
        sa.Column("client_id", sa.String(length=26), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("value", sa.String(length=255), nullable=False),
        sa.PrimaryKeyConstraint("client_id", "kind", "value", name=op.f("pk_client_key")),
    )
    with op.batch_alter_table("client_key", schema=None) as batch_op:
        batch_op.create_index("ix_client_key_value", ["kind", "value"], unique=False)

    op.create_table(
        "contract",
        sa.Column("number", sa.String(length=40), nullable=True),
        sa.Column("name", sa.String(length=255), nullable=True),
        sa.Column("status", sa.String(length=40), nullable=True),
        sa.Column("starts_on", sa.Date(), nullable=True),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("term_months", sa.Integer(), nullable=True),
        sa.Column("notice_days", sa.Integer(), nullable=True),
        sa.Column("special_terms", sa.Text(), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("stream", sa.String(length=40), nullable=False),
        sa.Column("external_id", sa.String(length=120), nullable=False),
        sa.Column("owner_id", store.types.Reference(length=26), nullable=True),
        sa.Column("source_at", store.types.Instant(length=24), nullable=False),
        sa.Column("content_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("batch", sa.String(length=120), nullable=False),
        sa.Column("synced_at", store.types.Instant(length=24), nullable=False),
        sa.Column("deleted_at", store.types.Instant(length=24), nullable=True),
        sa.Column("deleted_reason", sa.String(length=40), nullable=True),
        sa.Column("client_id", sa.String(length=26), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contract")),
    )
    with op.batch_alter_table("contract", schema=None) as batch_op:
        batch_op.create_index("ix_contract_client", ["client_id"], unique=False)
        batch_op.create_index("ix_contract_owner", ["owner_id"], **OF_NOBODY)

    op.create_table(
        "credit_memo",
        sa.Column("number", sa.String(length=40), nullable=True),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("total_minor", store.types.Minor(), nullable=False),
        sa.Column("remaining_minor", store.types.Minor(), nullable=True),
        sa.Column("memo", sa.Text(), nullable=True),
        sa.Column("lines", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True),
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("stream", sa.String(length=40), nullable=False),
        sa.Column("external_id", sa.String(length=120), nullable=False),
        sa.Column("owner_id", store.types.Reference(length=26), nullable=True),
        sa.Column("source_at", store.types.Instant(length=24), nullable=False),
        sa.Column("content_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("batch", sa.String(length=120), nullable=False),
        sa.Column("synced_at", store.types.Instant(length=24), nullable=False),
        sa.Column("deleted_at", store.types.Instant(length=24), nullable=True),
        sa.Column("deleted_reason", sa.String(length=40), nullable=True),
        sa.Column("client_id", sa.String(length=26), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credit_memo")),
    )
    with op.batch_alter_table("credit_memo", schema=None) as batch_op:
        batch_op.create_index("ix_credit_memo_client", ["client_id", "issued_on"], unique=False)
        batch_op.create_index("ix_credit_memo_owner", ["owner_id"], **OF_NOBODY)

    op.create_table(
        "crosswalk",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("stream", sa.String(length=40), nullable=False),
        sa.Column("external_id", sa.String(length=120), nullable=False),
        sa.Column("label", sa.String(length=255), nullable=True),
        sa.Column("client_id", store.types.Reference(length=26), nullable=True),
        sa.Column("rule", sa.String(length=40), nullable=True),
        sa.Column("evidence", sa.String(length=255), nullable=True),
        sa.Column("matched_at", store.types.Instant(length=24), nullable=True),
        sa.Column("deleted_at", store.types.Instant(length=24), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_crosswalk")),
    )
    with op.batch_alter_table("crosswalk", schema=None) as batch_op:
        batch_op.create_index("ix_crosswalk_client", ["client_id"], unique=False)
        batch_op.create_index("ix_crosswalk_matched", ["matched_at"], unique=False)

    op.create_table(
        "crosswalk_key",
        sa.Column("crosswalk_id", sa.String(length=26), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("value", sa.String(length=255), nullable=False),
        sa.PrimaryKeyConstraint("crosswalk_id", "kind", "value", name=op.f("pk_crosswalk_key")),
    )
    with op.batch_alter_table("crosswalk_key", schema=None) as batch_op:
        batch_op.create_index("ix_crosswalk_key_value", ["kind", "value"], unique=False)

    op.create_table(
        "document",
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("category", sa.String(length=40), nullable=True),
        sa.Column("path", sa.String(length=255), nullable=True),
        sa.Column("project_id", store.types.Reference(length=26), nullable=True),
        sa.Column("media_type", sa.String(length=255), nullable=True),
        sa.Column("size_bytes", sa.Integer(), nullable=True),
        sa.Column("md5", sa.String(length=40), nullable=True),
        sa.Column("revision", sa.String(length=255), nullable=True),
        sa.Column("status", sa.String(length=40), nullable=True),
        sa.Column("modified_at", store.types.Instant(length=24), nullable=True),
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("stream", sa.String(length=40), nullable=False),
        sa.Column("external_id", sa.String(length=120), nullable=False),
        sa.Column("owner_id", store.types.Reference(length=26), nullable=True),
        sa.Column("source_at", store.types.Instant(length=24), nullable=False),
        sa.Column("content_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("batch", sa.String(length=120), nullable=False),
        sa.Column("synced_at", store.types.Instant(length=24), nullable=False),
        sa.Column("deleted_at", store.types.Instant(length=24), nullable=True),
        sa.Column("deleted_reason", sa.String(length=40), nullable=True),
        sa.Column("client_id", sa.String(length=26), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document")),
    )
    with op.batch_alter_table("document", schema=None) as batch_op:
        batch_op.create_index("ix_document_client", ["client_id", "modified_at"], unique=False)
        batch_op.create_index("ix_document_owner", ["owner_id"], **OF_NOBODY)
        batch_op.create_index("ix_document_project_id", ["project_id"], unique=False)

    op.create_table(
        "folder",
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("extra", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True),
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("stream", sa.String(length=40), nullable=False),
        sa.Column("external_id", sa.String(length=120), nullable=False),
        sa.Column("owner_id", store.types.Reference(length=26), nullable=True),
        sa.Column("source_at", store.types.Instant(length=24), nullable=False),
        sa.Column("content_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("batch", sa.String(length=120), nullable=False),
        sa.Column("synced_at", store.types.Instant(length=24), nullable=False),
        sa.Column("deleted_at", store.types.Instant(length=24), nullable=True),
        sa.Column("deleted_reason", sa.String(length=40), nullable=True),
        sa.Column("client_id", sa.String(length=26), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_folder")),
    )
    with op.batch_alter_table("folder", schema=None) as batch_op:
        batch_op.create_index("ix_folder_client", ["client_id"], unique=False)
        batch_op.create_index("ix_folder_owner", ["owner_id"], **OF_NOBODY)

    op.create_table(
        "held_record",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("stream", sa.String(length=40), nullable=False),
        sa.Column("external_id", sa.String(length=120), nullable=False),
        sa.Column("entity", sa.String(length=40), nullable=False),
        sa.Column("owner_id", store.types.Reference(length=26), nullable=True),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("field", sa.String(length=255), nullable=True),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.Column("suggestion", sa.Text(), nullable=True),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("batch", sa.String(length=120), nullable=False),
        sa.Column("first_seen_at", store.types.Instant(length=24), nullable=False),
        sa.Column("last_seen_at", store.types.Instant(length=24), nullable=False),
        sa.Column("resolved_at", store.types.Instant(length=24), nullable=True),
        sa.Column("client_id", sa.String(length=26), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_held_record")),
        sa.UniqueConstraint("source", "stream", "external_id", name=op.f("uq_held_record_source_stream_external_id")),
    )
    with op.batch_alter_table("held_record", schema=None) as batch_op:
        batch_op.create_index("ix_held_record_client", ["client_id"], unique=False)

    op.create_table(
        "inbox",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("event_id", sa.String(length=120), nullable=False),
        sa.Column("stream", sa.String(length=40), nullable=True),
        sa.Column("external_id", sa.String(length=120), nullable=True),
        sa.Column("received_at", store.types.Instant(length=24), nullable=False),
        sa.Column("done_at", store.types.Instant(length=24), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbox")),
        sa.UniqueConstraint("source", "event_id", name=op.f("uq_inbox_source_event_id")),
    )
    op.create_table(
        "invoice",
        sa.Column("number", sa.String(length=40), nullable=True),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("total_minor", store.types.Minor(), nullable=False),
        sa.Column("tax_minor", store.types.Minor(), nullable=True),
        sa.Column("balance_minor", store.types.Minor(), nullable=False),
        sa.Column("voided", sa.Boolean(), nullable=True),
        sa.Column("bill_email", sa.String(length=255), nullable=True),
        sa.Column("memo", sa.Text(), nullable=True),
        sa.Column("lines", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True),
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("stream", sa.String(length=40), nullable=False),
        sa.Column("external_id", sa.String(length=120), nullable=False),
        sa.Column("owner_id", store.types.Reference(length=26), nullable=True),
        sa.Column("source_at", store.types.Instant(length=24), nullable=False),
        sa.Column("content_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("batch", sa.String(length=120), nullable=False),
        sa.Column("synced_at", store.types.Instant(length=24), nullable=False),
        sa.Column("deleted_at", store.types.Instant(length=24), nullable=True),
        sa.Column("deleted_reason", sa.String(length=40), nullable=True),
        sa.Column("client_id", sa.String(length=26), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoice")),
    )
    with op.batch_alter_table("invoice", schema=None) as batch_op:
        batch_op.create_index("ix_invoice_client", ["client_id", "issued_on"], unique=False)
        batch_op.create_index("ix_invoice_owner", ["owner_id"], **OF_NOBODY)

    op.create_table(
        "lease",
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("stream", sa.String(length=40), nullable=False),
        sa.Column("run_id", sa.String(length=26), nullable=False),
        sa.Column("holder", sa.String(length=255), nullable=False),
        sa.Column("until", store.types.Instant(length=24), nullable=False),
        sa.PrimaryKeyConstraint("source", "stream", name=op.f("pk_lease")),
    )
    op.create_table(
        "milestone",
        sa.Column("project_id", store.types.Reference(length=26), nullable=True),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("position", sa.Integer(), nullable=True),
        sa.Column("status", sa.String(length=40), nullable=True),
        sa.Column("client_action", sa.String(length=40), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("completed_on", sa.Date(), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("stream", sa.String(length=40), nullable=False),
        sa.Column("external_id", sa.String(length=120), nullable=False),
        sa.Column("owner_id", store.types.Reference(length=26), nullable=True),
        sa.Column("source_at", store.types.Instant(length=24), nullable=False),
        sa.Column("content_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("batch", sa.String(length=120), nullable=False),
        sa.Column("synced_at", store.types.Instant(length=24), nullable=False),
        sa.Column("deleted_at", store.types.Instant(length=24), nullable=True),
        sa.Column("deleted_reason", sa.String(length=40), nullable=True),
        sa.Column("client_id", sa.String(length=26), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_milestone")),
    )
    with op.batch_alter_table("milestone", schema=None) as batch_op:
        batch_op.create_index("ix_milestone_client", ["client_id"], unique=False)
        batch_op.create_index("ix_milestone_owner", ["owner_id"], **OF_NOBODY)
        batch_op.create_index("ix_milestone_project_id", ["project_id"], unique=False)

    op.create_table(
        "payment",
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("reference", sa.String(length=255), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("amount_minor", store.types.Minor(), nullable=False),
        sa.Column("unapplied_minor", store.types.Minor(), nullable=True),
        sa.Column("applied", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True),
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("stream", sa.String(length=40), nullable=False),
        sa.Column("external_id", sa.String(length=120), nullable=False),
        sa.Column("owner_id", store.types.Reference(length=26), nullable=True),
        sa.Column("source_at", store.types.Instant(length=24), nullable=False),
        sa.Column("content_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("batch", sa.String(length=120), nullable=False),
        sa.Column("synced_at", store.types.Instant(length=24), nullable=False),
        sa.Column("deleted_at", store.types.Instant(length=24), nullable=True),
        sa.Column("deleted_reason", sa.String(length=40), nullable=True),
        sa.Column("client_id", sa.String(length=26), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment")),
    )
    with op.batch_alter_table("payment", schema=None) as batch_op:
        batch_op.create_index("ix_payment_client", ["client_id", "received_on"], unique=False)
        batch_op.create_index("ix_payment_owner", ["owner_id"], **OF_NOBODY)

    op.create_table(
        "person",
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("email", sa.String(length=255), nullable=True),
        sa.Column("phone", sa.String(length=40), nullable=True),
        sa.Column("title", sa.String(length=255), nullable=True),
        sa.Column("role", sa.String(length=40), nullable=True),
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("stream", sa.String(length=40), nullable=False),
        sa.Column("external_id", sa.String(length=120), nullable=False),
        sa.Column("owner_id", store.types.Reference(length=26), nullable=True),
        sa.Column("source_at", store.types.Instant(length=24), nullable=False),
        sa.Column("content_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("batch", sa.String(length=120), nullable=False),
        sa.Column("synced_at", store.types.Instant(length=24), nullable=False),
        sa.Column("deleted_at", store.types.Instant(length=24), nullable=True),
        sa.Column("deleted_reason", sa.String(length=40), nullable=True),
        sa.Column("client_id", sa.String(length=26), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
    )
    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.create_index("ix_person_client", ["client_id"], unique=False)
        batch_op.create_index("ix_person_email", ["email"], unique=False)
        batch_op.create_index("ix_person_owner", ["owner_id"], **OF_NOBODY)

    op.create_table(
        "project",
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=True),
        sa.Column("kind", sa.String(length=40), nullable=True),
        sa.Column("status", sa.String(length=40), nullable=True),
        sa.Column("health", sa.String(length=40), nullable=True),
        sa.Column("phase", sa.String(length=255), nullable=True),
        sa.Column("phase_number", sa.Integer(), nullable=True),
        sa.Column("phase_count", sa.Integer(), nullable=True),
        sa.Column("percent_complete", sa.Integer(), nullable=True),
        sa.Column("starts_on", sa.Date(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("budget_minor", store.types.Minor(), nullable=True),
        sa.Column("spent_minor", store.types.Minor(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("manager", sa.String(length=255), nullable=True),
        sa.Column("summary", sa.Text(), nullable=True),
        sa.Column("last_event", sa.String(length=255), nullable=True),
        sa.Column("last_event_on", sa.Date(), nullable=True),
        sa.Column("next_event", sa.String(length=255), nullable=True),
        sa.Column("next_event_at", store.types.Instant(length=24), nullable=True),
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("stream", sa.String(length=40), nullable=False),
        sa.Column("external_id", sa.String(length=120), nullable=False),
        sa.Column("owner_id", store.types.Reference(length=26), nullable=True),
        sa.Column("source_at", store.types.Instant(length=24), nullable=False),
        sa.Column("content_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("batch", sa.String(length=120), nullable=False),
        sa.Column("synced_at", store.types.Instant(length=24), nullable=False),
        sa.Column("deleted_at", store.types.Instant(length=24), nullable=True),
        sa.Column("deleted_reason", sa.String(length=40), nullable=True),
        sa.Column("client_id", sa.String(length=26), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_project")),
    )
    with op.batch_alter_table("project", schema=None) as batch_op:
        batch_op.create_index("ix_project_client", ["client_id"], unique=False)
        batch_op.create_index("ix_project_owner", ["owner_id"], **OF_NOBODY)

    op.create_table(
        "request",
        sa.Column("number", sa.String(length=40), nullable=True),
        sa.Column("subject", sa.String(length=255), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("status", sa.String(length=40), nullable=True),
        sa.Column("priority", sa.String(length=40), nullable=True),
        sa.Column("kind", sa.String(length=40), nullable=True),
        sa.Column("opened_at", store.types.Instant(length=24), nullable=True),
        sa.Column("closed_at", store.types.Instant(length=24), nullable=True),
        sa.Column("answer_by", store.types.Instant(length=24), nullable=True),
        sa.Column("person_id", store.types.Reference(length=26), nullable=True),
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("stream", sa.String(length=40), nullable=False),
        sa.Column("external_id", sa.String(length=120), nullable=False),
        sa.Column("owner_id", store.types.Reference(length=26), nullable=True),
        sa.Column("source_at", store.types.Instant(length=24), nullable=False),
        sa.Column("content_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("batch", sa.String(length=120), nullable=False),
        sa.Column("synced_at", store.types.Instant(length=24), nullable=False),
        sa.Column("deleted_at", store.types.Instant(length=24), nullable=True),
        sa.Column("deleted_reason", sa.String(length=40), nullable=True),
        sa.Column("client_id", sa.String(length=26), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_request")),
    )
    with op.batch_alter_table("request", schema=None) as batch_op:
        batch_op.create_index("ix_request_client", ["client_id"], unique=False)
        batch_op.create_index("ix_request_owner", ["owner_id"], **OF_NOBODY)

    op.create_table(
        "run",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("started_at", store.types.Instant(length=24), nullable=False),
        sa.Column("ended_at", store.types.Instant(length=24), nullable=True),
        sa.Column("requests", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run")),
    )
    with op.batch_alter_table("run", schema=None) as batch_op:
        batch_op.create_index("ix_run_source_started", ["source", "started_at"], unique=False)

    op.create_table(
        "session",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("via", sa.String(length=40), nullable=False),
        sa.Column("person_id", store.types.Reference(length=26), nullable=True),
        sa.Column("client_id", store.types.Reference(length=26), nullable=True),
        sa.Column("staff_email", sa.String(length=255), nullable=True),
        sa.Column("role", sa.String(length=40), nullable=False),
        sa.Column("created_at", store.types.Instant(length=24), nullable=False),
        sa.Column("seen_at", store.types.Instant(length=24), nullable=False),
        sa.Column("expires_at", store.types.Instant(length=24), nullable=False),
        sa.Column("revoked_at", store.types.Instant(length=24), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_session")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_session_token_hash")),
    )
    op.create_table(
        "shipment",
        sa.Column("number", sa.String(length=255), nullable=False),
        sa.Column("reference", sa.String(length=255), nullable=True),
        sa.Column("tracking_number", sa.String(length=40), nullable=True),
        sa.Column("carrier", sa.String(length=255), nullable=True),
        sa.Column("mode", sa.String(length=40), nullable=True),
        sa.Column("origin", sa.String(length=255), nullable=True),
        sa.Column("destination", sa.String(length=255), nullable=True),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("location", sa.String(length=255), nullable=True),
        sa.Column("shipped_on", sa.Date(), nullable=True),
        sa.Column("promised_at", store.types.Instant(length=24), nullable=True),
        sa.Column("eta_at", store.types.Instant(length=24), nullable=True),
        sa.Column("delivered_at", store.types.Instant(length=24), nullable=True),
        sa.Column("exception", sa.String(length=255), nullable=True),
        sa.Column("exception_since", store.types.Instant(length=24), nullable=True),
        sa.Column("pieces", sa.Integer(), nullable=True),
        sa.Column("weight_grams", sa.Integer(), nullable=True),
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("stream", sa.String(length=40), nullable=False),
        sa.Column("external_id", sa.String(length=120), nullable=False),
        sa.Column("owner_id", store.types.Reference(length=26), nullable=True),
        sa.Column("source_at", store.types.Instant(length=24), nullable=False),
        sa.Column("content_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("batch", sa.String(length=120), nullable=False),
        sa.Column("synced_at", store.types.Instant(length=24), nullable=False),
        sa.Column("deleted_at", store.types.Instant(length=24), nullable=True),
        sa.Column("deleted_reason", sa.String(length=40), nullable=True),
        sa.Column("client_id", sa.String(length=26), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shipment")),
    )
    with op.batch_alter_table("shipment", schema=None) as batch_op:
        batch_op.create_index("ix_shipment_client", ["client_id"], unique=False)
        batch_op.create_index("ix_shipment_owner", ["owner_id"], **OF_NOBODY)

    op.create_table(
        "shipment_event",
        sa.Column("shipment_id", store.types.Reference(length=26), nullable=True),
        sa.Column("happened_at", store.types.Instant(length=24), nullable=True),
        sa.Column("code", sa.String(length=40), nullable=True),
        sa.Column("location", sa.String(length=255), nullable=True),
        sa.Column("description", sa.String(length=255), nullable=True),
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("stream", sa.String(length=40), nullable=False),
        sa.Column("external_id", sa.String(length=120), nullable=False),
        sa.Column("owner_id", store.types.Reference(length=26), nullable=True),
        sa.Column("source_at", store.types.Instant(length=24), nullable=False),
        sa.Column("content_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("batch", sa.String(length=120), nullable=False),
        sa.Column("synced_at", store.types.Instant(length=24), nullable=False),
        sa.Column("deleted_at", store.types.Instant(length=24), nullable=True),
        sa.Column("deleted_reason", sa.String(length=40), nullable=True),
        sa.Column("client_id", sa.String(length=26), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shipment_event")),
    )
    with op.batch_alter_table("shipment_event", schema=None) as batch_op:
        batch_op.create_index("ix_shipment_event_client", ["client_id"], unique=False)
        batch_op.create_index("ix_shipment_event_owner", ["owner_id"], **OF_NOBODY)
        batch_op.create_index("ix_shipment_event_shipment_id", ["shipment_id"], unique=False)

    op.create_table(
        "sign_in_link",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("email", sa.String(length=255), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(length=32), nullable=True),
        sa.Column("browser_hash", sa.LargeBinary(length=32), nullable=True),
        sa.Column("target", sa.String(length=255), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("created_at", store.types.Instant(length=24), nullable=False),
        sa.Column("expires_at", store.types.Instant(length=24), nullable=False),
        sa.Column("used_at", store.types.Instant(length=24), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_link")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_sign_in_link_token_hash")),
    )
    with op.batch_alter_table("sign_in_link", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sign_in_link_email"), ["email"], unique=False)

    op.create_table(
        "staff",
        sa.Column("email", sa.String(length=255), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=True),
        sa.Column("role", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("email", name=op.f("pk_staff")),
    )
    op.create_table(
        "stream_run",
        sa.Column("run_id", sa.String(length=26), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("stream", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("seen", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("added", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("updated", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("unchanged", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("removed", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("held", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("ended_at", store.types.Instant(length=24), nullable=False),
        sa.Column("sentence", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("run_id", "stream", name=op.f("pk_stream_run")),
    )
    with op.batch_alter_table("stream_run", schema=None) as batch_op:
        batch_op.create_index("ix_stream_run_stream", ["source", "stream"], unique=False)

    op.create_table(
        "stream_state",
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("stream", sa.String(length=40), nullable=False),
        sa.Column("cursor", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True),
        sa.Column("high_water", store.types.Instant(length=24), nullable=True),
        sa.Column("loaded_at", store.types.Instant(length=24), nullable=True),
        sa.Column("checked_at", store.types.Instant(length=24), nullable=True),
        sa.Column("swept_at", store.types.Instant(length=24), nullable=True),
        sa.Column("fields", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True),
        sa.Column("mapping", sa.String(length=40), nullable=True),
        sa.Column("mapped", sa.String(length=40), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("error_kind", sa.String(length=40), nullable=True),
        sa.Column("error_step", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("source", "stream", name=op.f("pk_stream_state")),
    )
    op.create_table(
        "subscription",
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("plan", sa.String(length=255), nullable=True),
        sa.Column("status", sa.String(length=40), nullable=True),
        sa.Column("usage_current", sa.Integer(), nullable=True),
        sa.Column("usage_limit", sa.Integer(), nullable=True),
        sa.Column("usage_unit", sa.String(length=40), nullable=True),
        sa.Column("seats", sa.Integer(), nullable=True),
        sa.Column("seats_used", sa.Integer(), nullable=True),
        sa.Column("renews_on", sa.Date(), nullable=True),
        sa.Column("price_minor", store.types.Minor(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("stream", sa.String(length=40), nullable=False),
        sa.Column("external_id", sa.String(length=120), nullable=False),
        sa.Column("owner_id", store.types.Reference(length=26), nullable=True),
        sa.Column("source_at", store.types.Instant(length=24), nullable=False),
        sa.Column("content_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("batch", sa.String(length=120), nullable=False),
        sa.Column("synced_at", store.types.Instant(length=24), nullable=False),
        sa.Column("deleted_at", store.types.Instant(length=24), nullable=True),
        sa.Column("deleted_reason", sa.String(length=40), nullable=True),
        sa.Column("client_id", sa.String(length=26), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscription")),
    )
    with op.batch_alter_table("subscription", schema=None) as batch_op:
        batch_op.create_index("ix_subscription_client", ["client_id"], unique=False)
        batch_op.create_index("ix_subscription_owner", ["owner_id"], **OF_NOBODY)

    op.create_table(
        "token",
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("stored_at", store.types.Instant(length=24), nullable=False),
        sa.Column("locked_until", store.types.Instant(length=24), nullable=True),
        sa.Column("locked_by", sa.String(length=26), nullable=True),
        sa.PrimaryKeyConstraint("source", name=op.f("pk_token")),
    )
    secure_rows()


def downgrade() -> None:
    """There is nothing before the first schema: drop the database instead."""
    raise RuntimeError("the first schema cannot be undone; drop the database instead")
