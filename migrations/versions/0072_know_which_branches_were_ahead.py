"""Remember beside what a branch was moved, so that one that is only behind is not merged.

Safe while the previous release serves: it does not write the column, and none means not known.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0072"
down_revision = "0071"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("ref_ledger", sa.Column("default_oid", sa.String(length=64), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("ref_ledger") as batch:
        batch.drop_column("default_oid")
