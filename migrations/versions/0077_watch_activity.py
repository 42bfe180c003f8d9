"""Keep alerts of suspicious activity, what became of them, and what rules remember.

Safe while the previous release serves: it does not know the tables.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0077"
down_revision = "0076"
branch_labels = None
depends_on = None


RULES = ("new_place", "mass_clone", "mass_deletion", "odd_hours", "foreign_author", "dormant")
REASONS = ("expected", "false_positive", "handled")


def upgrade() -> None:
    op.create_table(
        "activity_alerts",
        sa.Column("rule", _enum("activityrule", *RULES), nullable=False),
        sa.Column("state", _enum("activitystate", "open", "dismissed"), nullable=False),
        sa.Column("log", sa.String(length=100), nullable=False),
        sa.Column("actor_ref", sa.String(length=64), nullable=False),
        sa.Column("token_ref", sa.String(length=64), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("usual", sa.Integer(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("events", sa.JSON(), nullable=False),
        sa.Column("assignee_id", sa.Uuid(), nullable=True),
        sa.Column("reason", _enum("activityreason", *REASONS), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        _to_user("activity_alerts", "assignee_id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_activity_alerts")),
    )
    op.create_index("ix_activity_alerts_log", "activity_alerts", ["log", "state"])
    op.create_index("ix_activity_alerts_actor", "activity_alerts", ["actor_ref", "rule"])
    op.create_table(
        "activity_decisions",
        sa.Column("alert_id", sa.Uuid(), nullable=False),
        sa.Column("step", sa.String(length=32), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("reason", _enum("activityreason", *REASONS), nullable=True),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("about_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["alert_id"],
            ["activity_alerts.id"],
            name=op.f("fk_activity_decisions_alert_id_activity_alerts"),
            ondelete="CASCADE",
        ),
        _to_user("activity_decisions", "actor_id"),
        _to_user("activity_decisions", "about_id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_activity_decisions")),
    )
    op.create_index(op.f("ix_activity_decisions_alert_id"), "activity_decisions", ["alert_id"])
    op.create_table(
        "activity_letters",
        sa.Column("alert_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["alert_id"],
            ["activity_alerts.id"],
            name=op.f("fk_activity_letters_alert_id_activity_alerts"),
            ondelete="CASCADE",
        ),
        _to_user("activity_letters", "user_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_activity_letters")),
        sa.UniqueConstraint(
            "alert_id", "user_id", name=op.f("uq_activity_letters_alert_id_user_id")
        ),
    )
    op.create_index(op.f("ix_activity_letters_due_at"), "activity_letters", ["due_at"])
    op.create_table(
        "activity_exemptions",
        sa.Column("log", sa.String(length=100), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("rule", _enum("activityrule", *RULES), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("made_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        _to_user("activity_exemptions", "user_id", ondelete="CASCADE"),
        _to_user("activity_exemptions", "made_by"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_activity_exemptions")),
        sa.UniqueConstraint(
            "log", "user_id", "rule", name=op.f("uq_activity_exemptions_log_user_id_rule")
        ),
    )
    op.create_table(
        "activity_memories",
        sa.Column("subject", sa.String(length=80), nullable=False),
        sa.Column("person", sa.String(length=64), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("memory", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("subject", name=op.f("pk_activity_memories")),
    )
    for column in ("person", "seen_at"):
        op.create_index(op.f(f"ix_activity_memories_{column}"), "activity_memories", [column])
    op.create_table(
        "activity_cursors",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("place", sa.BigInteger(), nullable=False),
        sa.Column("learns_until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_activity_cursors")),
    )


def _enum(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def _to_user(table: str, column: str, *, ondelete: str = "SET NULL") -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}_users")
    return sa.ForeignKeyConstraint([column], ["users.id"], name=name, ondelete=ondelete)


def downgrade() -> None:
    for table in ("cursors", "memories", "exemptions", "letters", "decisions", "alerts"):
        op.drop_table(f"activity_{table}")
