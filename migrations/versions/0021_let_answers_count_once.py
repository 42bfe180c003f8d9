"""Let the answers of sign-in systems count once: tickets.

Safe while the previous release serves: it does not know the table.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "federation_tickets",
        sa.Column("provider_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["provider_id"],
            ["identity_providers.id"],
            name=op.f("fk_federation_tickets_provider_id_identity_providers"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_federation_tickets")),
        sa.UniqueConstraint("key", name=op.f("uq_federation_tickets_key")),
    )
    for column in ("provider_id", "expires_at"):
        op.create_index(op.f(f"ix_federation_tickets_{column}"), "federation_tickets", [column])


def downgrade() -> None:
    op.drop_table("federation_tickets")
