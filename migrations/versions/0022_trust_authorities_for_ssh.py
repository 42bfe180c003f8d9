"""Trust authorities whose SSH certificates let users in.

Safe while the previous release serves: it does not know the table, and asks for no certificates.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "ssh_authorities",
        sa.Column("title", sa.String(length=100), nullable=False),
        sa.Column("key_type", sa.String(length=64), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("suffix", sa.String(length=255), nullable=False),
        sa.Column("revocations", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revocations_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ssh_authorities")),
        sa.UniqueConstraint("fingerprint", name=op.f("uq_ssh_authorities_fingerprint")),
    )


def downgrade() -> None:
    op.drop_table("ssh_authorities")
