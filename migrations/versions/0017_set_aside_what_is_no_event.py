"""Set aside what stands in the queue of the audit log and is no event.

Safe while the previous release serves: it does not know the table.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

TABLE = "audit_set_aside"
SAME = "id = NEW.id OR event_id = NEW.event_id"


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("set_aside_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_set_aside")),
        sa.UniqueConstraint("event_id", name=op.f("uq_audit_set_aside_event_id")),
    )
    if op.get_bind().dialect.name == "sqlite":
        # INSERT OR REPLACE removes the row in its way without asking the trigger on DELETE.
        exists = f"EXISTS (SELECT 1 FROM {TABLE} WHERE {SAME})"  # noqa: S608 - own words.
        for name, when in (
            ("no_update", f"BEFORE UPDATE ON {TABLE}"),
            ("no_delete", f"BEFORE DELETE ON {TABLE}"),
            ("no_replace", f"BEFORE INSERT ON {TABLE} WHEN {exists}"),
        ):
            op.execute(
                f"CREATE TRIGGER {TABLE}_{name} {when} "
                "BEGIN SELECT RAISE(ABORT, 'the audit log only grows'); END"
            )
        return
    for verb, each in (("UPDATE", "ROW"), ("DELETE", "ROW"), ("TRUNCATE", "STATEMENT")):
        op.execute(
            f"CREATE TRIGGER {TABLE}_no_{verb.lower()} BEFORE {verb} ON {TABLE} "
            f"FOR EACH {each} EXECUTE FUNCTION audit_refuse()"
        )


def downgrade() -> None:
    """Not once something was set aside: it is evidence, and is nowhere else."""
    if op.get_bind().scalar(sa.text(f"SELECT count(*) FROM {TABLE}")):  # noqa: S608 - own words.
        raise RuntimeError(
            "What was set aside is evidence and not thrown away. Restore the backup made before."
        )
    op.drop_table(TABLE)
