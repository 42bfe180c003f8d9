"""Let people speak of commits: comments, reactions, labels.

Safe while the previous release serves: it does not know the tables.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0063"
down_revision = "0062"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
REACTIONS = (
    *("thumbs_up", "thumbs_down", "laugh", "hooray"),
    *("confused", "heart", "rocket", "eyes"),
)


def upgrade() -> None:
    _create_comments()
    _create_reactions()
    _create_labels()


def _create_comments() -> None:
    table = "commit_comments"
    op.create_table(
        table,
        sa.Column("repository_id", sa.Uuid(), nullable=False),
        sa.Column("commit", sa.String(length=64), nullable=False),
        sa.Column("path", sa.LargeBinary(), nullable=False),
        sa.Column("side", _enum("side", "old", "new"), nullable=False),
        sa.Column("start_line", sa.Integer(), nullable=True),
        sa.Column("end_line", sa.Integer(), nullable=True),
        sa.Column("author_id", sa.Uuid(), nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("edited_at", TIME, nullable=True),
        sa.Column("deleted_at", TIME, nullable=True),
        sa.Column("deleted_by_id", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        _of(table, "repository_id", "repositories", "CASCADE"),
        _of(table, "author_id", "users", "SET NULL"),
        _of(table, "deleted_by_id", "users", "SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    )
    op.create_index(
        "ix_commit_comments_repository_id_commit", table, ["repository_id", "commit", "id"]
    )
    for column in ("author_id", "deleted_by_id"):
        op.create_index(op.f(f"ix_{table}_{column}"), table, [column])


def _create_reactions() -> None:
    table = "commit_reactions"
    op.create_table(
        table,
        sa.Column("comment_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("reaction", _enum("reaction", *REACTIONS), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        _of(table, "comment_id", "commit_comments", "CASCADE"),
        _of(table, "user_id", "users", "CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint(
            *("comment_id", "user_id", "reaction"),
            name=op.f(f"uq_{table}_comment_id_user_id_reaction"),
        ),
    )
    op.create_index(op.f(f"ix_{table}_user_id"), table, ["user_id"])


def _create_labels() -> None:
    table = "commit_labels"
    op.create_table(
        table,
        sa.Column("repository_id", sa.Uuid(), nullable=False),
        sa.Column("commit", sa.String(length=64), nullable=False),
        sa.Column("label_id", sa.Uuid(), nullable=False),
        sa.Column("given_at", TIME, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        _of(table, "repository_id", "repositories", "CASCADE"),
        _of(table, "label_id", "labels", "CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint(
            *("repository_id", "commit", "label_id"),
            name=op.f(f"uq_{table}_repository_id_commit_label_id"),
        ),
    )
    op.create_index(op.f(f"ix_{table}_label_id"), table, ["label_id"])


def _enum(name: str, *values: Any) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def _of(table: str, column: str, other: str, ondelete: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}_{other}"), ondelete=ondelete
    )


def downgrade() -> None:
    for table in ("commit_labels", "commit_reactions", "commit_comments"):
        op.drop_table(table)
