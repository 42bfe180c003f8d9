"""Find words in the audit log, and whatever happened in the order of time over all logs.

Not safe while the previous release serves: it writes words in another way. What can be searched for
is made anew from the logs, a few thousand entries in a second, while the new release serves.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import context, op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INDEXED = (
    ("log", "log_id", None),
    ("actor", "actor_ref", None),
    ("target", "target_ref", None),
    ("action", "action", None),
    ("category", "category", None),
    ("outcome", "outcome", "outcome <> 'success'"),
    ("named", "named_ref", "named_ref <> ''"),
    ("token", "token_ref", "token_ref <> ''"),
)
LEXEMES = "array_to_tsvector(string_to_array(btrim(words), ' '))"
"""Words as they are: how a text is taken apart is one and the same on both databases."""


def upgrade() -> None:
    op.drop_table("audit_search")
    op.create_table(
        "audit_search",
        sa.Column("place", BIG, autoincrement=True, nullable=False),
        sa.Column("log_id", sa.Integer(), nullable=False),
        sa.Column("idx", sa.BigInteger(), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("action", sa.String(length=100), nullable=False),
        sa.Column("category", sa.String(length=32), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("actor_type", sa.String(length=32), nullable=False),
        sa.Column("actor_ref", sa.String(length=64), nullable=False),
        sa.Column("target_type", sa.String(length=32), nullable=False),
        sa.Column("target_ref", sa.String(length=64), nullable=False),
        sa.Column("named_ref", sa.String(length=64), nullable=False),
        sa.Column("method", sa.String(length=32), nullable=False),
        sa.Column("token_ref", sa.String(length=64), nullable=False),
        sa.Column("request_id", sa.String(length=64), nullable=False),
        sa.Column("address", sa.LargeBinary(), nullable=True),
        sa.Column("words", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("place", name=op.f("pk_audit_search")),
        sa.UniqueConstraint("log_id", "idx", name=op.f("uq_audit_search_log_id_idx")),
        sqlite_autoincrement=True,
    )
    for column in ("occurred_at", "request_id", "address"):
        op.create_index(op.f(f"ix_audit_search_{column}"), "audit_search", [column])
    for name, column, where in INDEXED:
        condition = None if where is None else sa.text(where)
        op.create_index(
            f"ix_audit_search_{name}",
            "audit_search",
            [column, "occurred_at"],
            sqlite_where=condition,
            postgresql_where=condition,
        )
    if op.get_bind().dialect.name == "sqlite":
        index_words_on_sqlite()
    else:
        op.execute(f"CREATE INDEX audit_words ON audit_search USING gin ({LEXEMES})")
    op.execute("UPDATE audit_logs SET searchable = 0")


def index_words_on_sqlite() -> None:
    """An index that keeps no text of its own. Source: sqlite.org/fts5.html, section 4.4.3."""
    op.execute(
        "CREATE VIRTUAL TABLE audit_words USING fts5(words, content = 'audit_search', "
        "content_rowid = 'place', tokenize = 'ascii', detail = 'none', columnsize = 0)"
    )
    add = "INSERT INTO audit_words (rowid, words) VALUES (NEW.place, coalesce(NEW.words, ''));"
    remove = (
        "INSERT INTO audit_words (audit_words, rowid, words) "
        "VALUES ('delete', OLD.place, coalesce(OLD.words, ''));"
    )
    for name, event, steps in (
        ("insert", "INSERT", add),
        ("delete", "DELETE", remove),
        ("update", "UPDATE OF words", remove + add),
    ):
        op.execute(
            f"CREATE TRIGGER audit_words_{name} AFTER {event} ON audit_search BEGIN {steps} END"
        )


def downgrade() -> None:
    """What the previous release finds is made anew from the logs, too."""
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TABLE audit_words")
    op.drop_table("audit_search")
    context.script.get_revision("0009").module.create_search()
    op.execute("UPDATE audit_logs SET searchable = 0")
