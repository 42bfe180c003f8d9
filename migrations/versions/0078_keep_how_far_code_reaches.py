"""Keep how far code reaches vulnerable components.

Safe while the previous release serves: it does not know the table.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0078"
down_revision = "0077"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "component_reaches",
        sa.Column("repository_id", sa.Uuid(), nullable=False),
        sa.Column("ecosystem", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=512), nullable=False),
        sa.Column("canonical", sa.String(length=128), nullable=False),
        sa.Column("reach", sa.String(length=16), nullable=False),
        sa.Column("places", sa.JSON(), nullable=False),
        sa.Column("unread", sa.Integer(), nullable=False),
        sa.Column("commit", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["repository_id"],
            ["repositories.id"],
            name=op.f("fk_component_reaches_repository_id_repositories"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            *("repository_id", "ecosystem", "name", "canonical"),
            name=op.f("pk_component_reaches"),
        ),
    )


def downgrade() -> None:
    op.drop_table("component_reaches")
