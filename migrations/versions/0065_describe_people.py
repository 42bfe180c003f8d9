"""Let people say a few words of themselves, where they are, and their page elsewhere.

Safe while the previous release serves: the columns have defaults, and it does not know them.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0065"
down_revision = "0064"
branch_labels = None
depends_on = None

COLUMNS = {"about": 300, "location": 100, "website": 200}


def upgrade() -> None:
    for name, length in COLUMNS.items():
        op.add_column(
            "users", sa.Column(name, sa.String(length=length), server_default="", nullable=False)
        )


def downgrade() -> None:
    for name in COLUMNS:
        op.drop_column("users", name)
