"""Grow logs from a queue: entries, bodies, personal values, trees, signed states, and searching.

Not safe while the previous release serves: what it recorded is moved, and it would find no table.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import context, op

from appliance.db import earlier_events

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    create_queue()
    create_logs()
    create_search()
    # What was recorded before goes into the queue in its order, and from there into the logs.
    earlier_events.move(op.get_bind())
    remove_append_only_triggers("audit_events")
    op.drop_table("audit_personal_values")
    op.drop_table("audit_events")
    guard()


def create_queue() -> None:
    op.create_table(
        "audit_queue",
        sa.Column("position", BIG, autoincrement=True, nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("log", sa.String(length=100), nullable=False),
        sa.Column("header", sa.Text(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=True),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("personal", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_audit_queue")),
        # A position that was given out once is never given out again, whatever was deleted.
        sqlite_autoincrement=True,
    )


def create_logs() -> None:
    op.create_table(
        "audit_logs",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("origin", sa.String(length=255), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("edge", sa.LargeBinary(), nullable=False),
        sa.Column("searchable", sa.BigInteger(), nullable=False),
        sa.Column("minimum", sa.BigInteger(), nullable=False),
        sa.Column("minimum_bodies", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_logs")),
        sa.UniqueConstraint("name", "generation", name=op.f("uq_audit_logs_name_generation")),
        sa.UniqueConstraint("origin", name=op.f("uq_audit_logs_origin")),
    )
    op.create_table(
        "audit_leaves",
        *_place(),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("header", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("log_id", "idx", name=op.f("pk_audit_leaves")),
        sa.UniqueConstraint("event_id", name=op.f("uq_audit_leaves_event_id")),
    )
    op.create_table(
        "audit_bodies",
        *_place(),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("log_id", "idx", name=op.f("pk_audit_bodies")),
    )
    op.create_table(
        "audit_values",
        *_place(),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("field", sa.String(length=64), nullable=False),
        sa.Column("person", sa.String(length=64), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("log_id", "idx", "number", name=op.f("pk_audit_values")),
    )
    op.create_index(op.f("ix_audit_values_person"), "audit_values", ["person"])
    op.create_table(
        "person_keys",
        sa.Column("person", sa.String(length=64), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("destroyed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("person", name=op.f("pk_person_keys")),
    )
    op.create_table(
        "audit_tiles",
        sa.Column("log_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("level", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("idx", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("hashes", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("log_id", "level", "idx", name=op.f("pk_audit_tiles")),
    )
    op.create_table(
        "audit_checkpoints",
        sa.Column("log_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("log_id", "size", name=op.f("pk_audit_checkpoints")),
    )


def _place() -> tuple[sa.Column[Any], ...]:
    return (
        sa.Column("log_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("idx", sa.BigInteger(), autoincrement=False, nullable=False),
    )


def create_search() -> None:
    op.create_table(
        "audit_search",
        *_place(),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("action", sa.String(length=100), nullable=False),
        sa.Column("category", sa.String(length=32), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("actor_type", sa.String(length=32), nullable=False),
        sa.Column("actor_ref", sa.String(length=64), nullable=False),
        sa.Column("target_type", sa.String(length=32), nullable=False),
        sa.Column("target_ref", sa.String(length=64), nullable=False),
        sa.Column("method", sa.String(length=32), nullable=False),
        sa.Column("token_ref", sa.String(length=64), nullable=False),
        sa.Column("request_id", sa.String(length=64), nullable=False),
        sa.Column("address", sa.LargeBinary(), nullable=True),
        sa.Column("words", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("log_id", "idx", name=op.f("pk_audit_search")),
    )
    op.create_index(op.f("ix_audit_search_occurred_at"), "audit_search", ["occurred_at"])
    op.create_index(op.f("ix_audit_search_request_id"), "audit_search", ["request_id"])
    for name, column in (
        ("actor", "actor_ref"),
        ("target", "target_ref"),
        ("action", "action"),
        ("address", "address"),
    ):
        op.create_index(f"ix_audit_search_{name}", "audit_search", ["log_id", column, "idx"])


GONE = "(SELECT {column} FROM audit_logs WHERE id = OLD.log_id)"
GUARDED = {
    # What may be deleted; nothing of these may ever be changed.
    "audit_leaves": "OLD.idx < " + GONE.format(column="minimum"),
    "audit_bodies": "OLD.idx < " + GONE.format(column="minimum_bodies"),
    "audit_values": "TRUE",
    "audit_checkpoints": "TRUE",
}
KEYS = {
    "audit_leaves": "(log_id = NEW.log_id AND idx = NEW.idx) OR event_id = NEW.event_id",
    "audit_bodies": "log_id = NEW.log_id AND idx = NEW.idx",
    "audit_values": "log_id = NEW.log_id AND idx = NEW.idx AND number = NEW.number",
    "audit_checkpoints": "log_id = NEW.log_id AND size = NEW.size",
}
ONLY_GROWS = (
    "NEW.id <> OLD.id OR NEW.name <> OLD.name OR NEW.generation <> OLD.generation "
    "OR NEW.origin <> OLD.origin OR NEW.size < OLD.size OR NEW.minimum < OLD.minimum "
    "OR NEW.minimum_bodies < OLD.minimum_bodies"
)


def guard() -> None:
    """Nothing may change what is in a log, not even the appliance's own account."""
    if op.get_bind().dialect.name == "sqlite":
        _guard_sqlite()
    else:
        _guard_postgresql()


