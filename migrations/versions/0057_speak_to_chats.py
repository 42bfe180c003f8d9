"""Let webhooks speak as chats understand it.

Safe while the previous release serves: what it makes is of the usual format.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0057"
down_revision = "0056"
branch_labels = None
depends_on = None

FORMATS = ("codara", "slack", "mattermost", "teams")
NAME = "ck_webhooks_webhookformat"


def upgrade() -> None:
    with op.batch_alter_table("webhooks") as changed:
        kind = sa.String(length=32)
        changed.add_column(sa.Column("format", kind, server_default="codara", nullable=False))
        changed.create_check_constraint(op.f(NAME), sa.column("format", sa.String()).in_(FORMATS))


def downgrade() -> None:
    with op.batch_alter_table("webhooks") as changed:
        changed.drop_constraint(op.f(NAME), type_="check")
        changed.drop_column("format")
