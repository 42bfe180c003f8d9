"""Take keys that live in devices as second factors, and as first ones.

Safe while the previous release serves: it does not know the tables, and lets nobody in by a key.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "security_keys",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.String(length=100), nullable=False),
        sa.Column("credential_mark", sa.String(length=64), nullable=False),
        sa.Column("credential_id", sa.LargeBinary(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["users.id"],
            name=op.f("fk_security_keys_user_id_users"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_security_keys")),
        sa.UniqueConstraint("credential_mark", name=op.f("uq_security_keys_credential_mark")),
    )
    op.create_index(op.f("ix_security_keys_user_id"), "security_keys", ["user_id"])
    op.create_table(
        "key_challenges",
        sa.Column("mark", sa.String(length=64), nullable=False),
        sa.Column("purpose", sa.String(length=16), nullable=False),
        sa.Column("asked", sa.String(length=64), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_key_challenges")),
        sa.UniqueConstraint("mark", name=op.f("uq_key_challenges_mark")),
    )
    op.create_index(op.f("ix_key_challenges_expires_at"), "key_challenges", ["expires_at"])


def downgrade() -> None:
    op.drop_table("key_challenges")
    op.drop_table("security_keys")
