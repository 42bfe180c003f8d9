"""Layer rules: rulesets, what those on trial have found, and properties of repositories.

Safe while the previous release serves: it does not know the tables.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0058"
down_revision = "0057"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    enforcement = sa.Enum(
        *("active", "dry_run", "off"),
        name="enforcement",
        native_enum=False,
        create_constraint=True,
        length=32,
    )
    op.create_table(
        "rulesets",
        sa.Column("organisation_id", sa.Uuid(), nullable=True),
        sa.Column("repository_id", sa.Uuid(), nullable=True),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("enforcement", enforcement, nullable=False),
        sa.Column("includes", sa.JSON(), nullable=False),
        sa.Column("excludes", sa.JSON(), nullable=False),
        sa.Column("repositories", sa.JSON(), nullable=False),
        sa.Column("visibilities", sa.JSON(), nullable=False),
        sa.Column("properties", sa.JSON(), nullable=False),
        sa.Column("rules", sa.JSON(), nullable=False),
        sa.Column("bypass", sa.JSON(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("changed_at", TIME, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "organisation_id IS NULL OR repository_id IS NULL",
            name=op.f("ck_rulesets_one_layer"),
        ),
        _of("rulesets", "organisation_id", "organisations", "CASCADE"),
        _of("rulesets", "repository_id", "repositories", "CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rulesets")),
    )
    for column in ("organisation_id", "repository_id"):
        op.create_index(op.f(f"ix_rulesets_{column}"), "rulesets", [column])
    _create_findings()
    op.create_table(
        "repository_properties",
        sa.Column("repository_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(length=50), nullable=False),
        sa.Column("value", sa.String(length=100), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        _of("repository_properties", "repository_id", "repositories", "CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_repository_properties")),
        sa.UniqueConstraint(
            "repository_id", "key", name=op.f("uq_repository_properties_repository_id_key")
        ),
    )


def _create_findings() -> None:
    op.create_table(
        "ruleset_findings",
        sa.Column("ruleset_id", sa.Uuid(), nullable=False),
        sa.Column("repository_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("push_id", sa.Uuid(), nullable=True),
        sa.Column("ref", sa.LargeBinary(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("found_at", TIME, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        _of("ruleset_findings", "ruleset_id", "rulesets", "CASCADE"),
        _of("ruleset_findings", "repository_id", "repositories", "CASCADE"),
        _of("ruleset_findings", "user_id", "users", "SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ruleset_findings")),
    )
    for columns in (["ruleset_id", "found_at"], ["repository_id"], ["user_id"]):
        op.create_index(
            op.f(f"ix_ruleset_findings_{'_'.join(columns)}"), "ruleset_findings", columns
        )


def downgrade() -> None:
    for table in ("repository_properties", "ruleset_findings", "rulesets"):
        op.drop_table(table)


def _of(table: str, column: str, other: str, ondelete: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}_{other}"), ondelete=ondelete
    )
