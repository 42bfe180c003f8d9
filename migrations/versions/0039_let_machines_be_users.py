"""Let machines be users of their own kind: service accounts.

Safe while the previous release serves: to it nobody is one, until the first is made.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "users",
        sa.Column("is_machine", sa.Boolean(), server_default=sa.false(), nullable=False),
    )
    op.add_column("users", sa.Column("owner_organisation_id", sa.Uuid(), nullable=True))
    op.create_index(op.f("ix_users_owner_organisation_id"), "users", ["owner_organisation_id"])


def downgrade() -> None:
    op.drop_index(op.f("ix_users_owner_organisation_id"), "users")
    op.drop_column("users", "owner_organisation_id")
    op.drop_column("users", "is_machine")
