"""Let people ask for access, and let rights end by themselves.

Safe while the previous release serves: it does not know the tables, and gives nobody what stands in
them.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "access_rules",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column(
            "approvers",
            _words("approvers", "organisation_owners", "owners", "maintainers"),
            nullable=False,
        ),
        sa.Column("longest_hours", sa.Integer(), nullable=False),
        sa.Column("allows_endless", sa.Boolean(), nullable=False),
        sa.Column("highest_role", _role("role"), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisations.id"],
            name=op.f("fk_access_rules_organisation_id_organisations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_rules")),
        sa.UniqueConstraint("organisation_id", name=op.f("uq_access_rules_organisation_id")),
    )
    op.create_table(
        "access_requests",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("thing", _words("thing", "repository", "team", "organisation"), nullable=False),
        sa.Column("asked_name", sa.String(length=141), nullable=False),
        sa.Column("asked_key", sa.String(length=141), nullable=False),
        sa.Column("repository_id", sa.Uuid(), nullable=True),
        sa.Column("team_id", sa.Uuid(), nullable=True),
        sa.Column("organisation_id", sa.Uuid(), nullable=True),
        sa.Column("was_visible", sa.Boolean(), nullable=False),
        sa.Column("role", _role("role"), nullable=True),
        sa.Column("hours", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column(
            "state",
            _words("requeststate", "pending", "approved", "refused", "withdrawn", "expired"),
            nullable=False,
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("answer", sa.String(length=500), nullable=False),
        sa.Column("given_role", _role("given_role"), nullable=True),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["decided_by"],
            ["users.id"],
            name=op.f("fk_access_requests_decided_by_users"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisations.id"],
            name=op.f("fk_access_requests_organisation_id_organisations"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["repository_id"],
            ["repositories.id"],
            name=op.f("fk_access_requests_repository_id_repositories"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["team_id"],
            ["teams.id"],
            name=op.f("fk_access_requests_team_id_teams"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["users.id"],
            name=op.f("fk_access_requests_user_id_users"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_requests")),
    )
    op.create_index(op.f("ix_access_requests_answer_until"), "access_requests", ["answer_until"])
    op.create_index(op.f("ix_access_requests_decided_by"), "access_requests", ["decided_by"])
    op.create_index(
        op.f("ix_access_requests_organisation_id"), "access_requests", ["organisation_id"]
    )
    op.create_index(op.f("ix_access_requests_repository_id"), "access_requests", ["repository_id"])
    op.create_index(op.f("ix_access_requests_team_id"), "access_requests", ["team_id"])
    op.create_index(op.f("ix_access_requests_user_id"), "access_requests", ["user_id"])
    op.create_table(
        "temporary_rights",
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("repository_id", sa.Uuid(), nullable=True),
        sa.Column("organisation_id", sa.Uuid(), nullable=True),
        sa.Column("team_id", sa.Uuid(), nullable=True),
        sa.Column("role", _role("role"), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(repository_id IS NULL) <> (organisation_id IS NULL)",
            name=op.f("ck_temporary_rights_one_thing"),
        ),
        sa.CheckConstraint(
            "(repository_id IS NULL) = (role IS NULL)", name=op.f("ck_temporary_rights_role_there")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisations.id"],
            name=op.f("fk_temporary_rights_organisation_id_organisations"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["repository_id"],
            ["repositories.id"],
            name=op.f("fk_temporary_rights_repository_id_repositories"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["request_id"],
            ["access_requests.id"],
            name=op.f("fk_temporary_rights_request_id_access_requests"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["team_id"],
            ["teams.id"],
            name=op.f("fk_temporary_rights_team_id_teams"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["users.id"],
            name=op.f("fk_temporary_rights_user_id_users"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_temporary_rights")),
        sa.UniqueConstraint("request_id", name=op.f("uq_temporary_rights_request_id")),
    )
    op.create_index(op.f("ix_temporary_rights_expires_at"), "temporary_rights", ["expires_at"])
    op.create_index(
        op.f("ix_temporary_rights_organisation_id"), "temporary_rights", ["organisation_id"]
    )
    op.create_index(
        op.f("ix_temporary_rights_repository_id"), "temporary_rights", ["repository_id"]
    )
    op.create_index(op.f("ix_temporary_rights_team_id"), "temporary_rights", ["team_id"])
    op.create_index(
        "ix_temporary_rights_user_id_expires_at", "temporary_rights", ["user_id", "expires_at"]
    )


def downgrade() -> None:
    op.drop_table("temporary_rights")
    op.drop_table("access_requests")
    op.drop_table("access_rules")


def _role(name: str) -> sa.Enum:
    return _words(name, "reader", "triager", "writer", "maintainer", "owner")


def _words(name: str, *words: str) -> sa.Enum:
    return sa.Enum(*words, name=name, native_enum=False, create_constraint=True, length=32)
