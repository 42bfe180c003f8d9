"""Let organisations say how they deal with alerts, and lists be sorted by severity.

Safe while the previous release serves: it does not know the table; the new column has a default.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0074"
down_revision = "0073"
branch_labels = None
depends_on = None

TABLE = "alert_policies"
COLUMNS = ["repository_id", "severity_rank", "group_key", "number"]


def upgrade() -> None:
    rank = sa.Column("severity_rank", sa.Integer(), server_default="4", nullable=False)
    op.add_column("alerts", rank)
    op.create_index("ix_alerts_ranked", "alerts", COLUMNS)
    op.create_table(
        TABLE,
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("approved_kinds", sa.JSON(), nullable=False),
        sa.Column("maintainers_settle_secrets", sa.Boolean(), nullable=False),
        sa.Column("days", sa.JSON(), nullable=False),
        sa.Column("exploited_days", sa.Integer(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisations.id"],
            name=op.f(f"fk_{TABLE}_organisation_id_organisations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{TABLE}")),
        sa.UniqueConstraint("organisation_id", name=op.f(f"uq_{TABLE}_organisation_id")),
    )


def downgrade() -> None:
    op.drop_table(TABLE)
    op.drop_index("ix_alerts_ranked", "alerts")
    op.drop_column("alerts", "severity_rank")
