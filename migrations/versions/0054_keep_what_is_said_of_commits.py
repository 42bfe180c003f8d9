"""Keep what other systems say of commits: statuses, check runs, annotations.

Safe while the previous release serves: it does not know the tables.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0054"
down_revision = "0053"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
CONCLUSIONS = (
    *("success", "failure", "neutral", "cancelled", "skipped", "timed_out"),
    *("action_required", "stale"),
)


def upgrade() -> None:
    op.create_table(
        "commit_statuses",
        sa.Column("repository_id", sa.Uuid(), nullable=False),
        sa.Column("commit", sa.String(length=64), nullable=False),
        sa.Column("context", sa.String(length=255), nullable=False),
        sa.Column(
            "state",
            _one_of("statusstate", "error", "failure", "pending", "success"),
            nullable=False,
        ),
        sa.Column("description", sa.String(length=255), nullable=False),
        sa.Column("target_url", sa.String(length=2048), nullable=False),
        sa.Column("reporter_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        _of("commit_statuses", "repository_id", "repositories", "CASCADE"),
        _of("commit_statuses", "reporter_id", "users", "SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_commit_statuses")),
    )
    _create_runs()
    _create_annotations()
    for table in ("commit_statuses", "check_runs"):
        op.create_index(op.f(f"ix_{table}_reporter_id"), table, ["reporter_id"])
        op.create_index(f"ix_{table}_commit", table, ["repository_id", "commit", "id"])
    op.create_index("ix_check_annotations_run_id", "check_annotations", ["run_id", "id"])


def _create_runs() -> None:
    op.create_table(
        "check_runs",
        sa.Column("repository_id", sa.Uuid(), nullable=False),
        sa.Column("commit", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column(
            "state", _one_of("runstate", "queued", "in_progress", "completed"), nullable=False
        ),
        sa.Column("conclusion", _one_of("conclusion", *CONCLUSIONS), nullable=True),
        sa.Column("details_url", sa.String(length=2048), nullable=False),
        sa.Column("external_id", sa.String(length=255), nullable=False),
        sa.Column("title", sa.String(length=255), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("artefacts", sa.JSON(), nullable=False),
        sa.Column("annotation_count", sa.Integer(), nullable=False),
        sa.Column("reporter_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.Column("started_at", TIME, nullable=True),
        sa.Column("completed_at", TIME, nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(state = 'completed') = (conclusion IS NOT NULL)",
            name=op.f("ck_check_runs_concluded_completed"),
        ),
        _of("check_runs", "repository_id", "repositories", "CASCADE"),
        _of("check_runs", "reporter_id", "users", "SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_check_runs")),
    )


def _create_annotations() -> None:
    op.create_table(
        "check_annotations",
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("path", sa.String(length=4096), nullable=False),
        sa.Column("start_line", sa.Integer(), nullable=False),
        sa.Column("end_line", sa.Integer(), nullable=False),
        sa.Column("start_column", sa.Integer(), nullable=True),
        sa.Column("end_column", sa.Integer(), nullable=True),
        sa.Column(
            "level", _one_of("annotationlevel", "notice", "warning", "failure"), nullable=False
        ),
        sa.Column("title", sa.String(length=255), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("raw_details", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        _of("check_annotations", "run_id", "check_runs", "CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_check_annotations")),
    )


def _one_of(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def _of(table: str, column: str, other: str, ondelete: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}_{other}"), ondelete=ondelete
    )


def downgrade() -> None:
    for table in ("check_annotations", "check_runs", "commit_statuses"):
        op.drop_table(table)
