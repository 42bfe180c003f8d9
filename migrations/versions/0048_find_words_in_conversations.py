"""Find words in conversations.

Safe while the previous release serves: it does not know the table, and there are no conversations
yet.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0048"
down_revision = "0047"
branch_labels = None
depends_on = None

LEXEMES = "array_to_tsvector(string_to_array(btrim(words), ' '))"
"""Words as they are: how a text is taken apart is one and the same on both databases."""


def upgrade() -> None:
    op.create_table(
        "conversation_texts",
        sa.Column(
            "place",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column("text_id", sa.Uuid(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversations.id"],
            name=op.f("fk_conversation_texts_conversation_id_conversations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("place", name=op.f("pk_conversation_texts")),
        sa.UniqueConstraint("text_id", name=op.f("uq_conversation_texts_text_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        op.f("ix_conversation_texts_conversation_id"), "conversation_texts", ["conversation_id"]
    )
    if op.get_bind().dialect.name == "sqlite":
        index_words_on_sqlite()
    else:
        op.execute(f"CREATE INDEX said_words ON conversation_texts USING gin ({LEXEMES})")


def index_words_on_sqlite() -> None:
    """An index that keeps no text of its own. Source: sqlite.org/fts5.html, section 4.4.3."""
    op.execute(
        "CREATE VIRTUAL TABLE said_words USING fts5(words, content = 'conversation_texts', "
        "content_rowid = 'place', tokenize = 'ascii', detail = 'none', columnsize = 0)"
    )
    add = "INSERT INTO said_words (rowid, words) VALUES (NEW.place, NEW.words);"
    remove = (
        "INSERT INTO said_words (said_words, rowid, words) VALUES ('delete', OLD.place, OLD.words);"
    )
    for name, event, steps in (
        ("insert", "INSERT", add),
        ("delete", "DELETE", remove),
        ("update", "UPDATE OF words", remove + add),
    ):
        op.execute(
            f"CREATE TRIGGER said_words_{name} AFTER {event} ON conversation_texts "
            f"BEGIN {steps} END"
        )


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TABLE said_words")
    op.drop_table("conversation_texts")
