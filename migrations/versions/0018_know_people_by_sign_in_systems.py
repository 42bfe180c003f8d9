"""Know people by the customer's sign-in systems: providers, identities, group rules, and marks.

Safe while the previous release serves: it does not know the tables, and what it writes into the
others leaves the new columns empty, which means that a person gave it. The columns are added by the
databases' own statement, because SQLite would otherwise copy tables that others refer to.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

KINDS = ("ldap", "saml", "oidc", "scim")
LINKED_BY = ("created", "rule", "person", "administrator")
GIVES = ("team", "organisation", "instance")
ORGANISATION_ROLES = ("member", "owner", "security_officer", "auditor")
INSTANCE_ROLES = ("user", "administrator", "auditor")
MARKS = (
    ("memberships", "provider_id", "{uuid}"),
    ("memberships", "given_role", "VARCHAR(32) CHECK (given_role IN {organisation_roles})"),
    ("team_memberships", "provider_id", "{uuid}"),
    ("users", "role_provider_id", "{uuid}"),
    ("users", "given_instance_role", "VARCHAR(32) CHECK (given_instance_role IN {roles})"),
    ("users", "suspended_by_id", "{uuid}"),
    ("users", "break_glass_until", "{moment}"),
    ("browser_sessions", "provider_id", "{uuid}"),
    ("browser_sessions", "identity_id", "{uuid}"),
    ("browser_sessions", "external_id", "VARCHAR(255) DEFAULT '' NOT NULL"),
    ("browser_sessions", "facts", "JSON DEFAULT '{{}}' NOT NULL"),
    ("browser_sessions", "ask_again_at", "{moment}"),
)


def upgrade() -> None:
    op.create_table(
        "identity_providers",
        sa.Column("name", sa.String(length=39), nullable=False),
        sa.Column("kind", _words("providerkind", KINDS), nullable=False),
        sa.Column("label", sa.String(length=60), nullable=False),
        sa.Column("is_enabled", sa.Boolean(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("domains", sa.JSON(), nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("secrets", sa.LargeBinary(), nullable=True),
        sa.Column("policy", sa.JSON(), nullable=False),
        sa.Column("state", sa.JSON(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_providers")),
        sa.UniqueConstraint("name", name=op.f("uq_identity_providers_name")),
    )
    op.create_table(
        "identities",
        sa.Column("provider_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("subject", sa.String(length=512), nullable=False),
        sa.Column("linked_by", _words("linkedby", LINKED_BY), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("said_name", sa.String(length=255), nullable=False),
        sa.Column("said_email", sa.String(length=255), nullable=False),
        sa.Column("groups", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        _to("identities", "provider_id", "identity_providers"),
        _to("identities", "user_id", "users"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identities")),
        sa.UniqueConstraint(
            "provider_id", "subject", name=op.f("uq_identities_provider_id_subject")
        ),
    )
    op.create_index(op.f("ix_identities_user_id"), "identities", ["user_id"])
    op.create_table(
        "group_rules",
        sa.Column("provider_id", sa.Uuid(), nullable=False),
        sa.Column("group_name", sa.String(length=512), nullable=False),
        sa.Column("gives", _words("gives", GIVES), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=True),
        sa.Column("team_id", sa.Uuid(), nullable=True),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        _to("group_rules", "provider_id", "identity_providers"),
        _to("group_rules", "organisation_id", "organisations"),
        _to("group_rules", "team_id", "teams"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_group_rules")),
    )
    for column in ("provider_id", "organisation_id", "team_id"):
        op.create_index(op.f(f"ix_group_rules_{column}"), "group_rules", [column])
    for table, column, type_ in MARKS:
        op.execute(f"ALTER TABLE {table} ADD COLUMN {column} {_spelled(type_)}")
    op.create_index(op.f("ix_browser_sessions_provider_id"), "browser_sessions", ["provider_id"])


def downgrade() -> None:
    op.drop_index(op.f("ix_browser_sessions_provider_id"), "browser_sessions")
    for table, column, _ in reversed(MARKS):
        op.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
    for table in ("group_rules", "identities", "identity_providers"):
        op.drop_table(table)


def _words(name: str, words: tuple[str, ...]) -> sa.Enum:
    return sa.Enum(*words, name=name, native_enum=False, create_constraint=True, length=32)


def _to(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}_{other}")
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=name, ondelete="CASCADE")


def _spelled(type_: str) -> str:
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    return type_.format(
        uuid="CHAR(32)" if is_sqlite else "UUID",
        moment="DATETIME" if is_sqlite else "TIMESTAMP WITH TIME ZONE",
        organisation_roles=ORGANISATION_ROLES,
        roles=INSTANCE_ROLES,
    )
