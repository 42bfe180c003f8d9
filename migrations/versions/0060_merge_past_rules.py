"""Remember why merges go past rules, and why promised ones wait.

Safe while the previous release serves: it does not know the columns, which have defaults.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0060"
down_revision = "0059"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("pull_merges") as table:
        table.add_column(_text("bypass_reason"))
    with op.batch_alter_table("auto_merges") as table:
        table.add_column(sa.Column("refused_at", sa.DateTime(timezone=True), nullable=True))
        table.add_column(_text("refused_head", sa.String(64)))
        table.add_column(_text("refused_because"))


def _text(name: str, kind: sa.String | None = None) -> sa.Column[str]:
    return sa.Column(name, kind or sa.Text(), nullable=False, server_default="")


def downgrade() -> None:
    with op.batch_alter_table("auto_merges") as table:
        for name in ("refused_because", "refused_head", "refused_at"):
            table.drop_column(name)
    with op.batch_alter_table("pull_merges") as table:
        table.drop_column("bypass_reason")
