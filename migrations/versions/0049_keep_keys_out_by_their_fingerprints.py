"""Keep SSH keys out of organisations by their fingerprints, so that adding one again is no way in.

Safe while the previous release serves: it does not know the table that this one takes the place of.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0049"
down_revision = "0048"
branch_labels = None
depends_on = None

NOW, BEFORE = "ssh_keys_kept_out", "keys_kept_out"
COPY = "INSERT INTO {to} (id, {name}, organisation_id, since) SELECT kept.id, {what}, \
kept.organisation_id, kept.since FROM {of} AS kept JOIN ssh_keys ON {same}"


def upgrade() -> None:
    _make(NOW, sa.Column("fingerprint", sa.String(length=64), nullable=False))
    same = "ssh_keys.id = kept.key_id"
    name = "fingerprint"
    op.execute(COPY.format(to=NOW, of=BEFORE, name=name, what="ssh_keys.fingerprint", same=same))
    op.drop_table(BEFORE)


def downgrade() -> None:
    key = sa.ForeignKeyConstraint(
        ["key_id"],
        ["ssh_keys.id"],
        name=op.f("fk_keys_kept_out_key_id_ssh_keys"),
        ondelete="CASCADE",
    )
    _make(BEFORE, sa.Column("key_id", sa.Uuid(), nullable=False), key)
    same = "ssh_keys.fingerprint = kept.fingerprint"
    op.execute(COPY.format(to=BEFORE, of=NOW, name="key_id", what="ssh_keys.id", same=same))
    op.drop_table(NOW)


def _make(table: str, column: sa.Column[Any], *constraints: sa.Constraint) -> None:
    """A table of what an organisation keeps out, by the column that says which key it is."""
    of_organisation = sa.ForeignKeyConstraint(
        ["organisation_id"],
        ["organisations.id"],
        name=op.f(f"fk_{table}_organisation_id_organisations"),
        ondelete="CASCADE",
    )
    op.create_table(
        table,
        column,
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        *constraints,
        of_organisation,
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint(
            column.name,
            "organisation_id",
            name=op.f(f"uq_{table}_{column.name}_organisation_id"),
        ),
    )
    op.create_index(op.f(f"ix_{table}_organisation_id"), table, ["organisation_id"])
