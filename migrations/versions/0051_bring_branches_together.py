"""Let branches be brought together by pull requests.

Safe while the previous release serves: it does not know the tables, and writes none of the new
words.

Going back drops what conversations remember of pull requests: the previous release knows no such
happenings.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0051"
down_revision = "0050"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
HAPPENINGS = (
    "closed",
    "reopened",
    "renamed",
    "labelled",
    "unlabelled",
    "assigned",
    "unassigned",
    "milestoned",
    "demilestoned",
    "locked",
    "unlocked",
    "pinned",
    "unpinned",
    "referenced",
    "committed",
)
NEW_HAPPENINGS = (
    "pushed",
    "drafted",
    "ready",
    "retargeted",
    "merged",
    "source_deleted",
    "review_requested",
    "review_not_requested",
    "reviewed",
    "review_dismissed",
    "auto_merge_on",
    "auto_merge_off",
    "queued",
    "dequeued",
)
FOLLOWING = ("author", "comment", "assigned", "mention", "chosen")
NEW_FOLLOWING = ("review",)


def upgrade() -> None:
    _allow("timeline_entries", "happening", "kind", HAPPENINGS + NEW_HAPPENINGS)
    _allow("subscriptions", "following", "because", FOLLOWING + NEW_FOLLOWING)
    _create_pull_requests()
    _create_patch_sets()
    _create_pull_merges()
    _create_auto_merges()
    _create_merge_rules()


def _create_pull_requests() -> None:
    op.create_table(
        "pull_requests",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("repository_id", sa.Uuid(), nullable=False),
        sa.Column("target_branch", sa.LargeBinary(), nullable=False),
        sa.Column("source_repository_id", sa.Uuid(), nullable=True),
        sa.Column("source_branch", sa.LargeBinary(), nullable=False),
        sa.Column("head_oid", sa.String(length=64), nullable=False),
        sa.Column("patch_sets_numbered", sa.Integer(), nullable=False),
        sa.Column("is_draft", sa.Boolean(), nullable=False),
        sa.Column(
            "merge_state",
            sa.Enum(
                "unknown",
                "clean",
                "conflicts",
                "nothing",
                "too_large",
                name="mergestate",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("checked_head", sa.String(length=64), nullable=False),
        sa.Column("checked_target", sa.String(length=64), nullable=False),
        sa.Column("conflicts", sa.JSON(), nullable=False),
        sa.Column("merged_at", TIME, nullable=True),
        sa.Column("merged_by_id", sa.Uuid(), nullable=True),
        sa.Column("merged_as", sa.String(length=64), nullable=True),
        sa.Column("merged_onto", sa.String(length=64), nullable=True),
        sa.Column(
            "merge_method",
            sa.Enum(
                "merge",
                "squash",
                "rebase",
                "fast-forward",
                "semi-linear",
                name="method",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
        ),
        sa.CheckConstraint(
            "merged_at IS NULL OR merged_as IS NOT NULL", name=op.f("ck_pull_requests_merged_as")
        ),
        sa.ForeignKeyConstraint(
            ["id"],
            ["conversations.id"],
            name=op.f("fk_pull_requests_id_conversations"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["merged_by_id"],
            ["users.id"],
            name=op.f("fk_pull_requests_merged_by_id_users"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["repository_id"],
            ["repositories.id"],
            name=op.f("fk_pull_requests_repository_id_repositories"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["source_repository_id"],
            ["repositories.id"],
            name=op.f("fk_pull_requests_source_repository_id_repositories"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pull_requests")),
    )
    op.create_index(op.f("ix_pull_requests_merged_by_id"), "pull_requests", ["merged_by_id"])
    op.create_index(
        "ix_pull_requests_source", "pull_requests", ["source_repository_id", "source_branch"]
    )
    op.create_index("ix_pull_requests_target", "pull_requests", ["repository_id", "target_branch"])


def _create_patch_sets() -> None:
    op.create_table(
        "patch_sets",
        sa.Column("pull_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("head_oid", sa.String(length=64), nullable=False),
        sa.Column("base_oid", sa.String(length=64), nullable=False),
        sa.Column("target_oid", sa.String(length=64), nullable=False),
        sa.Column(
            "shift",
            sa.Enum(
                "first",
                "forward",
                "rewritten",
                name="shift",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("push_id", sa.Uuid(), nullable=True),
        sa.Column("pushed_by_id", sa.Uuid(), nullable=True),
        sa.Column("pushed_by_label", sa.String(length=100), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["pull_id"],
            ["pull_requests.id"],
            name=op.f("fk_patch_sets_pull_id_pull_requests"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["pushed_by_id"],
            ["users.id"],
            name=op.f("fk_patch_sets_pushed_by_id_users"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_patch_sets")),
        sa.UniqueConstraint("pull_id", "number", name=op.f("uq_patch_sets_pull_id_number")),
    )
    op.create_index("ix_patch_sets_head_oid", "patch_sets", ["head_oid"])
    op.create_index(op.f("ix_patch_sets_pushed_by_id"), "patch_sets", ["pushed_by_id"])


def _create_pull_merges() -> None:
    op.create_table(
        "pull_merges",
        sa.Column("pull_id", sa.Uuid(), nullable=False),
        sa.Column("push_id", sa.Uuid(), nullable=False),
        sa.Column(
            "method",
            sa.Enum(
                "merge",
                "squash",
                "rebase",
                "fast-forward",
                "semi-linear",
                name="method",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("head_oid", sa.String(length=64), nullable=False),
        sa.Column("onto_oid", sa.String(length=64), nullable=False),
        sa.Column("as_oid", sa.String(length=64), nullable=False),
        sa.Column("deletes_branch", sa.Boolean(), nullable=False),
        sa.Column("by_queue", sa.Boolean(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["pull_id"],
            ["pull_requests.id"],
            name=op.f("fk_pull_merges_pull_id_pull_requests"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pull_merges")),
        sa.UniqueConstraint("push_id", "pull_id", name=op.f("uq_pull_merges_push_id_pull_id")),
    )
    op.create_index(op.f("ix_pull_merges_pull_id"), "pull_merges", ["pull_id"])


def _create_auto_merges() -> None:
    op.create_table(
        "auto_merges",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "method",
            sa.Enum(
                "merge",
                "squash",
                "rebase",
                "fast-forward",
                "semi-linear",
                name="method",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("deletes_branch", sa.Boolean(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("sign_in", sa.String(length=32), nullable=False),
        sa.Column("credential_id", sa.Uuid(), nullable=True),
        sa.Column("since", TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["id"],
            ["pull_requests.id"],
            name=op.f("fk_auto_merges_id_pull_requests"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_auto_merges_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_auto_merges")),
    )
    op.create_index(op.f("ix_auto_merges_user_id"), "auto_merges", ["user_id"])


def _create_merge_rules() -> None:
    op.create_table(
        "merge_rules",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("methods", sa.JSON(), nullable=False),
        sa.Column("merge_title", sa.Text(), nullable=False),
        sa.Column("merge_body", sa.Text(), nullable=False),
        sa.Column("squash_title", sa.Text(), nullable=False),
        sa.Column("squash_body", sa.Text(), nullable=False),
        sa.Column("deletes_branches", sa.Boolean(), nullable=False),
        sa.Column("allows_auto_merge", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["id"],
            ["repositories.id"],
            name=op.f("fk_merge_rules_id_repositories"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_merge_rules")),
    )


def downgrade() -> None:
    for table in ("merge_rules", "auto_merges", "pull_merges", "patch_sets", "pull_requests"):
        op.drop_table(table)
    _forget("timeline_entries", "kind", NEW_HAPPENINGS)
    _forget("subscriptions", "because", NEW_FOLLOWING)
    _allow("timeline_entries", "happening", "kind", HAPPENINGS)
    _allow("subscriptions", "following", "because", FOLLOWING)


def _allow(table: str, kind: str, column: str, words: tuple[str, ...]) -> None:
    """Let a column hold one of these words."""
    name = op.f(f"ck_{table}_{kind}")
    with op.batch_alter_table(table) as changed:
        changed.drop_constraint(name, type_="check")
        changed.create_check_constraint(name, sa.column(column, sa.String()).in_(words))


def _forget(table: str, column: str, words: tuple[str, ...]) -> None:
    rows = sa.table(table, sa.column(column, sa.String()))
    op.execute(sa.delete(rows).where(rows.c[column].in_(words)))
