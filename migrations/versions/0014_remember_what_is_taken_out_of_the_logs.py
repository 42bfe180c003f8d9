"""Remember what is taken out of the audit logs: prunings, erasures, and the values that they took.

Safe while the previous release serves: it does not know the tables.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audit_prunings",
        sa.Column("log_id", sa.Integer(), nullable=False),
        sa.Column("what", sa.String(length=16), nullable=False),
        sa.Column("end", sa.BigInteger(), nullable=False),
        sa.Column("cuts", sa.JSON(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("certificate", sa.Text(), nullable=False),
        sa.Column("reached", sa.BigInteger(), nullable=False),
        sa.Column("removed", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_prunings")),
        sa.UniqueConstraint("event_id", name=op.f("uq_audit_prunings_event_id")),
    )
    op.create_index(op.f("ix_audit_prunings_log_id"), "audit_prunings", ["log_id"])
    op.create_table(
        "audit_erasures",
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("log_id", sa.Integer(), nullable=False),
        sa.Column("reached", sa.BigInteger(), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_erasures")),
        sa.UniqueConstraint("event_id", "log_id", name=op.f("uq_audit_erasures_event_id_log_id")),
    )
    op.create_table(
        "audit_erased_values",
        sa.Column("log_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("idx", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("field", sa.String(length=64), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("log_id", "idx", "number", name=op.f("pk_audit_erased_values")),
    )
    op.create_index(op.f("ix_audit_erased_values_event_id"), "audit_erased_values", ["event_id"])


def downgrade() -> None:
    op.drop_table("audit_erased_values")
    op.drop_table("audit_erasures")
    op.drop_table("audit_prunings")
