"""Let policies delete merged branches, and remember what they deleted.

Safe while the previous release serves: the new columns have defaults, and where a repository says
nothing of its branches now, that release reads it as no, which is what it said before.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0064"
down_revision = "0063"
branch_labels = None
depends_on = None

TABLE = "deleted_branches"
SAID_NOTHING = "UPDATE merge_rules SET deletes_branches = NULL WHERE NOT deletes_branches"
SAID_NO = "UPDATE merge_rules SET deletes_branches = :no WHERE deletes_branches IS NULL"


def upgrade() -> None:
    with op.batch_alter_table("merge_rules") as batch:
        batch.alter_column("deletes_branches", existing_type=sa.Boolean(), nullable=True)
        batch.add_column(sa.Column("merged_branch_days", sa.Integer(), nullable=True))
    op.execute(SAID_NOTHING)
    with op.batch_alter_table("organisations") as batch:
        batch.add_column(
            sa.Column("deletes_branches", sa.Boolean(), server_default=sa.false(), nullable=False)
        )
        batch.add_column(
            sa.Column("merged_branch_days", sa.Integer(), server_default="0", nullable=False)
        )
    _create_deleted_branches()


def _create_deleted_branches() -> None:
    time = sa.DateTime(timezone=True)
    op.create_table(
        TABLE,
        sa.Column("repository_id", sa.Uuid(), nullable=False),
        sa.Column("branch", sa.LargeBinary(), nullable=False),
        sa.Column("oid", sa.String(length=64), nullable=False),
        sa.Column("merged_at", time, nullable=False),
        sa.Column("deleted_at", time, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["repository_id"],
            ["repositories.id"],
            name=op.f(f"fk_{TABLE}_repository_id_repositories"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{TABLE}")),
    )
    op.create_index(f"ix_{TABLE}_repository_id_deleted_at", TABLE, ["repository_id", "deleted_at"])


def downgrade() -> None:
    op.drop_table(TABLE)
    with op.batch_alter_table("organisations") as batch:
        batch.drop_column("merged_branch_days")
        batch.drop_column("deletes_branches")
    op.execute(sa.text(SAID_NO).bindparams(no=False))
    with op.batch_alter_table("merge_rules") as batch:
        batch.drop_column("merged_branch_days")
        batch.alter_column("deletes_branches", existing_type=sa.Boolean(), nullable=False)
