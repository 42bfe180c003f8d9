"""Say from which networks people and tokens may come.

Safe while the previous release serves: it does not know the table, and asks nobody where they are.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "address_lists",
        sa.Column("scope", sa.String(length=40), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=True),
        sa.Column("networks", sa.JSON(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisations.id"],
            name=op.f("fk_address_lists_organisation_id_organisations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_address_lists")),
        sa.UniqueConstraint("scope", name=op.f("uq_address_lists_scope")),
    )
    op.create_index(op.f("ix_address_lists_organisation_id"), "address_lists", ["organisation_id"])
    op.add_column(
        "access_tokens", sa.Column("networks", sa.JSON(), server_default="[]", nullable=False)
    )


def downgrade() -> None:
    op.drop_column("access_tokens", "networks")
    op.drop_table("address_lists")
