"""Create jobs.

Safe while the previous release serves, because there is none.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "jobs",
        sa.Column(
            "job",
            sa.Enum(
                "repo.import",
                "repo.fork",
                "repo.maintain",
                "repo.check",
                "repo.measure",
                "repo.purge",
                "lfs.sweep",
                "push.reconcile",
                "instance.sweep",
                name="job",
                native_enum=False,
                length=64,
            ),
            nullable=False,
        ),
        sa.Column("arguments", sa.JSON(), nullable=False),
        sa.Column("about", sa.Uuid(), nullable=True),
        sa.Column("promised_by", sa.Uuid(), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "queued",
                "running",
                "done",
                "dead",
                "cancelled",
                name="jobstate",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("attempts_left", sa.Integer(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("relayed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("step", sa.String(length=200), nullable=False),
        sa.Column("progress_done", sa.BigInteger(), nullable=False),
        sa.Column("progress_total", sa.BigInteger(), nullable=False),
        sa.Column("cancel_requested", sa.Boolean(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jobs")),
    )
    op.create_index("ix_jobs_about", "jobs", ["about"], unique=False)
    op.create_index("ix_jobs_state_relayed_at", "jobs", ["state", "relayed_at"], unique=False)
    op.create_table(
        "regular_jobs",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_regular_jobs")),
        sa.UniqueConstraint("name", name=op.f("uq_regular_jobs_name")),
    )


def downgrade() -> None:
    op.drop_table("regular_jobs")
    op.drop_index("ix_jobs_state_relayed_at", table_name="jobs")
    op.drop_index("ix_jobs_about", table_name="jobs")
    op.drop_table("jobs")
