"""Keep what scans say of changes: of the head of a pull request against what it is merged into.

Safe while the previous release serves: it does not know the table.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0081"
down_revision = "0080"
branch_labels = None
depends_on = None

TABLE = "change_scans"
KINDS = ("secret", "dependency", "code", "licence")


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("repository_id", sa.Uuid(), nullable=False),
        sa.Column("commit", sa.String(length=64), nullable=False),
        sa.Column("base", sa.String(length=64), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(*KINDS, name="kind", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("ruleset", sa.String(length=64), nullable=False),
        sa.Column("found", sa.JSON(), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("skipped", sa.JSON(), nullable=False),
        sa.Column("skipped_count", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{TABLE}")),
        sa.ForeignKeyConstraint(
            ["repository_id"],
            ["repositories.id"],
            name=op.f(f"fk_{TABLE}_repository_id_repositories"),
            ondelete="CASCADE",
        ),
        sa.UniqueConstraint(
            *("repository_id", "commit", "base", "kind"),
            name=op.f(f"uq_{TABLE}_repository_id_commit_base_kind"),
        ),
    )


def downgrade() -> None:
    op.drop_table(TABLE)
