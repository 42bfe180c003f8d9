"""Trust authorities whose X.509 certificates sign work, and know the appliance's own keys.

Safe while the previous release serves: it does not know the tables, and says of such signatures
that it does not check them, or does not know the key.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "x509_authorities",
        sa.Column("title", sa.String(length=100), nullable=False),
        sa.Column("subject", sa.String(length=500), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("certificate", sa.LargeBinary(), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revocations", sa.LargeBinary(), nullable=True),
        sa.Column("revocations_digest", sa.String(length=64), nullable=True),
        sa.Column("revoked_count", sa.Integer(), nullable=True),
        sa.Column("revocations_made_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revocations_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_x509_authorities")),
        sa.UniqueConstraint("fingerprint", name=op.f("uq_x509_authorities_fingerprint")),
    )
    op.create_table(
        "appliance_keys",
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appliance_keys")),
        sa.UniqueConstraint("fingerprint", name=op.f("uq_appliance_keys_fingerprint")),
    )


def downgrade() -> None:
    op.drop_table("appliance_keys")
    op.drop_table("x509_authorities")
