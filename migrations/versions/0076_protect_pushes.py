"""Keep which secrets stopped pushes, and who may push them all the same.

Safe while the previous release serves: it knows none of the tables.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0076"
down_revision = "0075"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    _blocks("push_blocks")
    _bypasses("secret_bypasses")
    table = "secret_policies"
    op.create_table(
        table,
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("is_delegated", sa.Boolean(), nullable=False),
        *_usual(table),
        _of(table, "organisation_id", "organisations"),
        sa.UniqueConstraint("organisation_id", name=op.f(f"uq_{table}_organisation_id")),
    )
    table = "secret_exemptions"
    op.create_table(
        table,
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        *_usual(table),
        _of(table, "organisation_id", "organisations"),
        _of(table, "user_id", "users"),
        sa.UniqueConstraint(
            "organisation_id", "user_id", name=op.f(f"uq_{table}_organisation_id_user_id")
        ),
    )
    op.create_index(op.f(f"ix_{table}_user_id"), table, ["user_id"])


def _blocks(table: str) -> None:
    texts = {"actor_ref": 64, "actor_label": 64, "identity": 64, "rule": 255, "title": 500}
    op.create_table(
        table,
        sa.Column("repository_id", sa.Uuid(), nullable=False),
        *(sa.Column(name, sa.String(length=size), nullable=False) for name, size in texts.items()),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("cure", sa.Text(), nullable=False),
        sa.Column("severity", sa.String(length=32), nullable=False),
        sa.Column("preview", sa.String(length=255), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("commit_id", sa.String(length=64), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("first_at", TIME, nullable=False),
        sa.Column("last_at", TIME, nullable=False),
        *_usual(table),
        _of(table, "repository_id", "repositories"),
        _of(table, "user_id", "users", "SET NULL"),
        sa.UniqueConstraint(
            *("repository_id", "actor_ref", "identity"),
            name=op.f(f"uq_{table}_repository_id_actor_ref_identity"),
        ),
    )
    op.create_index(op.f(f"ix_{table}_user_id"), table, ["user_id"])


def _bypasses(table: str) -> None:
    states = ("pending", "approved", "refused", "used", "expired")
    reasons = ("false_positive", "used_in_tests", "fix_later")
    op.create_table(
        table,
        sa.Column("block_id", sa.Uuid(), nullable=False),
        sa.Column("state", _enum("bypassstate", *states), nullable=False),
        sa.Column("reason", _enum("bypassreason", *reasons), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("requested_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.Column("decided_at", TIME, nullable=True),
        sa.Column("decided_by_id", sa.Uuid(), nullable=True),
        sa.Column("decision_comment", sa.Text(), nullable=False),
        sa.Column("used_at", TIME, nullable=True),
        *_usual(table),
        _of(table, "block_id", "push_blocks"),
        _of(table, "decided_by_id", "users", "SET NULL"),
    )
    for column in ("block_id", "decided_by_id"):
        op.create_index(op.f(f"ix_{table}_{column}"), table, [column])


def _usual(table: str) -> tuple[sa.schema.SchemaItem, ...]:
    return (
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    )


def _of(table: str, column: str, target: str, gone: str = "CASCADE") -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{target}.id"], name=op.f(f"fk_{table}_{column}_{target}"), ondelete=gone
    )


def _enum(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def downgrade() -> None:
    for table in ("secret_exemptions", "secret_policies", "secret_bypasses", "push_blocks"):
        op.drop_table(table)
