"""Keep what scans find: alerts, where they stand, what was decided, and the scans themselves.

Safe while the previous release serves: it does not know the tables; the new column has a default.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0073"
down_revision = "0072"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
KINDS = ("secret", "dependency", "code", "licence")
REASONS = ("false_positive", "used_in_tests", "wont_fix", "tolerable_risk")
STEPS = (
    *("seen_again", "gone", "dismissed", "auto_dismissed"),
    *("dismissal_requested", "dismissal_approved", "dismissal_refused", "expired", "reopened"),
    *("revoked", "withdrawn", "exploited", "assigned", "commented"),
)


def upgrade() -> None:
    numbered = sa.Column("alerts_numbered", sa.Integer(), server_default="0", nullable=False)
    op.add_column("repositories", numbered)
    _create_alerts()
    _create_occurrences()
    _create_decisions()
    _create_scans()
    _create_scanned_objects()


def _create_alerts() -> None:
    table = "alerts"
    op.create_table(
        table,
        sa.Column("repository_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", _enum("alertkind", *KINDS), nullable=False),
        *_said(),
        *_standing(),
        *_moments(),
        sa.Column("occurrence_count", sa.Integer(), nullable=False),
        sa.Column("comment_count", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(state = 'dismissed') = (reason IS NOT NULL)", name=op.f("ck_alerts_dismissed_why")
        ),
        sa.CheckConstraint(
            "(state = 'fixed') = (resolution IS NOT NULL)", name=op.f("ck_alerts_fixed_how")
        ),
        _of(table, "repository_id", "repositories", "CASCADE"),
        _of(table, "introduced_by_id", "users", "SET NULL"),
        _of(table, "assignee_id", "users", "SET NULL"),
        _of(table, "closed_by_id", "users", "SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alerts")),
        sa.UniqueConstraint(
            *("repository_id", "kind", "identity"),
            name=op.f("uq_alerts_repository_id_kind_identity"),
        ),
        sa.UniqueConstraint("repository_id", "number", name=op.f("uq_alerts_repository_id_number")),
    )
    op.create_index("ix_alerts_listed", table, ["repository_id", "state", "kind", "number"])
    op.create_index("ix_alerts_group_key", table, ["group_key"])
    op.create_index("ix_alerts_until", table, ["until"])
    for column in ("assignee_id", "closed_by_id", "due_at", "introduced_by_id"):
        op.create_index(op.f(f"ix_{table}_{column}"), table, [column])


def _said() -> tuple[sa.Column[object], ...]:
    severities = ("critical", "high", "medium", "low", "unknown")
    return (
        sa.Column("rule", sa.String(length=255), nullable=False),
        sa.Column("title", sa.String(length=500), nullable=False),
        sa.Column("cure", sa.Text(), nullable=False),
        sa.Column("severity", _enum("severity", *severities), nullable=False),
        sa.Column("confidence", _enum("confidence", "high", "medium", "low"), nullable=False),
        sa.Column("lane", _enum("lane", "block", "review"), nullable=False),
        sa.Column("identity", sa.String(length=64), nullable=False),
        sa.Column("identity_version", sa.Integer(), nullable=False),
        sa.Column("scope_identity", sa.String(length=64), nullable=False),
        sa.Column("group_key", sa.String(length=255), nullable=False),
        sa.Column("preview", sa.String(length=255), nullable=False),
        sa.Column("path", sa.LargeBinary(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=True),
        sa.Column("end_line", sa.Integer(), nullable=True),
        sa.Column("object_id", sa.String(length=64), nullable=False),
        sa.Column("first_commit", sa.String(length=64), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("introduced_by_id", sa.Uuid(), nullable=True),
    )


def _standing() -> tuple[sa.Column[object], ...]:
    return (
        sa.Column("state", _enum("alertstate", "open", "dismissed", "fixed"), nullable=False),
        sa.Column("reason", _enum("dismissalreason", *REASONS), nullable=True),
        sa.Column("until", TIME, nullable=True),
        sa.Column("is_automatic", sa.Boolean(), nullable=False),
        sa.Column("resolution", _enum("resolution", "gone", "revoked", "withdrawn"), nullable=True),
        sa.Column("is_present", sa.Boolean(), nullable=False),
        sa.Column("is_exploited", sa.Boolean(), nullable=False),
        sa.Column("asked", sa.JSON(), nullable=True),
        sa.Column("assignee_id", sa.Uuid(), nullable=True),
        sa.Column("closed_by_id", sa.Uuid(), nullable=True),
    )


def _moments() -> tuple[sa.Column[object], ...]:
    return (
        sa.Column("first_seen_at", TIME, nullable=False),
        sa.Column("last_seen_at", TIME, nullable=False),
        sa.Column("closed_at", TIME, nullable=True),
        sa.Column("clock_started_at", TIME, nullable=True),
        sa.Column("paused_at", TIME, nullable=True),
        sa.Column("paused_seconds", sa.Integer(), nullable=False),
        sa.Column("due_at", TIME, nullable=True),
    )


def _create_occurrences() -> None:
    table = "alert_occurrences"
    op.create_table(
        table,
        sa.Column("alert_id", sa.Uuid(), nullable=False),
        sa.Column("object_id", sa.String(length=64), nullable=False),
        sa.Column("path", sa.LargeBinary(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=True),
        sa.Column("end_line", sa.Integer(), nullable=True),
        sa.Column("layers", sa.JSON(), nullable=False),
        sa.Column("first_commit", sa.String(length=64), nullable=False),
        sa.Column("ref", sa.String(length=255), nullable=False),
        sa.Column("is_protected", sa.Boolean(), nullable=False),
        sa.Column("seen_at", TIME, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        _of(table, "alert_id", "alerts", "CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    )
    op.create_index("ix_alert_occurrences_alert_id", table, ["alert_id", "object_id"])


def _create_decisions() -> None:
    table = "alert_decisions"
    op.create_table(
        table,
        sa.Column("alert_id", sa.Uuid(), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("step", _enum("step", *STEPS), nullable=False),
        sa.Column("reason", _enum("dismissalreason", *REASONS), nullable=True),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("until", TIME, nullable=True),
        sa.Column("approver_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        _of(table, "alert_id", "alerts", "CASCADE"),
        _of(table, "actor_id", "users", "SET NULL"),
        _of(table, "approver_id", "users", "SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    )
    op.create_index("ix_alert_decisions_alert_id", table, ["alert_id", "id"])
    for column in ("actor_id", "approver_id"):
        op.create_index(op.f(f"ix_{table}_{column}"), table, [column])


def _create_scans() -> None:
    table = "scans"
    causes = ("push", "history", "rules", "feed", "upload")
    op.create_table(
        table,
        sa.Column("repository_id", sa.Uuid(), nullable=False),
        sa.Column("kind", _enum("alertkind", *KINDS), nullable=False),
        sa.Column("cause", _enum("scancause", *causes), nullable=False),
        sa.Column("tool", sa.String(length=255), nullable=False),
        sa.Column("category", sa.String(length=255), nullable=False),
        sa.Column("ref", sa.String(length=255), nullable=False),
        sa.Column("from_commit", sa.String(length=64), nullable=False),
        sa.Column("to_commit", sa.String(length=64), nullable=False),
        sa.Column("ruleset", sa.String(length=64), nullable=False),
        sa.Column("feed_serial", sa.BigInteger(), nullable=True),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("objects", sa.BigInteger(), nullable=False),
        sa.Column("found", sa.Integer(), nullable=False),
        sa.Column("opened", sa.Integer(), nullable=False),
        sa.Column("skipped", sa.JSON(), nullable=False),
        sa.Column("skipped_count", sa.Integer(), nullable=False),
        sa.Column("is_complete", sa.Boolean(), nullable=False),
        sa.Column("started_at", TIME, nullable=False),
        sa.Column("ended_at", TIME, nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        _of(table, "repository_id", "repositories", "CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    )
    op.create_index("ix_scans_repository_id", table, ["repository_id", "kind", "id"])


def _create_scanned_objects() -> None:
    table = "scanned_objects"
    op.create_table(
        table,
        sa.Column("object_id", sa.String(length=64), nullable=False),
        sa.Column("ruleset", sa.String(length=64), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("verdict", _enum("verdict", "clean", "found", "skipped"), nullable=False),
        sa.Column("scanned_at", TIME, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("object_id", "ruleset", name=op.f(f"uq_{table}_object_id_ruleset")),
    )


def _of(table: str, column: str, target: str, ondelete: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{target}.id"], name=op.f(f"fk_{table}_{column}_{target}"), ondelete=ondelete
    )


def _enum(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def downgrade() -> None:
    for table in ("scanned_objects", "scans", "alert_decisions", "alert_occurrences", "alerts"):
        op.drop_table(table)
    op.drop_column("repositories", "alerts_numbered")
