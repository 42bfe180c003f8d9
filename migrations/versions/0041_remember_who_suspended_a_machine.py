"""Remember whether an administrator suspended a service account.

Safe while the previous release serves: the column has a default. Which it suspends meanwhile its
owner may let in again, as before.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "users",
        sa.Column(
            "suspended_by_administrator", sa.Boolean(), nullable=False, server_default=sa.false()
        ),
    )


def downgrade() -> None:
    op.drop_column("users", "suspended_by_administrator")
