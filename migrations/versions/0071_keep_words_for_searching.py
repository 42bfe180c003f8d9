"""Keep the words of conversations as PostgreSQL searches them.

An index of an expression alone made it take texts apart again wherever it read the table instead
of the index, which it does for a word that many texts have.

Safe while the previous release serves: the column fills itself. The table is written anew, which
takes about a second for each 50,000 texts and makes writers of comments wait so long.
"""

from __future__ import annotations

from alembic import op

revision = "0071"
down_revision = "0070"
branch_labels = None
depends_on = None

LEXEMES = "array_to_tsvector(string_to_array(btrim(words), ' '))"


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        return
    op.execute(
        "ALTER TABLE conversation_texts ADD COLUMN said_words_kept tsvector "
        f"GENERATED ALWAYS AS ({LEXEMES}) STORED"
    )
    op.execute("DROP INDEX said_words")
    op.execute("CREATE INDEX said_words ON conversation_texts USING gin (said_words_kept)")


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        return
    op.execute("ALTER TABLE conversation_texts DROP COLUMN said_words_kept")
    op.execute(f"CREATE INDEX said_words ON conversation_texts USING gin ({LEXEMES})")
