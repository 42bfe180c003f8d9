"""Let people be told of what is said of commits, beside conversations.

Safe while the previous release serves: it looks for conversations, and passes over the others.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0069"
down_revision = "0068"
branch_labels = None
depends_on = None

KEPT: dict[str, dict[str, bool]] = {
    "notifications": {},
    "notification_mails": {"sqlite_autoincrement": True},
}
"""What SQLite must be told again of a table that it rewrites."""


def upgrade() -> None:
    with op.batch_alter_table("mentions") as batch:
        batch.alter_column("conversation_id", existing_type=sa.Uuid(), nullable=True)
    for table, kept in KEPT.items():
        with op.batch_alter_table(table, table_kwargs=kept) as batch:
            batch.alter_column("conversation_id", existing_type=sa.Uuid(), nullable=True)
            batch.add_column(sa.Column("repository_id", sa.Uuid(), nullable=True))
            batch.add_column(sa.Column("commit_oid", sa.String(length=64), nullable=True))
            batch.create_foreign_key(
                op.f(f"fk_{table}_repository_id_repositories"),
                *("repositories", ["repository_id"], ["id"]),
                ondelete="CASCADE",
            )
            batch.create_check_constraint(
                op.f(f"ck_{table}_of_one_thing"),
                "(conversation_id IS NULL) = (commit_oid IS NOT NULL)",
            )
            batch.create_index(op.f(f"ix_{table}_repository_id"), ["repository_id"])
    with op.batch_alter_table("notifications") as batch:
        batch.create_unique_constraint(
            op.f("uq_notifications_user_id_repository_id_commit_oid"),
            ["user_id", "repository_id", "commit_oid"],
        )


def downgrade() -> None:
    with op.batch_alter_table("notifications") as batch:
        batch.drop_constraint(
            op.f("uq_notifications_user_id_repository_id_commit_oid"), type_="unique"
        )
    for table, kept in KEPT.items():
        op.execute(sa.delete(sa.table(table, sa.column("commit_oid"))).where(_of_commits))
        with op.batch_alter_table(table, table_kwargs=kept) as batch:
            batch.drop_index(op.f(f"ix_{table}_repository_id"))
            batch.drop_constraint(op.f(f"ck_{table}_of_one_thing"), type_="check")
            batch.drop_constraint(
                op.f(f"fk_{table}_repository_id_repositories"), type_="foreignkey"
            )
            batch.drop_column("commit_oid")
            batch.drop_column("repository_id")
            batch.alter_column("conversation_id", existing_type=sa.Uuid(), nullable=False)
    op.execute(sa.delete(sa.table("mentions", sa.column("conversation_id"))).where(_of_no_talk))
    with op.batch_alter_table("mentions") as batch:
        batch.alter_column("conversation_id", existing_type=sa.Uuid(), nullable=False)


_of_commits = sa.column("commit_oid").is_not(None)
_of_no_talk = sa.column("conversation_id").is_(None)
