"""Keep what clients of SCIM provisioned: tokens, users, groups and who is in them.

Safe while the previous release serves: it does not know the tables.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "scim_tokens",
        sa.Column("provider_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("secret_hash", sa.String(length=64), nullable=False),
        sa.Column("shown_prefix", sa.String(length=16), nullable=False),
        _moment("created_at"),
        _moment("expires_at", nullable=True),
        _moment("revoked_at", nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        _to("scim_tokens", "provider_id", "identity_providers"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scim_tokens")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_scim_tokens_secret_hash")),
    )
    op.create_index(op.f("ix_scim_tokens_provider_id"), "scim_tokens", ["provider_id"])
    op.create_table(
        "scim_users",
        sa.Column("provider_id", sa.Uuid(), nullable=False),
        sa.Column("identity_id", sa.Uuid(), nullable=False),
        sa.Column("name_key", sa.String(length=255), nullable=True),
        sa.Column("external_id", sa.String(length=255), nullable=True),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("compared", sa.JSON(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        _moment("created_at"),
        _moment("changed_at"),
        _moment("deleted_at", nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        _to("scim_users", "provider_id", "identity_providers"),
        _to("scim_users", "identity_id", "identities"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scim_users")),
        sa.UniqueConstraint(
            "provider_id", "name_key", name=op.f("uq_scim_users_provider_id_name_key")
        ),
    )
    op.create_index(op.f("ix_scim_users_identity_id"), "scim_users", ["identity_id"])
    op.create_index("ix_scim_users_external_id", "scim_users", ["provider_id", "external_id"])
    op.create_table(
        "scim_groups",
        sa.Column("provider_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("name_key", sa.String(length=255), nullable=False),
        sa.Column("external_id", sa.String(length=255), nullable=True),
        sa.Column("compared", sa.JSON(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        _moment("created_at"),
        _moment("changed_at"),
        sa.Column("id", sa.Uuid(), nullable=False),
        _to("scim_groups", "provider_id", "identity_providers"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scim_groups")),
        sa.UniqueConstraint(
            "provider_id", "name_key", name=op.f("uq_scim_groups_provider_id_name_key")
        ),
    )
    op.create_table(
        "scim_members",
        sa.Column("group_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        _to("scim_members", "group_id", "scim_groups"),
        _to("scim_members", "user_id", "scim_users"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scim_members")),
        sa.UniqueConstraint("group_id", "user_id", name=op.f("uq_scim_members_group_id_user_id")),
    )
    op.create_index(op.f("ix_scim_members_user_id"), "scim_members", ["user_id"])


def downgrade() -> None:
    for table in ("scim_members", "scim_groups", "scim_users", "scim_tokens"):
        op.drop_table(table)


def _moment(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _to(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}_{other}")
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=name, ondelete="CASCADE")
