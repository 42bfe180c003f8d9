"""Tell owners what happens to their tokens and keys.

Safe while the previous release serves: it does not know the table.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None


def _enum(name: str, *words: str) -> sa.Enum:
    return sa.Enum(*words, name=name, native_enum=False, create_constraint=True, length=32)


def upgrade() -> None:
    op.create_table(
        "credential_notices",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("credential_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            _enum(
                "credentialkind",
                *("token", "ssh_key", "deploy_key", "scim_token", "ssh_authority", "signing_key"),
            ),
            nullable=False,
        ),
        sa.Column("topic", _enum("noticetopic", "leaked", "unused", "ended"), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("organisation_id", sa.Uuid(), nullable=True),
        sa.Column("place", sa.String(length=500), server_default="", nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["users.id"],
            name=op.f("fk_credential_notices_user_id_users"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisations.id"],
            name=op.f("fk_credential_notices_organisation_id_organisations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credential_notices")),
        sa.UniqueConstraint("credential_id", name=op.f("uq_credential_notices_credential_id")),
    )
    for column in ("user_id", "organisation_id", "at"):
        name = op.f(f"ix_credential_notices_{column}")
        op.create_index(name, "credential_notices", [column])


def downgrade() -> None:
    op.drop_table("credential_notices")
