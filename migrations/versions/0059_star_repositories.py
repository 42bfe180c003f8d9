"""Let people star repositories, and pin some to their pages.

Safe while the previous release serves: it does not know the tables.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0059"
down_revision = "0058"
branch_labels = None
depends_on = None

TABLES: dict[str, tuple[str, Any]] = {
    "stars": ("created_at", sa.DateTime(timezone=True)),
    "pinned_repositories": ("position", sa.Integer()),
}


def upgrade() -> None:
    for table, (name, kind) in TABLES.items():
        op.create_table(
            table,
            sa.Column("user_id", sa.Uuid(), nullable=False),
            sa.Column("repository_id", sa.Uuid(), nullable=False),
            sa.Column(name, kind, nullable=False),
            sa.Column("id", sa.Uuid(), nullable=False),
            _of(table, "user_id", "users"),
            _of(table, "repository_id", "repositories"),
            sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
            sa.UniqueConstraint(
                "user_id", "repository_id", name=op.f(f"uq_{table}_user_id_repository_id")
            ),
        )
        op.create_index(op.f(f"ix_{table}_repository_id"), table, ["repository_id"])


def _of(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}_{other}"), ondelete="CASCADE"
    )


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)
