"""Remember which operation moved a branch, and what people have set aside.

Safe while the previous release serves: it writes pushes without the new columns, which may be
empty, and does not know the table.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("pushes", sa.Column("operation", sa.String(length=32), nullable=True))
    op.add_column("pushes", sa.Column("operation_sources", sa.Text(), nullable=True))
    op.create_table(
        "stashes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("repository_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("branch", sa.LargeBinary(), nullable=False),
        sa.Column("base_oid", sa.String(length=64), nullable=False),
        sa.Column("commit_oid", sa.String(length=64), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["repository_id"],
            ["repositories.id"],
            name=op.f("fk_stashes_repository_id_repositories"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["users.id"],
            name=op.f("fk_stashes_user_id_users"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stashes")),
    )
    op.create_index("ix_stashes_repository_id_user_id", "stashes", ["repository_id", "user_id"])
    op.create_index(op.f("ix_stashes_user_id"), "stashes", ["user_id"])


def downgrade() -> None:
    op.drop_table("stashes")
    op.drop_column("pushes", "operation_sources")
    op.drop_column("pushes", "operation")
