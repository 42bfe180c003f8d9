"""Say who must have a second factor.

Safe while the previous release serves: it does not know the table, and requires none.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "factor_rules",
        sa.Column("scope", sa.String(length=80), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=True),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("grace_seconds", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisations.id"],
            name=op.f("fk_factor_rules_organisation_id_organisations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_factor_rules")),
        sa.UniqueConstraint("scope", name=op.f("uq_factor_rules_scope")),
    )
    op.create_index(op.f("ix_factor_rules_organisation_id"), "factor_rules", ["organisation_id"])


def downgrade() -> None:
    op.drop_table("factor_rules")
