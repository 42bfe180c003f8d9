"""Remember archives of other systems that are brought in, and what came of each repository.

Safe while the previous release serves: it does not know the tables.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0066"
down_revision = "0065"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    states = ("waiting", "reading", "ready", "running", "done", "failed", "cancelled")
    op.create_table(
        "archive_imports",
        sa.Column("asked_by", sa.Uuid(), nullable=True),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("source", _one_of("archivesource", "upload", "folder"), nullable=False),
        sa.Column("file_name", sa.String(length=255), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("form", sa.String(length=32), nullable=False),
        sa.Column("state", _one_of("importstate", *states), nullable=False),
        sa.Column("people", sa.JSON(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("finished_at", TIME, nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        _of("archive_imports", "asked_by", "users", "SET NULL"),
        _of("archive_imports", "owner_id", "owners", "SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_archive_imports")),
    )
    for column in ("asked_by", "owner_id"):
        op.create_index(op.f(f"ix_archive_imports_{column}"), "archive_imports", [column])
    _parts()


def _parts() -> None:
    table = "archive_import_parts"
    state = _one_of("partstate", "waiting", "running", "done", "failed")
    op.create_table(
        table,
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("there", sa.String(length=255), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("is_wanted", sa.Boolean(), nullable=False),
        sa.Column("state", state, nullable=False),
        sa.Column("repository_id", sa.Uuid(), nullable=True),
        sa.Column("holds", sa.JSON(), nullable=False),
        sa.Column("report", sa.JSON(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        _of(table, "import_id", "archive_imports", "CASCADE"),
        _of(table, "repository_id", "repositories", "SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("import_id", "position", name=op.f(f"uq_{table}_import_id_position")),
    )
    op.create_index(op.f(f"ix_{table}_repository_id"), table, ["repository_id"])


def _one_of(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def _of(table: str, column: str, other: str, ondelete: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}_{other}"), ondelete=ondelete
    )


def downgrade() -> None:
    op.drop_table("archive_import_parts")
    op.drop_table("archive_imports")
