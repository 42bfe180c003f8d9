"""Write to people: how they want to be told, and the letters on their way.

Safe while the previous release serves: it does not know the tables.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0056"
down_revision = "0055"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
WHEN = ("at_once", "digest", "never")
EVERY = ("day", "week")
STATES = ("waiting", "sent", "dropped", "given_up")
REASONS = (
    *("mention", "review_requested", "assigned", "team_mention"),
    *("author", "comment", "subscribed", "watching"),
)
TALES = (
    *("opened", "commented", "closed", "reopened", "mentioned", "assigned", "review_requested"),
    *("reviewed", "review_dismissed", "pushed", "merged", "queued", "dequeued", "merge_failed"),
)
WAITS = sa.text("state = 'waiting'")


def upgrade() -> None:
    op.create_table(
        "notification_choices",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("own_mail", _one_of("mailwhen", WHEN), nullable=False),
        sa.Column("watching_mail", _one_of("watching_mail", WHEN), nullable=False),
        sa.Column("digest", _one_of("digestevery", EVERY), nullable=False),
        sa.Column("tells_own", sa.Boolean(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        _of("notification_choices", "user_id", "users", "CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notification_choices")),
        sa.UniqueConstraint("user_id", name=op.f("uq_notification_choices_user_id")),
    )
    op.create_table(
        "notification_mails",
        sa.Column("number", BIG, autoincrement=True, nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("reason", _one_of("reason", REASONS), nullable=False),
        sa.Column("tale", _one_of("tale", TALES), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("text_id", sa.Uuid(), nullable=True),
        sa.Column("happened_at", TIME, nullable=False),
        sa.Column("is_digest", sa.Boolean(), nullable=False),
        sa.Column("due_at", TIME, nullable=False),
        sa.Column("state", _one_of("mailstate", STATES), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("holder", sa.String(length=64), nullable=False),
        sa.Column("held_until", TIME, nullable=True),
        sa.Column("finished_at", TIME, nullable=True),
        sa.Column("error", sa.Text(), nullable=False),
        _of("notification_mails", "user_id", "users", "CASCADE"),
        _of("notification_mails", "conversation_id", "conversations", "CASCADE"),
        _of("notification_mails", "actor_id", "users", "SET NULL"),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_notification_mails")),
        sa.UniqueConstraint(
            "user_id", "event_id", name=op.f("uq_notification_mails_user_id_event_id")
        ),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_notification_mails_waiting",
        "notification_mails",
        ["due_at", "number"],
        sqlite_where=WAITS,
        postgresql_where=WAITS,
    )
    for column in ("conversation_id", "actor_id", "finished_at"):
        op.create_index(op.f(f"ix_notification_mails_{column}"), "notification_mails", [column])


def _one_of(name: str, values: tuple[str, ...]) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def _of(table: str, column: str, other: str, ondelete: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}_{other}"), ondelete=ondelete
    )


def downgrade() -> None:
    for table in ("notification_mails", "notification_choices"):
        op.drop_table(table)
