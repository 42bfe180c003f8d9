"""Remember which keys sign the states of each log, from which size on.

Safe while the previous release serves: it does not know the table.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audit_keys",
        sa.Column("log_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("vkey", sa.Text(), nullable=False),
        sa.Column("from_size", sa.BigInteger(), nullable=False),
        sa.Column("until_size", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("log_id", "vkey", name=op.f("pk_audit_keys")),
    )
    if op.get_bind().dialect.name == "postgresql":
        # The queue is emptied all day long; what is dead in it slows down who takes from it.
        op.execute(
            "ALTER TABLE audit_queue SET (autovacuum_vacuum_scale_factor = 0, "
            "autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0)"
        )


def downgrade() -> None:
    op.drop_table("audit_keys")
