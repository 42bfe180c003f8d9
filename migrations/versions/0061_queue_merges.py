"""Queue merges: how each queue works, who stands in line, what is being tested.

Safe while the previous release serves: it does not know the tables, and leaves the new column, in
which only a queue says anything, empty.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0061"
down_revision = "0060"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
METHODS = ("merge", "squash", "rebase", "fast-forward", "semi-linear")
BY = "fk_pull_merges_by_id_users"


def upgrade() -> None:
    op.create_table(
        "merge_queues",
        sa.Column("repository_id", sa.Uuid(), nullable=False),
        sa.Column("target_branch", sa.LargeBinary(), nullable=False),
        sa.Column("checks", sa.JSON(), nullable=False),
        sa.Column("together", sa.Integer(), nullable=False),
        sa.Column("at_once", sa.Integer(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("is_paused", sa.Boolean(), nullable=False),
        sa.Column("places_numbered", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        _of("merge_queues", "repository_id", "repositories"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_merge_queues")),
        sa.UniqueConstraint(
            "repository_id",
            "target_branch",
            name=op.f("uq_merge_queues_repository_id_target_branch"),
        ),
    )
    _create_entries()
    _create_groups()
    with op.batch_alter_table("pull_merges") as table:
        table.add_column(sa.Column("by_id", sa.Uuid(), nullable=True))
        table.create_foreign_key(op.f(BY), "users", ["by_id"], ["id"], ondelete="SET NULL")


def _create_entries() -> None:
    op.create_table(
        "merge_queue_entries",
        sa.Column("queue_id", sa.Uuid(), nullable=False),
        sa.Column("pull_id", sa.Uuid(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("head_oid", sa.String(length=64), nullable=False),
        sa.Column(
            "method",
            sa.Enum(*METHODS, name="method", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("deletes_branch", sa.Boolean(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("sign_in", sa.String(length=32), nullable=False),
        sa.Column("credential_id", sa.Uuid(), nullable=True),
        sa.Column("since", TIME, nullable=False),
        sa.Column("most_together", sa.Integer(), nullable=True),
        sa.Column("blocked_on", sa.String(length=64), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "priority BETWEEN 1 AND 3", name=op.f("ck_merge_queue_entries_priority_known")
        ),
        _of("merge_queue_entries", "queue_id", "merge_queues"),
        _of("merge_queue_entries", "pull_id", "pull_requests"),
        _of("merge_queue_entries", "user_id", "users"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_merge_queue_entries")),
        sa.UniqueConstraint("pull_id", name=op.f("uq_merge_queue_entries_pull_id")),
    )
    for column in ("queue_id", "user_id"):
        op.create_index(op.f(f"ix_merge_queue_entries_{column}"), "merge_queue_entries", [column])


def _create_groups() -> None:
    op.create_table(
        "merge_queue_groups",
        sa.Column("queue_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("base_oid", sa.String(length=64), nullable=False),
        sa.Column("commit_oid", sa.String(length=64), nullable=False),
        sa.Column("members", sa.JSON(), nullable=False),
        sa.Column("built_at", TIME, nullable=False),
        sa.Column("refused", sa.Boolean(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        _of("merge_queue_groups", "queue_id", "merge_queues"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_merge_queue_groups")),
    )
    op.create_index("ix_merge_queue_groups_commit_oid", "merge_queue_groups", ["commit_oid"])
    op.create_index(op.f("ix_merge_queue_groups_queue_id"), "merge_queue_groups", ["queue_id"])


def _of(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}_{other}"), ondelete="CASCADE"
    )


def downgrade() -> None:
    with op.batch_alter_table("pull_merges") as changed:
        changed.drop_constraint(op.f(BY), type_="foreignkey")
        changed.drop_column("by_id")
    for table in ("merge_queue_groups", "merge_queue_entries", "merge_queues"):
        op.drop_table(table)