def _guard_sqlite() -> None:
    for table, may_go in GUARDED.items():
        _sqlite_trigger(f"{table}_no_update", f"BEFORE UPDATE ON {table}")
        _sqlite_trigger(f"{table}_no_delete", f"BEFORE DELETE ON {table} WHEN NOT ({may_go})")
        # INSERT OR REPLACE removes the row in its way without asking the trigger on DELETE.
        exists = f"EXISTS (SELECT 1 FROM {table} WHERE {KEYS[table]})"  # noqa: S608 - own words.
        _sqlite_trigger(f"{table}_no_replace", f"BEFORE INSERT ON {table} WHEN {exists}")
    _sqlite_trigger("audit_logs_only_grow", f"BEFORE UPDATE ON audit_logs WHEN {ONLY_GROWS}")
    _sqlite_trigger("audit_logs_no_delete", "BEFORE DELETE ON audit_logs")


def _sqlite_trigger(name: str, when: str) -> None:
    op.execute(
        f"CREATE TRIGGER {name} {when} BEGIN SELECT RAISE(ABORT, 'the audit log only grows'); END"
    )


def _guard_postgresql() -> None:
    op.execute(
        "CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ "
        "BEGIN RAISE EXCEPTION 'the audit log only grows'; END $$"
    )
    for table, may_go in GUARDED.items():
        _postgresql_trigger(table, "UPDATE", "FOR EACH ROW")
        _postgresql_trigger(table, "TRUNCATE", "FOR EACH STATEMENT")
        if may_go == "TRUE":
            continue
        # A condition of a trigger cannot look into another table; a function can.
        op.execute(
            f"CREATE FUNCTION {table}_may_go() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"IF NOT ({may_go}) THEN RAISE EXCEPTION 'the audit log only grows'; END IF; "
            "RETURN OLD; END $$"
        )
        op.execute(
            f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION {table}_may_go()"
        )
    _postgresql_trigger("audit_logs", "UPDATE", f"FOR EACH ROW WHEN ({ONLY_GROWS})")
    _postgresql_trigger("audit_logs", "DELETE", "FOR EACH ROW")
    _postgresql_trigger("audit_logs", "TRUNCATE", "FOR EACH STATEMENT")


def _postgresql_trigger(table: str, verb: str, rest: str) -> None:
    op.execute(
        f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
        f"{rest} EXECUTE FUNCTION audit_refuse()"
    )


def remove_append_only_triggers(table: str) -> None:
    """Of the table before; they go with it on PostgreSQL, but not their function."""
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("update", "delete", "replace"):
            op.execute(f"DROP TRIGGER {table}_no_{verb}")
        return
    for verb in ("update", "delete", "truncate"):
        op.execute(f"DROP TRIGGER {table}_no_{verb} ON {table}")
    op.execute(f"DROP FUNCTION {table}_refuse()")


def downgrade() -> None:
    """Only while nothing has been recorded: a log is not taken apart again."""
    connection = op.get_bind()
    if connection.scalar(sa.text("SELECT count(*) FROM audit_queue")) or connection.scalar(
        sa.text("SELECT count(*) FROM audit_logs")
    ):
        raise RuntimeError(
            "An audit log is not taken apart again. Restore the backup that was made before."
        )
    for table in reversed(TABLES):
        op.drop_table(table)
    if connection.dialect.name != "sqlite":
        for table, may_go in GUARDED.items():
            if may_go != "TRUE":
                op.execute(f"DROP FUNCTION {table}_may_go()")
        op.execute("DROP FUNCTION audit_refuse()")
    context.script.get_revision(down_revision).module.upgrade()


TABLES = ("audit_queue", "audit_logs", *GUARDED, "person_keys", "audit_tiles", "audit_search")
