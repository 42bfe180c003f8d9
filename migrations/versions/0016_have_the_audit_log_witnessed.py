"""Have the audit log witnessed: who signs its states beside us, what they signed, and time stamps.

Safe while the previous release serves: it does not know the tables.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

KEYS = {
    "audit_cosignatures": "log_id = NEW.log_id AND size = NEW.size AND key = NEW.key",
    "audit_anchors": ("log_id = NEW.log_id AND size = NEW.size AND authority = NEW.authority"),
}
"""What is never changed nor deleted, and what makes two rows the same."""


def upgrade() -> None:
    create_witnesses()
    create_signatures()
    for table in KEYS:
        guard(table)


def create_witnesses() -> None:
    op.create_table(
        "witnesses",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("operator", sa.String(length=64), nullable=False),
        sa.Column("vkey", sa.Text(), nullable=False),
        sa.Column("url", sa.String(length=2048), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_witnesses")),
        sa.UniqueConstraint("name", name=op.f("uq_witnesses_name")),
        sa.UniqueConstraint("vkey", name=op.f("uq_witnesses_vkey")),
    )
    op.create_table(
        "witness_quorum",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("needed", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_witness_quorum")),
    )
    op.create_table(
        "witness_states",
        sa.Column("witness_id", sa.Uuid(), nullable=False),
        sa.Column("log_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("known_size", sa.BigInteger(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("problem_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("is_contradicting", sa.Boolean(), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["witness_id"],
            ["witnesses.id"],
            name=op.f("fk_witness_states_witness_id_witnesses"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("witness_id", "log_id", name=op.f("pk_witness_states")),
    )


def create_signatures() -> None:
    op.create_table(
        "witnessed_logs",
        sa.Column("log_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("is_overdue", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("log_id", name=op.f("pk_witnessed_logs")),
    )
    op.create_table(
        "audit_cosignatures",
        sa.Column("log_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("key", sa.String(length=300), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("log_id", "size", "key", name=op.f("pk_audit_cosignatures")),
    )
    op.create_table(
        "audit_anchors",
        sa.Column("log_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("authority", sa.String(length=300), nullable=False),
        sa.Column("token", sa.LargeBinary(), nullable=False),
        sa.Column("stamped_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("log_id", "size", "authority", name=op.f("pk_audit_anchors")),
    )


def guard(table: str) -> None:
    """Nothing may change what others have signed, not even the appliance's own account."""
    if op.get_bind().dialect.name == "sqlite":
        # INSERT OR REPLACE removes the row in its way without asking the trigger on DELETE.
        exists = f"EXISTS (SELECT 1 FROM {table} WHERE {KEYS[table]})"  # noqa: S608 - own words.
        for name, when in (
            ("no_update", f"BEFORE UPDATE ON {table}"),
            ("no_delete", f"BEFORE DELETE ON {table}"),
            ("no_replace", f"BEFORE INSERT ON {table} WHEN {exists}"),
        ):
            op.execute(
                f"CREATE TRIGGER {table}_{name} {when} "
                "BEGIN SELECT RAISE(ABORT, 'the audit log only grows'); END"
            )
        return
    for verb, each in (("UPDATE", "ROW"), ("DELETE", "ROW"), ("TRUNCATE", "STATEMENT")):
        op.execute(
            f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
            f"FOR EACH {each} EXECUTE FUNCTION audit_refuse()"
        )


def downgrade() -> None:
    """Not once somebody has signed: that cannot be had again."""
    for table in KEYS:
        if op.get_bind().scalar(sa.text(f"SELECT count(*) FROM {table}")):  # noqa: S608 - own words.
            raise RuntimeError(
                "Signatures of witnesses are not thrown away. Restore the backup made before."
            )
    for table in (*KEYS, "witnessed_logs", "witness_states", "witness_quorum", "witnesses"):
        op.drop_table(table)
