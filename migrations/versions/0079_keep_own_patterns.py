"""Keep the patterns of secrets that organisations write themselves.

Safe while the previous release serves: it does not know the table.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0079"
down_revision = "0078"
branch_labels = None
depends_on = None

TABLE = "secret_patterns"
LANES = ("block", "review")


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("pattern", sa.Text(), nullable=False),
        sa.Column("reach_bytes", sa.Integer(), nullable=False),
        sa.Column("entropy", sa.Float(), nullable=False),
        sa.Column(
            "lane",
            sa.Enum(*LANES, name="lane", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("cure", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{TABLE}")),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisations.id"],
            name=op.f(f"fk_{TABLE}_organisation_id_organisations"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["created_by_id"],
            ["users.id"],
            name=op.f(f"fk_{TABLE}_created_by_id_users"),
            ondelete="SET NULL",
        ),
        sa.UniqueConstraint(
            "organisation_id", "name", name=op.f(f"uq_{TABLE}_organisation_id_name")
        ),
    )
    op.create_index(op.f(f"ix_{TABLE}_created_by_id"), TABLE, ["created_by_id"])


def downgrade() -> None:
    op.drop_table(TABLE)
