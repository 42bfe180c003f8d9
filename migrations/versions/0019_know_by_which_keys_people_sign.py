"""Know by which keys people sign: what an SSH key is for, and OpenPGP keys.

Safe while the previous release serves: it does not know the tables, and the new column has a
default. To it, a key that is for signing alone opens a session too, until it is gone.

An address that an administrator gave a user counts as verified from now on. Of those that are there
nobody knows who gave them, so they stay as they are.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

USES = sa.Enum(
    *("authentication", "signing", "both"),
    name="keyuse",
    native_enum=False,
    create_constraint=True,
    length=32,
)


def upgrade() -> None:
    with op.batch_alter_table("ssh_keys") as table:
        table.add_column(sa.Column("usage", USES, nullable=False, server_default="both"))
    op.create_table(
        "openpgp_keys",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("algorithm", sa.String(length=64), nullable=False),
        sa.Column("user_ids", sa.JSON(), nullable=False),
        sa.Column("certificate", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("is_revoked", sa.Boolean(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["users.id"],
            name=op.f("fk_openpgp_keys_user_id_users"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_openpgp_keys")),
        sa.UniqueConstraint("fingerprint", name=op.f("uq_openpgp_keys_fingerprint")),
    )
    op.create_index(op.f("ix_openpgp_keys_user_id"), "openpgp_keys", ["user_id"])
    op.create_table(
        "openpgp_key_parts",
        sa.Column("key_id", sa.Uuid(), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("short_id", sa.String(length=16), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["key_id"],
            ["openpgp_keys.id"],
            name=op.f("fk_openpgp_key_parts_key_id_openpgp_keys"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_openpgp_key_parts")),
        sa.UniqueConstraint("fingerprint", name=op.f("uq_openpgp_key_parts_fingerprint")),
    )
    for column in ("key_id", "short_id"):
        op.create_index(op.f(f"ix_openpgp_key_parts_{column}"), "openpgp_key_parts", [column])


def downgrade() -> None:
    op.drop_table("openpgp_key_parts")
    op.drop_table("openpgp_keys")
    with op.batch_alter_table("ssh_keys") as table:
        table.drop_constraint(op.f("ck_ssh_keys_keyuse"), type_="check")
        table.drop_column("usage")
