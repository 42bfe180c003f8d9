"""Let organisations define the properties of their repositories.

Safe while the previous release serves: it does not know the table; defaults hold once it is gone.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0070"
down_revision = "0069"
branch_labels = None
depends_on = None

TABLE = "property_definitions"


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(length=50), nullable=False),
        sa.Column("kind", _one_of("propertykind", "text", "choice", "boolean"), nullable=False),
        sa.Column("description", sa.String(length=255), nullable=False),
        sa.Column("allowed", sa.JSON(), nullable=False),
        sa.Column("is_required", sa.Boolean(), nullable=False),
        sa.Column("default_value", sa.String(length=100), nullable=True),
        sa.Column("set_by", _one_of("propertysetter", "owners", "maintainers"), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisations.id"],
            name=op.f(f"fk_{TABLE}_organisation_id_organisations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{TABLE}")),
        sa.UniqueConstraint("organisation_id", "key", name=op.f(f"uq_{TABLE}_organisation_id_key")),
    )


def _one_of(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def downgrade() -> None:
    op.drop_table(TABLE)
