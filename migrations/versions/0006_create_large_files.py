"""Create large files.

Safe while the previous release serves, because there is none.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "lfs_objects",
        sa.Column("oid", sa.String(length=64), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("stored_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lfs_objects")),
        sa.UniqueConstraint("oid", name=op.f("uq_lfs_objects_oid")),
    )
    op.create_table(
        "lfs_links",
        sa.Column("repository_id", sa.Uuid(), nullable=False),
        sa.Column("object_id", sa.Uuid(), nullable=False),
        sa.Column("linked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("unreached_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["object_id"],
            ["lfs_objects.id"],
            name=op.f("fk_lfs_links_object_id_lfs_objects"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["repository_id"],
            ["repositories.id"],
            name=op.f("fk_lfs_links_repository_id_repositories"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lfs_links")),
        sa.UniqueConstraint(
            "repository_id", "object_id", name=op.f("uq_lfs_links_repository_id_object_id")
        ),
    )
    op.create_index(op.f("ix_lfs_links_object_id"), "lfs_links", ["object_id"], unique=False)
    op.create_table(
        "lfs_locks",
        sa.Column("repository_id", sa.Uuid(), nullable=False),
        sa.Column("path", sa.String(length=4096), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("locked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["repository_id"],
            ["repositories.id"],
            name=op.f("fk_lfs_locks_repository_id_repositories"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_lfs_locks_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lfs_locks")),
        sa.UniqueConstraint("repository_id", "path", name=op.f("uq_lfs_locks_repository_id_path")),
    )
    op.create_index(op.f("ix_lfs_locks_user_id"), "lfs_locks", ["user_id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_lfs_locks_user_id"), table_name="lfs_locks")
    op.drop_table("lfs_locks")
    op.drop_index(op.f("ix_lfs_links_object_id"), table_name="lfs_links")
    op.drop_table("lfs_links")
    op.drop_table("lfs_objects")
