"""Mirror repositories: which other system, how often, and how it went last.

Safe while the previous release serves: it does not know the table.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0055"
down_revision = "0054"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    direction = sa.Enum(
        *("pull", "push"),
        name="direction",
        native_enum=False,
        create_constraint=True,
        length=32,
    )
    op.create_table(
        "mirrors",
        sa.Column("repository_id", sa.Uuid(), nullable=False),
        sa.Column("direction", direction, nullable=False),
        sa.Column("address", sa.String(length=2048), nullable=False),
        sa.Column("credentials", sa.LargeBinary(), nullable=True),
        sa.Column("every_minutes", sa.Integer(), nullable=False),
        sa.Column("overwrites", sa.Boolean(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("responsible_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("due_at", TIME, nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=True),
        sa.Column("tried_at", TIME, nullable=True),
        sa.Column("synced_at", TIME, nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("behind", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        _of("repository_id", "repositories", "CASCADE"),
        _of("responsible_id", "users", "SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mirrors")),
    )
    for column in ("repository_id", "responsible_id", "due_at"):
        op.create_index(op.f(f"ix_mirrors_{column}"), "mirrors", [column])


def _of(column: str, other: str, ondelete: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{other}.id"], name=op.f(f"fk_mirrors_{column}_{other}"), ondelete=ondelete
    )


def downgrade() -> None:
    op.drop_table("mirrors")
