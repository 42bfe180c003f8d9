"""Create pushes.

Safe while the previous release serves, because there is none.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "pushes",
        sa.Column("repository_id", sa.Uuid(), nullable=False),
        sa.Column("actor_kind", sa.String(length=32), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("actor_ref", sa.String(length=64), nullable=False),
        sa.Column("actor_label", sa.String(length=64), nullable=False),
        sa.Column("method", sa.String(length=32), nullable=False),
        sa.Column("credential_id", sa.Uuid(), nullable=True),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("request_id", sa.String(length=64), nullable=False),
        sa.Column("protocol", sa.String(length=16), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "accepted",
                "settled",
                name="pushstate",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["repository_id"],
            ["repositories.id"],
            name=op.f("fk_pushes_repository_id_repositories"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pushes")),
    )
    op.create_index(
        "ix_pushes_repository_id_accepted_at",
        "pushes",
        ["repository_id", "accepted_at"],
        unique=False,
    )
    op.create_index("ix_pushes_state", "pushes", ["state"], unique=False)
    op.create_table(
        "ref_ledger",
        sa.Column("repository_id", sa.Uuid(), nullable=False),
        sa.Column("ref", sa.LargeBinary(), nullable=False),
        sa.Column("oid", sa.String(length=64), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["repository_id"],
            ["repositories.id"],
            name=op.f("fk_ref_ledger_repository_id_repositories"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ref_ledger")),
        sa.UniqueConstraint("repository_id", "ref", name=op.f("uq_ref_ledger_repository_id_ref")),
    )
    op.create_table(
        "pushed_refs",
        sa.Column("push_id", sa.Uuid(), nullable=False),
        sa.Column("ref", sa.LargeBinary(), nullable=False),
        sa.Column("old_oid", sa.String(length=64), nullable=False),
        sa.Column("new_oid", sa.String(length=64), nullable=False),
        sa.Column("movement", sa.String(length=16), nullable=False),
        sa.Column("moved", sa.Boolean(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["push_id"],
            ["pushes.id"],
            name=op.f("fk_pushed_refs_push_id_pushes"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pushed_refs")),
        sa.UniqueConstraint("push_id", "ref", name=op.f("uq_pushed_refs_push_id_ref")),
    )


def downgrade() -> None:
    op.drop_table("pushed_refs")
    op.drop_table("ref_ledger")
    op.drop_index("ix_pushes_state", table_name="pushes")
    op.drop_index("ix_pushes_repository_id_accepted_at", table_name="pushes")
    op.drop_table("pushes")
