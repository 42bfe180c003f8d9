"""Create the audit log.

Safe while the previous release serves, because there is none.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audit_events",
        sa.Column(
            "position",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("log", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("category", sa.String(length=32), nullable=False),
        sa.Column(
            "outcome",
            sa.Enum(
                "success",
                "refused",
                "failed",
                name="outcome",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "actor_kind",
            sa.Enum(
                "user",
                "deploy_key",
                "appliance",
                "stranger",
                name="actorkind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("actor_ref", sa.String(length=64), nullable=False),
        sa.Column("target_kind", sa.String(length=32), nullable=False),
        sa.Column("target_ref", sa.String(length=64), nullable=False),
        sa.Column(
            "method",
            sa.Enum(
                "none",
                "session",
                "token",
                "jwt",
                "password",
                "ssh_key",
                "deploy_key",
                "console",
                "internal",
                name="method",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("credential_ref", sa.String(length=64), nullable=False),
        sa.Column("request_id", sa.String(length=64), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_audit_events")),
        sa.UniqueConstraint("event_id", name=op.f("uq_audit_events_event_id")),
    )
    op.create_index(op.f("ix_audit_events_actor_ref"), "audit_events", ["actor_ref"], unique=False)
    op.create_index(
        op.f("ix_audit_events_occurred_at"), "audit_events", ["occurred_at"], unique=False
    )
    op.create_index(
        op.f("ix_audit_events_target_ref"), "audit_events", ["target_ref"], unique=False
    )
    op.create_table(
        "audit_personal_values",
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("field", sa.String(length=64), nullable=False),
        sa.Column("person", sa.String(length=64), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_personal_values")),
        sa.UniqueConstraint(
            "event_id", "field", name=op.f("uq_audit_personal_values_event_id_field")
        ),
    )
    op.create_index(
        op.f("ix_audit_personal_values_person"), "audit_personal_values", ["person"], unique=False
    )
    install_append_only_triggers()


def downgrade() -> None:
    remove_append_only_triggers()
    op.drop_index(op.f("ix_audit_personal_values_person"), table_name="audit_personal_values")
    op.drop_table("audit_personal_values")
    op.drop_index(op.f("ix_audit_events_target_ref"), table_name="audit_events")
    op.drop_index(op.f("ix_audit_events_occurred_at"), table_name="audit_events")
    op.drop_index(op.f("ix_audit_events_actor_ref"), table_name="audit_events")
    op.drop_table("audit_events")


TABLE = "audit_events"


def install_append_only_triggers() -> None:
    """Nothing may change or remove an event, not even the appliance's own account."""
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {TABLE}_no_{verb.lower()} BEFORE {verb} ON {TABLE} "
                f"BEGIN SELECT RAISE(ABORT, '{TABLE} is append-only'); END"
            )
        # INSERT OR REPLACE removes the row in its way without asking the trigger on DELETE.
        op.execute(
            "CREATE TRIGGER audit_events_no_replace BEFORE INSERT ON audit_events WHEN EXISTS ("
            "SELECT 1 FROM audit_events WHERE position = NEW.position OR event_id = NEW.event_id) "
            "BEGIN SELECT RAISE(ABORT, 'audit_events is append-only'); END"
        )
        return
    op.execute(
        f"CREATE FUNCTION {TABLE}_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ "
        f"BEGIN RAISE EXCEPTION '{TABLE} is append-only'; END $$"
    )
    for verb in ("UPDATE", "DELETE", "TRUNCATE"):
        op.execute(
            f"CREATE TRIGGER {TABLE}_no_{verb.lower()} BEFORE {verb} ON {TABLE} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION {TABLE}_refuse()"
        )


def remove_append_only_triggers() -> None:
    """Only for going back to an older release on a test system."""
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE", "REPLACE"):
            op.execute(f"DROP TRIGGER {TABLE}_no_{verb.lower()}")
        return
    for verb in ("UPDATE", "DELETE", "TRUNCATE"):
        op.execute(f"DROP TRIGGER {TABLE}_no_{verb.lower()} ON {TABLE}")
    op.execute(f"DROP FUNCTION {TABLE}_refuse()")
