"""Let organisations approve tokens, and say how long those may live that reach them.

Safe while the previous release serves: it does not know the tables. A token that it makes meanwhile
has no life written down and counts as one without an end, which is the stricter reading.
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None

AT_ONCE = 1000


def _enum(name: str, *words: str) -> sa.Enum:
    return sa.Enum(*words, name=name, native_enum=False, create_constraint=True, length=32)


def _organisation(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["organisation_id"],
        ["organisations.id"],
        name=op.f(f"fk_{table}_organisation_id_organisations"),
        ondelete="CASCADE",
    )


def upgrade() -> None:
    op.create_table(
        "credential_rules",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("approval", _enum("approval", "off", "fine_grained", "all"), nullable=False),
        sa.Column("most_days", sa.Integer(), nullable=True),
        sa.Column("unused_days", sa.Integer(), nullable=True),
        _organisation("credential_rules"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credential_rules")),
        sa.UniqueConstraint("organisation_id", name=op.f("uq_credential_rules_organisation_id")),
    )
    op.create_table(
        "token_approvals",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("token_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column(
            "state",
            _enum("approvalstate", "pending", "approved", "refused", "revoked"),
            nullable=False,
        ),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("answer", sa.String(length=500), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["token_id"],
            ["access_tokens.id"],
            name=op.f("fk_token_approvals_token_id_access_tokens"),
            ondelete="CASCADE",
        ),
        _organisation("token_approvals"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_token_approvals")),
        sa.UniqueConstraint(
            "token_id",
            "organisation_id",
            name=op.f("uq_token_approvals_token_id_organisation_id"),
        ),
    )
    op.create_index(
        op.f("ix_token_approvals_organisation_id"), "token_approvals", ["organisation_id"]
    )
    op.add_column("access_tokens", sa.Column("lifetime_days", sa.Integer(), nullable=True))
    _write_lives()


def _write_lives() -> None:
    """How long each token lives that has an end, some at a time."""
    tokens = sa.table(
        "access_tokens",
        sa.column("id", sa.Uuid()),
        sa.column("created_at", sa.DateTime(timezone=True)),
        sa.column("expires_at", sa.DateTime(timezone=True)),
        sa.column("lifetime_days", sa.Integer()),
    )
    bind = op.get_bind()
    ending = sa.select(tokens.c.id, tokens.c.created_at, tokens.c.expires_at).where(
        tokens.c.expires_at.is_not(None), tokens.c.lifetime_days.is_(None)
    )
    while rows := bind.execute(ending.limit(AT_ONCE)).all():
        for row in rows:
            days = _days(row.created_at, row.expires_at)
            written = sa.update(tokens).where(tokens.c.id == row.id).values(lifetime_days=days)
            bind.execute(written)


def _days(created_at: datetime, expires_at: datetime) -> int:
    return max(1, math.ceil((expires_at - created_at - timedelta(hours=1)) / timedelta(days=1)))


def downgrade() -> None:
    op.drop_column("access_tokens", "lifetime_days")
    op.drop_table("token_approvals")
    op.drop_table("credential_rules")
