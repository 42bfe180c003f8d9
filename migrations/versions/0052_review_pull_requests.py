"""Let people review pull requests.

Safe while the previous release serves: it does not know the tables.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0052"
down_revision = "0051"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    _create_review_requests()
    _create_reviews()
    _create_review_threads()
    _create_review_comments()
    _create_draft_comments()
    _create_viewed_files()


def _create_review_requests() -> None:
    op.create_table(
        "review_requests",
        sa.Column("pull_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("team_id", sa.Uuid(), nullable=True),
        sa.Column("requested_by_id", sa.Uuid(), nullable=True),
        sa.Column("requested_at", TIME, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(user_id IS NULL) <> (team_id IS NULL)", name=op.f("ck_review_requests_one_reviewer")
        ),
        sa.ForeignKeyConstraint(
            ["pull_id"],
            ["pull_requests.id"],
            name=op.f("fk_review_requests_pull_id_pull_requests"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["requested_by_id"],
            ["users.id"],
            name=op.f("fk_review_requests_requested_by_id_users"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["team_id"],
            ["teams.id"],
            name=op.f("fk_review_requests_team_id_teams"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["users.id"],
            name=op.f("fk_review_requests_user_id_users"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_requests")),
        sa.UniqueConstraint("pull_id", "team_id", name=op.f("uq_review_requests_pull_id_team_id")),
        sa.UniqueConstraint("pull_id", "user_id", name=op.f("uq_review_requests_pull_id_user_id")),
    )
    op.create_index(
        op.f("ix_review_requests_requested_by_id"), "review_requests", ["requested_by_id"]
    )
    op.create_index(op.f("ix_review_requests_team_id"), "review_requests", ["team_id"])
    op.create_index(op.f("ix_review_requests_user_id"), "review_requests", ["user_id"])


def _create_reviews() -> None:
    op.create_table(
        "reviews",
        sa.Column("pull_id", sa.Uuid(), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=True),
        sa.Column(
            "verdict",
            sa.Enum(
                "approve",
                "request_changes",
                "comment",
                name="verdict",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("patch_set", sa.Integer(), nullable=False),
        sa.Column("head_oid", sa.String(length=64), nullable=False),
        sa.Column("submitted_at", TIME, nullable=False),
        sa.Column("dismissed_at", TIME, nullable=True),
        sa.Column("dismissed_by_id", sa.Uuid(), nullable=True),
        sa.Column("dismissed_because", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["author_id"],
            ["users.id"],
            name=op.f("fk_reviews_author_id_users"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["dismissed_by_id"],
            ["users.id"],
            name=op.f("fk_reviews_dismissed_by_id_users"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["pull_id"],
            ["pull_requests.id"],
            name=op.f("fk_reviews_pull_id_pull_requests"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reviews")),
    )
    op.create_index(op.f("ix_reviews_author_id"), "reviews", ["author_id"])
    op.create_index(op.f("ix_reviews_dismissed_by_id"), "reviews", ["dismissed_by_id"])
    op.create_index("ix_reviews_pull_id", "reviews", ["pull_id", "id"])


def _create_review_threads() -> None:
    op.create_table(
        "review_threads",
        sa.Column("pull_id", sa.Uuid(), nullable=False),
        sa.Column("patch_set", sa.Integer(), nullable=False),
        sa.Column("path", sa.LargeBinary(), nullable=False),
        sa.Column(
            "side",
            sa.Enum(
                "old", "new", name="side", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.Column("start_line", sa.Integer(), nullable=True),
        sa.Column("end_line", sa.Integer(), nullable=True),
        sa.Column("resolved_at", TIME, nullable=True),
        sa.Column("resolved_by_id", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["pull_id"],
            ["pull_requests.id"],
            name=op.f("fk_review_threads_pull_id_pull_requests"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["resolved_by_id"],
            ["users.id"],
            name=op.f("fk_review_threads_resolved_by_id_users"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_threads")),
    )
    op.create_index("ix_review_threads_pull_id", "review_threads", ["pull_id", "id"])
    op.create_index(op.f("ix_review_threads_resolved_by_id"), "review_threads", ["resolved_by_id"])


def _create_review_comments() -> None:
    op.create_table(
        "review_comments",
        sa.Column("thread_id", sa.Uuid(), nullable=False),
        sa.Column("review_id", sa.Uuid(), nullable=True),
        sa.Column("author_id", sa.Uuid(), nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("edited_at", TIME, nullable=True),
        sa.Column("deleted_at", TIME, nullable=True),
        sa.Column("applied_as", sa.String(length=64), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["author_id"],
            ["users.id"],
            name=op.f("fk_review_comments_author_id_users"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["review_id"],
            ["reviews.id"],
            name=op.f("fk_review_comments_review_id_reviews"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["thread_id"],
            ["review_threads.id"],
            name=op.f("fk_review_comments_thread_id_review_threads"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_comments")),
    )
    op.create_index(op.f("ix_review_comments_author_id"), "review_comments", ["author_id"])
    op.create_index(op.f("ix_review_comments_review_id"), "review_comments", ["review_id"])
    op.create_index("ix_review_comments_thread_id", "review_comments", ["thread_id", "id"])


def _create_draft_comments() -> None:
    op.create_table(
        "draft_comments",
        sa.Column("pull_id", sa.Uuid(), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=False),
        sa.Column("thread_id", sa.Uuid(), nullable=True),
        sa.Column("patch_set", sa.Integer(), nullable=False),
        sa.Column("path", sa.LargeBinary(), nullable=False),
        sa.Column(
            "side",
            sa.Enum(
                "old", "new", name="side", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.Column("start_line", sa.Integer(), nullable=True),
        sa.Column("end_line", sa.Integer(), nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["author_id"],
            ["users.id"],
            name=op.f("fk_draft_comments_author_id_users"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["pull_id"],
            ["pull_requests.id"],
            name=op.f("fk_draft_comments_pull_id_pull_requests"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["thread_id"],
            ["review_threads.id"],
            name=op.f("fk_draft_comments_thread_id_review_threads"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_draft_comments")),
    )
    op.create_index(op.f("ix_draft_comments_author_id"), "draft_comments", ["author_id"])
    op.create_index(
        "ix_draft_comments_pull_id_author_id", "draft_comments", ["pull_id", "author_id"]
    )
    op.create_index(op.f("ix_draft_comments_thread_id"), "draft_comments", ["thread_id"])


def _create_viewed_files() -> None:
    op.create_table(
        "viewed_files",
        sa.Column("pull_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("path", sa.LargeBinary(), nullable=False),
        sa.Column("old_blob", sa.String(length=64), nullable=False),
        sa.Column("new_blob", sa.String(length=64), nullable=False),
        sa.Column("viewed_at", TIME, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["pull_id"],
            ["pull_requests.id"],
            name=op.f("fk_viewed_files_pull_id_pull_requests"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["users.id"],
            name=op.f("fk_viewed_files_user_id_users"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_viewed_files")),
        sa.UniqueConstraint(
            "pull_id", "user_id", "path", name=op.f("uq_viewed_files_pull_id_user_id_path")
        ),
    )
    op.create_index(op.f("ix_viewed_files_user_id"), "viewed_files", ["user_id"])


def downgrade() -> None:
    for table in ("viewed_files", "draft_comments", "review_comments"):
        op.drop_table(table)
    for table in ("review_threads", "reviews", "review_requests"):
        op.drop_table(table)
