"""Keep the certificates of signed pushes.

Safe while the previous release serves: it takes no signed pushes, and leaves the columns empty.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

COLUMNS = (
    ("certificate", sa.LargeBinary()),
    ("certificate_digest", sa.String(length=64)),
    ("certificate_finding", sa.String(length=32)),
    ("certificate_form", sa.String(length=16)),
    ("certificate_key", sa.String(length=64)),
    ("certificate_owner_id", sa.Uuid()),
)


def upgrade() -> None:
    for name, kind in COLUMNS:
        op.add_column("pushes", sa.Column(name, kind, nullable=True))
    op.create_index(op.f("ix_pushes_certificate_digest"), "pushes", ["certificate_digest"])


def downgrade() -> None:
    op.drop_index(op.f("ix_pushes_certificate_digest"), "pushes")
    with op.batch_alter_table("pushes") as table:
        for name, _kind in COLUMNS:
            table.drop_column(name)
