"""Keep the appliance's own keys for SAML.

Safe while the previous release serves: it does not know the table.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

USES = ("signs", "next", "earlier")


def upgrade() -> None:
    use = sa.Enum(*USES, name="keyuse", native_enum=False, create_constraint=True, length=32)
    op.create_table(
        "saml_keys",
        sa.Column("use", use, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("certificate", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saml_keys")),
        sa.UniqueConstraint("use", name=op.f("uq_saml_keys_use")),
    )


def downgrade() -> None:
    op.drop_table("saml_keys")
