"""Send the audit log to other systems: streams, how far they are, and what was not taken.

Safe while the previous release serves: it does not know the tables.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

COVERS = ("organisation", "instance", "everything")
RECEIVERS = ("webhook", "splunk", "syslog", "s3", "file")
FORMATS = ("json", "ocsf", "ecs", "cef", "leef", "cloudevents")


def upgrade() -> None:
    op.create_table(
        "audit_streams",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=True),
        sa.Column("covers", _words("covers", COVERS), nullable=False),
        sa.Column("log", sa.String(length=100), nullable=False),
        sa.Column("receiver", _words("receiver", RECEIVERS), nullable=False),
        sa.Column("address", sa.String(length=2048), nullable=False),
        sa.Column("format", _words("format", FORMATS), nullable=False),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("actions", sa.JSON(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stopped_because", sa.Text(), nullable=False),
        sa.Column("holder", sa.String(length=64), nullable=False),
        sa.Column("held_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("retry_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("parked_in_a_row", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_streams")),
    )
    op.create_index(op.f("ix_audit_streams_organisation_id"), "audit_streams", ["organisation_id"])
    op.create_table(
        "audit_stream_positions",
        sa.Column("stream_id", sa.Uuid(), nullable=False),
        sa.Column("log_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("moved_at", sa.DateTime(timezone=True), nullable=False),
        _of_stream("audit_stream_positions"),
        sa.PrimaryKeyConstraint("stream_id", "log_id", name=op.f("pk_audit_stream_positions")),
    )
    op.create_table(
        "audit_parked",
        sa.Column("stream_id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("log_id", sa.Integer(), nullable=False),
        sa.Column("idx", sa.BigInteger(), nullable=False),
        sa.Column("action", sa.String(length=100), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("parked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("is_to_retry", sa.Boolean(), nullable=False),
        _of_stream("audit_parked"),
        sa.PrimaryKeyConstraint("stream_id", "event_id", name=op.f("pk_audit_parked")),
    )


def _words(name: str, words: tuple[str, ...]) -> sa.Enum:
    return sa.Enum(*words, name=name, native_enum=False, create_constraint=True, length=32)


def _of_stream(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["stream_id"],
        ["audit_streams.id"],
        name=op.f(f"fk_{table}_stream_id_audit_streams"),
        ondelete="CASCADE",
    )


def downgrade() -> None:
    for table in ("audit_parked", "audit_stream_positions", "audit_streams"):
        op.drop_table(table)
