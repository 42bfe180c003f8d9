"""Keep what repositories want no alerts of.

Safe while the previous release serves: it does not know the table.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0084"
down_revision = "0083"
branch_labels = None
depends_on = None

TABLE = "suppression_files"


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("repository_id", sa.Uuid(), nullable=False),
        sa.Column("object_id", sa.String(length=64), nullable=False),
        sa.Column("commit", sa.String(length=64), nullable=False),
        sa.Column("entries", sa.JSON(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("repository_id", name=op.f(f"pk_{TABLE}")),
        sa.ForeignKeyConstraint(
            ["repository_id"],
            ["repositories.id"],
            name=op.f(f"fk_{TABLE}_repository_id_repositories"),
            ondelete="CASCADE",
        ),
    )


def downgrade() -> None:
    op.drop_table(TABLE)
