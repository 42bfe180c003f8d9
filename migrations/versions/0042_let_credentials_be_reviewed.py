"""Let credentials be reviewed, and let organisations keep SSH keys of persons out.

Safe while the previous release serves: columns have defaults, and it does not know the table. It
shows no review that holds credentials, and the new release alone begins such. Until it is gone, a
key that is kept out comes in by it.

Going back drops the credentials from reviews: the previous release knows no such rights.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None

RIGHTS = ("instance", "membership", "team", "repository")
CREDENTIALS = ("token", "ssh_key", "deploy_key", "service_account")
TEXTS = {"credential": 100, "mark": 64, "may": 255, "reach": 8}


def upgrade() -> None:
    _allow(RIGHTS + CREDENTIALS)
    with op.batch_alter_table("reviewed_rights") as table:
        for name, length in TEXTS.items():
            column = sa.Column(name, sa.String(length=length), nullable=False, server_default="")
            table.add_column(column)
        table.add_column(sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "keys_kept_out",
        sa.Column("key_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["key_id"],
            ["ssh_keys.id"],
            name=op.f("fk_keys_kept_out_key_id_ssh_keys"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisations.id"],
            name=op.f("fk_keys_kept_out_organisation_id_organisations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_keys_kept_out")),
        sa.UniqueConstraint(
            "key_id", "organisation_id", name=op.f("uq_keys_kept_out_key_id_organisation_id")
        ),
    )
    op.create_index(op.f("ix_keys_kept_out_organisation_id"), "keys_kept_out", ["organisation_id"])


def downgrade() -> None:
    op.drop_table("keys_kept_out")
    rights = sa.table("reviewed_rights", sa.column("kind", sa.String()))
    op.execute(sa.delete(rights).where(rights.c.kind.in_(CREDENTIALS)))
    with op.batch_alter_table("reviewed_rights") as table:
        for name in (*TEXTS, "last_used_at"):
            table.drop_column(name)
    _allow(RIGHTS)


def _allow(words: tuple[str, ...]) -> None:
    """Let a reviewed right be of one of these kinds."""
    name = op.f("ck_reviewed_rights_right")
    with op.batch_alter_table("reviewed_rights") as table:
        table.drop_constraint(name, type_="check")
        table.create_check_constraint(name, sa.column("kind", sa.String()).in_(words))
