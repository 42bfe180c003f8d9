"""Say from which networks a SCIM token may be used.

Safe while the previous release serves: it does not know the column, which is empty at first.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "scim_tokens", sa.Column("networks", sa.JSON(), server_default="[]", nullable=False)
    )


def downgrade() -> None:
    op.drop_column("scim_tokens", "networks")
