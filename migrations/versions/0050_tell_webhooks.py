"""Tell webhooks what happens: who they are, up to where they were told, and what was delivered.

Safe while the previous release serves: it does not know the tables.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0050"
down_revision = "0049"
branch_labels = None
depends_on = None

STATES = ("waiting", "delivered", "given_up")
BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
WAITS = sa.text("state = 'waiting'")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "webhooks",
        sa.Column("repository_id", sa.Uuid(), nullable=True),
        sa.Column("organisation_id", sa.Uuid(), nullable=True),
        sa.Column("address", sa.String(length=2048), nullable=False),
        sa.Column("events", sa.JSON(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("off_because", sa.Text(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("former_secret", sa.LargeBinary(), nullable=True),
        sa.Column("former_until", TIME, nullable=True),
        sa.Column("responsible_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("start", sa.BigInteger(), nullable=False),
        sa.Column("holder", sa.String(length=64), nullable=False),
        sa.Column("held_until", TIME, nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("retry_at", TIME, nullable=True),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("delivered_at", TIME, nullable=True),
        sa.Column("given_up_in_a_row", sa.Integer(), nullable=False),
        sa.Column("is_kept_back", sa.Boolean(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(repository_id IS NULL) <> (organisation_id IS NULL)",
            name=op.f("ck_webhooks_one_place"),
        ),
        _of("webhooks", "repository_id", "repositories", "CASCADE"),
        _of("webhooks", "organisation_id", "organisations", "CASCADE"),
        _of("webhooks", "responsible_id", "users", "SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhooks")),
    )
    for column in ("repository_id", "organisation_id", "responsible_id"):
        op.create_index(op.f(f"ix_webhooks_{column}"), "webhooks", [column])
    cursors = op.create_table(
        "webhook_cursors",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("place", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_cursors")),
    )
    op.bulk_insert(cursors, [{"id": 1, "place": 0}])
    _create_deliveries()


def _create_deliveries() -> None:
    state = sa.Enum(
        *STATES, name="deliverystate", native_enum=False, create_constraint=True, length=32
    )
    op.create_table(
        "webhook_deliveries",
        sa.Column("number", BIG, autoincrement=True, nullable=False),
        sa.Column("delivery_id", sa.Uuid(), nullable=False),
        sa.Column("hook_id", sa.Uuid(), nullable=False),
        sa.Column("line", sa.Uuid(), nullable=False),
        sa.Column("path", sa.String(length=140), nullable=False),
        sa.Column("event", sa.String(length=64), nullable=False),
        sa.Column("event_id", sa.String(length=64), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("again_of", sa.Uuid(), nullable=True),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("give_up_at", TIME, nullable=False),
        sa.Column("state", state, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("retry_at", TIME, nullable=True),
        sa.Column("tried_at", TIME, nullable=True),
        sa.Column("seconds", sa.Float(), nullable=True),
        sa.Column("request_headers", sa.JSON(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("answer_headers", sa.JSON(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        _of("webhook_deliveries", "hook_id", "webhooks", "CASCADE"),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_webhook_deliveries")),
        sa.UniqueConstraint("delivery_id", name=op.f("uq_webhook_deliveries_delivery_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_webhook_deliveries_hook_id_number", "webhook_deliveries", ["hook_id", "number"]
    )
    op.create_index(
        "ix_webhook_deliveries_waiting",
        "webhook_deliveries",
        ["hook_id", "line", "number"],
        sqlite_where=WAITS,
        postgresql_where=WAITS,
    )
    op.create_index(op.f("ix_webhook_deliveries_created_at"), "webhook_deliveries", ["created_at"])


def _of(table: str, column: str, other: str, ondelete: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}_{other}"), ondelete=ondelete
    )


def downgrade() -> None:
    for table in ("webhook_deliveries", "webhook_cursors", "webhooks"):
        op.drop_table(table)
