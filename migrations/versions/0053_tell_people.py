"""Tell people what happens in conversations: who watches what, whom texts name, inboxes.

Safe while the previous release serves: it does not know the tables. What happened before is told
to nobody.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0053"
down_revision = "0052"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
LEVELS = ("participating", "all", "ignored")
REASONS = (
    *("mention", "review_requested", "assigned", "team_mention"),
    *("author", "comment", "subscribed", "watching"),
)
TALES = (
    *("opened", "commented", "closed", "reopened", "mentioned", "assigned", "review_requested"),
    *("reviewed", "review_dismissed", "pushed", "merged", "queued", "dequeued", "merge_failed"),
)


def upgrade() -> None:
    op.create_table(
        "watches",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("repository_id", sa.Uuid(), nullable=False),
        sa.Column("level", _one_of("watchlevel", LEVELS), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("level <> 'participating'", name=op.f("ck_watches_level_unusual")),
        _of("watches", "user_id", "users", "CASCADE"),
        _of("watches", "repository_id", "repositories", "CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_watches")),
        sa.UniqueConstraint(
            "user_id", "repository_id", name=op.f("uq_watches_user_id_repository_id")
        ),
    )
    op.create_index(op.f("ix_watches_repository_id"), "watches", ["repository_id"])
    _create_mentions()
    _create_notifications()
    cursors = op.create_table(
        "notification_cursors",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("place", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notification_cursors")),
    )
    findings = sa.table("audit_search", sa.column("place"))
    newest = sa.select(sa.literal(1), sa.func.coalesce(sa.func.max(findings.c.place), 0))
    op.execute(sa.insert(cursors).from_select(["id", "place"], newest))


def _create_mentions() -> None:
    op.create_table(
        "mentions",
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column("text_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("by_team", sa.Boolean(), nullable=False),
        sa.Column("is_told", sa.Boolean(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        _of("mentions", "conversation_id", "conversations", "CASCADE"),
        _of("mentions", "user_id", "users", "CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mentions")),
        sa.UniqueConstraint("text_id", "user_id", name=op.f("uq_mentions_text_id_user_id")),
    )
    op.create_index("ix_mentions_conversation_id", "mentions", ["conversation_id", "is_told"])
    op.create_index(op.f("ix_mentions_user_id"), "mentions", ["user_id"])


def _create_notifications() -> None:
    op.create_table(
        "notifications",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column("reason", _one_of("reason", REASONS), nullable=False),
        sa.Column("tale", _one_of("tale", TALES), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("text_id", sa.Uuid(), nullable=True),
        sa.Column("happened_at", TIME, nullable=False),
        sa.Column("read_at", TIME, nullable=True),
        sa.Column("done_at", TIME, nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        _of("notifications", "user_id", "users", "CASCADE"),
        _of("notifications", "conversation_id", "conversations", "CASCADE"),
        _of("notifications", "actor_id", "users", "SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notifications")),
        sa.UniqueConstraint(
            "user_id", "conversation_id", name=op.f("uq_notifications_user_id_conversation_id")
        ),
    )
    for column in ("conversation_id", "actor_id"):
        op.create_index(op.f(f"ix_notifications_{column}"), "notifications", [column])
    op.create_index(
        "ix_notifications_listed", "notifications", ["user_id", "done_at", "happened_at", "id"]
    )
    op.create_index("ix_notifications_unread", "notifications", ["user_id", "read_at", "done_at"])


def _one_of(name: str, values: tuple[str, ...]) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def _of(table: str, column: str, other: str, ondelete: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}_{other}"), ondelete=ondelete
    )


def downgrade() -> None:
    for table in ("notification_cursors", "notifications", "mentions", "watches"):
        op.drop_table(table)
