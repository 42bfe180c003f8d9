"""Let users show by a code from a letter that an e-mail address is theirs.

Safe while the previous release serves: it knows neither the table nor the column.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0062"
down_revision = "0061"
branch_labels = None
depends_on = None

TABLE = "address_proofs"


def upgrade() -> None:
    with op.batch_alter_table("email_addresses") as batch:
        batch.add_column(sa.Column("shown_at", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        TABLE,
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("address", sa.String(255), nullable=False),
        sa.Column("address_key", sa.String(255), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["users.id"],
            name=op.f("fk_address_proofs_user_id_users"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_address_proofs")),
        sa.UniqueConstraint(
            "user_id", "address_key", name=op.f("uq_address_proofs_user_id_address_key")
        ),
    )


def downgrade() -> None:
    op.drop_table(TABLE)
    with op.batch_alter_table("email_addresses") as batch:
        batch.drop_column("shown_at")
