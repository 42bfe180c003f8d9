"""Let rules for branches and tags demand signatures.

Safe while the previous release serves: it does not know the columns, whose defaults demand nothing.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("protection_rules") as table:
        table.add_column(sa.Column("signed_by", sa.JSON(), nullable=False, server_default="[]"))
        table.add_column(
            sa.Column("signed_push", sa.Boolean(), nullable=False, server_default=sa.false())
        )


def downgrade() -> None:
    with op.batch_alter_table("protection_rules") as table:
        table.drop_column("signed_push")
        table.drop_column("signed_by")
