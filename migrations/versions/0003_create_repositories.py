"""Create repositories.

Safe while the previous release serves, because there is none.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "repositories",
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=True),
        sa.Column("owner_name", sa.String(length=39), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("name_key", sa.String(length=100), nullable=False),
        sa.Column("description", sa.String(length=500), nullable=False),
        sa.Column(
            "visibility",
            sa.Enum(
                "private",
                "internal",
                "public",
                name="visibility",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("default_branch", sa.String(length=255), nullable=False),
        sa.Column(
            "content",
            sa.Enum(
                "ready",
                "importing",
                "forking",
                "failed",
                name="origin",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("forked_from_id", sa.Uuid(), nullable=True),
        sa.Column("is_template", sa.Boolean(), nullable=False),
        sa.Column("quota_bytes", sa.BigInteger(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("lfs_bytes", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("pushed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_by", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["forked_from_id"],
            ["repositories.id"],
            name=op.f("fk_repositories_forked_from_id_repositories"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisations.id"],
            name=op.f("fk_repositories_organisation_id_organisations"),
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["owners.id"], name=op.f("fk_repositories_owner_id_owners")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_repositories")),
    )
    op.create_index(
        op.f("ix_repositories_deleted_at"), "repositories", ["deleted_at"], unique=False
    )
    op.create_index(
        op.f("ix_repositories_forked_from_id"), "repositories", ["forked_from_id"], unique=False
    )
    op.create_index(
        op.f("ix_repositories_organisation_id"), "repositories", ["organisation_id"], unique=False
    )
    op.create_index(
        "uq_repositories_owner_id_name_key",
        "repositories",
        ["owner_id", "name_key"],
        unique=True,
        sqlite_where=sa.text("deleted_at IS NULL"),
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_table(
        "grants",
        sa.Column("repository_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("team_id", sa.Uuid(), nullable=True),
        sa.Column(
            "role",
            sa.Enum(
                "reader",
                "triager",
                "writer",
                "maintainer",
                "owner",
                name="role",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(user_id IS NULL) <> (team_id IS NULL)", name=op.f("ck_grants_one_grantee")
        ),
        sa.ForeignKeyConstraint(
            ["repository_id"],
            ["repositories.id"],
            name=op.f("fk_grants_repository_id_repositories"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["team_id"], ["teams.id"], name=op.f("fk_grants_team_id_teams"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_grants_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grants")),
        sa.UniqueConstraint(
            "repository_id", "team_id", name=op.f("uq_grants_repository_id_team_id")
        ),
        sa.UniqueConstraint(
            "repository_id", "user_id", name=op.f("uq_grants_repository_id_user_id")
        ),
    )
    op.create_index(op.f("ix_grants_team_id"), "grants", ["team_id"], unique=False)
    op.create_index(op.f("ix_grants_user_id"), "grants", ["user_id"], unique=False)
    op.create_table(
        "old_repository_paths",
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("name_key", sa.String(length=100), nullable=False),
        sa.Column("repository_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["owner_id"],
            ["owners.id"],
            name=op.f("fk_old_repository_paths_owner_id_owners"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["repository_id"],
            ["repositories.id"],
            name=op.f("fk_old_repository_paths_repository_id_repositories"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_old_repository_paths")),
        sa.UniqueConstraint(
            "owner_id", "name_key", name=op.f("uq_old_repository_paths_owner_id_name_key")
        ),
    )
    op.create_index(
        op.f("ix_old_repository_paths_repository_id"),
        "old_repository_paths",
        ["repository_id"],
        unique=False,
    )
    op.create_table(
        "protection_rules",
        sa.Column("repository_id", sa.Uuid(), nullable=False),
        sa.Column("pattern", sa.String(length=255), nullable=False),
        sa.Column(
            "push_role",
            sa.Enum(
                "reader",
                "triager",
                "writer",
                "maintainer",
                "owner",
                name="role",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("allow_force", sa.Boolean(), nullable=False),
        sa.Column("allow_delete", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["repository_id"],
            ["repositories.id"],
            name=op.f("fk_protection_rules_repository_id_repositories"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_protection_rules")),
        sa.UniqueConstraint(
            "repository_id", "pattern", name=op.f("uq_protection_rules_repository_id_pattern")
        ),
    )
    op.create_table(
        "repository_health",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("damaged_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("maintained_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("measured_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["id"],
            ["repositories.id"],
            name=op.f("fk_repository_health_id_repositories"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_repository_health")),
    )


def downgrade() -> None:
    op.drop_table("repository_health")
    op.drop_table("protection_rules")
    op.drop_index(op.f("ix_old_repository_paths_repository_id"), table_name="old_repository_paths")
    op.drop_table("old_repository_paths")
    op.drop_index(op.f("ix_grants_user_id"), table_name="grants")
    op.drop_index(op.f("ix_grants_team_id"), table_name="grants")
    op.drop_table("grants")
    op.drop_index(
        "uq_repositories_owner_id_name_key",
        table_name="repositories",
        sqlite_where=sa.text("deleted_at IS NULL"),
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.drop_index(op.f("ix_repositories_organisation_id"), table_name="repositories")
    op.drop_index(op.f("ix_repositories_forked_from_id"), table_name="repositories")
    op.drop_index(op.f("ix_repositories_deleted_at"), table_name="repositories")
    op.drop_table("repositories")
