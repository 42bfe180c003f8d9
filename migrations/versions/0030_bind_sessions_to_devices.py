"""Bind sessions to a second cookie that stays in the browser.

Safe while the previous release serves: it binds none, asks for none, and what it opens
ends by itself.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "browser_sessions",
        sa.Column("device_hash", sa.String(length=64), server_default="", nullable=False),
    )


def downgrade() -> None:
    op.drop_column("browser_sessions", "device_hash")
