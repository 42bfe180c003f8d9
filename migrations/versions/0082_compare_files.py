"""Keep signatures of files, and which are nearly the same.

Safe while the previous release serves: it does not know the tables.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0082"
down_revision = "0081"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _of_repository(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["repository_id"],
        ["repositories.id"],
        name=op.f(f"fk_{table}_repository_id_repositories"),
        ondelete="CASCADE",
    )


def _of_signature(table: str, column: str, ondelete: str | None) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column],
        ["file_signatures.key"],
        name=op.f(f"fk_{table}_{column}_file_signatures"),
        ondelete=ondelete,
    )


def upgrade() -> None:
    op.create_table(
        "file_signatures",
        sa.Column("key", BIG, autoincrement=True, nullable=False),
        sa.Column("object_id", sa.String(length=64), nullable=False),
        sa.Column("engine", sa.String(length=64), nullable=False),
        sa.Column("unfit", sa.String(length=16), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_file_signatures")),
        sa.UniqueConstraint(
            "object_id", "engine", name=op.f("uq_file_signatures_object_id_engine")
        ),
    )
    op.create_table(
        "signature_bands",
        sa.Column("band", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("signature_key", BIG, nullable=False),
        sa.PrimaryKeyConstraint("band", "signature_key", name=op.f("pk_signature_bands")),
        _of_signature("signature_bands", "signature_key", "CASCADE"),
    )
    op.create_index("ix_signature_bands_signature_key", "signature_bands", ["signature_key"])
    op.create_table(
        "compared_files",
        sa.Column("repository_id", sa.Uuid(), nullable=False),
        sa.Column("path", sa.LargeBinary(), nullable=False),
        sa.Column("signature_key", BIG, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_compared_files")),
        _of_repository("compared_files"),
        _of_signature("compared_files", "signature_key", None),
    )
    op.create_index("ix_compared_files_repository_id", "compared_files", ["repository_id"])
    op.create_index("ix_compared_files_signature_key", "compared_files", ["signature_key"])
    op.create_table(
        "similar_pairs",
        sa.Column("one_key", BIG, autoincrement=False, nullable=False),
        sa.Column("other_key", BIG, autoincrement=False, nullable=False),
        sa.Column("similarity", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("one_key", "other_key", name=op.f("pk_similar_pairs")),
        sa.CheckConstraint("one_key < other_key", name=op.f("ck_similar_pairs_in_order")),
        _of_signature("similar_pairs", "one_key", "CASCADE"),
        _of_signature("similar_pairs", "other_key", "CASCADE"),
    )
    op.create_index("ix_similar_pairs_other_key", "similar_pairs", ["other_key"])
    op.create_table(
        "compared_repositories",
        sa.Column("repository_id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("engine", sa.String(length=64), nullable=False),
        sa.Column("commit", sa.String(length=64), nullable=False),
        sa.Column("files", sa.Integer(), nullable=False),
        sa.Column("left_out", sa.JSON(), nullable=False),
        sa.Column("is_cut", sa.Boolean(), nullable=False),
        sa.Column("compared_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("repository_id", name=op.f("pk_compared_repositories")),
        _of_repository("compared_repositories"),
    )


def downgrade() -> None:
    for table in (
        *("compared_repositories", "similar_pairs", "compared_files", "signature_bands"),
        "file_signatures",
    ):
        op.drop_table(table)
