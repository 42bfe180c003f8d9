"""Let a repository have a wiki: a repository of its own, that belongs to it.

Safe while the previous release serves: it writes neither column, and no repository has a wiki
before somebody switches one on in the new release. SQLite is asked for the column in its own
words: rewriting the table would delete it first, and with it all that refers to repositories.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0067"
down_revision = "0066"
branch_labels = None
depends_on = None

KEY = "fk_repositories_wiki_of_id_repositories"
INDEX = "uq_repositories_wiki_of_id"
TABLE = "repositories"


def upgrade() -> None:
    op.add_column(
        TABLE, sa.Column("has_wiki", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            f"ALTER TABLE {TABLE} ADD COLUMN wiki_of_id CHAR(32) "
            f"CONSTRAINT {KEY} REFERENCES {TABLE} (id)"
        )
    else:
        op.add_column(TABLE, sa.Column("wiki_of_id", sa.Uuid(), nullable=True))
        op.create_foreign_key(KEY, TABLE, TABLE, ["wiki_of_id"], ["id"])
    op.create_index(INDEX, TABLE, ["wiki_of_id"], unique=True)


def downgrade() -> None:
    wikis = sa.table(TABLE, sa.column("wiki_of_id"))
    op.execute(sa.delete(wikis).where(wikis.c.wiki_of_id.is_not(None)))
    op.drop_index(INDEX, TABLE)
    if op.get_bind().dialect.name != "sqlite":
        op.drop_constraint(KEY, TABLE, type_="foreignkey")
    op.drop_column(TABLE, "wiki_of_id")
    op.drop_column(TABLE, "has_wiki")
