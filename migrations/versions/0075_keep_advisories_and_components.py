"""Keep feeds of advisories, what is in them, and the components of repositories.

Safe while the previous release serves: it does not know the tables.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0075"
down_revision = "0074"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "advisories",
        sa.Column("key", BIG, autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("since", sa.Integer(), nullable=False),
        sa.Column("until", sa.Integer(), nullable=True),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("modified", sa.String(length=40), nullable=False),
        sa.Column("is_withdrawn", sa.Boolean(), nullable=False),
        sa.Column("canonical", sa.String(length=128), nullable=False),
        sa.Column("severity", sa.String(length=8), nullable=False),
        sa.Column("score", sa.Double(), nullable=True),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("aliases", sa.Text(), nullable=False),
        sa.Column("vectors", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_advisories")),
    )
    op.create_index("ix_advisories_canonical", "advisories", ["canonical"], unique=False)
    op.create_index("ix_advisories_name", "advisories", ["name", "since"], unique=False)
    op.create_index("ix_advisories_since", "advisories", ["since"], unique=False)
    op.create_index("ix_advisories_until", "advisories", ["until"], unique=False)
    op.create_table(
        "epss_scores",
        sa.Column("feed", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("cve", sa.String(length=32), nullable=False),
        sa.Column("score", sa.Double(), nullable=False),
        sa.Column("percentile", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("feed", "cve", name=op.f("pk_epss_scores")),
    )
    op.create_table(
        "feed_roots",
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("threshold", sa.Integer(), nullable=False),
        sa.Column("key_ids", sa.JSON(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("trusted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feed_roots")),
    )
    op.create_index(op.f("ix_feed_roots_trusted_at"), "feed_roots", ["trusted_at"], unique=False)
    op.create_table(
        "known_exploits",
        sa.Column("feed", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("cve", sa.String(length=32), nullable=False),
        sa.Column("added", sa.Date(), nullable=False),
        sa.Column("due", sa.Date(), nullable=True),
        sa.Column("in_ransomware", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("feed", "cve", name=op.f("pk_known_exploits")),
    )
    op.create_table(
        "package_versions",
        sa.Column("key", BIG, autoincrement=True, nullable=False),
        sa.Column("ecosystem", sa.String(length=64), nullable=False),
        sa.Column("family", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=512), nullable=False),
        sa.Column("version", sa.String(length=512), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_package_versions")),
        sa.UniqueConstraint(
            "ecosystem", "name", "version", name=op.f("uq_package_versions_ecosystem_name_version")
        ),
    )
    op.create_table(
        "affected_packages",
        sa.Column("advisory_key", BIG, autoincrement=False, nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("ecosystem", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=512), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["advisory_key"],
            ["advisories.key"],
            name=op.f("fk_affected_packages_advisory_key_advisories"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("advisory_key", "position", name=op.f("pk_affected_packages")),
    )
    op.create_index(
        "ix_affected_packages_name", "affected_packages", ["name", "ecosystem"], unique=False
    )
    op.create_table(
        "package_matches",
        sa.Column("package_key", BIG, nullable=False),
        sa.Column("canonical", sa.String(length=128), nullable=False),
        sa.Column("verdict", sa.String(length=16), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["package_key"],
            ["package_versions.key"],
            name=op.f("fk_package_matches_package_key_package_versions"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("package_key", "canonical", name=op.f("pk_package_matches")),
    )
    op.create_index("ix_package_matches_canonical", "package_matches", ["canonical"], unique=False)
    op.create_table(
        "feeds",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("serial", sa.BigInteger(), nullable=False),
        sa.Column(
            "step",
            sa.Enum(
                "reading",
                "ready",
                "current",
                "earlier",
                "past",
                "failed",
                "discarded",
                name="feedstep",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("file_name", sa.String(length=255), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("is_sample", sa.Boolean(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("files", sa.JSON(), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("difference", sa.JSON(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.Uuid(), nullable=True),
        sa.Column("job_id", sa.Uuid(), nullable=True),
        sa.Column("brought_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("current_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["asked_by"], ["users.id"], name=op.f("fk_feeds_asked_by_users"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feeds")),
        sa.UniqueConstraint("number", name=op.f("uq_feeds_number")),
    )
    op.create_index(op.f("ix_feeds_asked_by"), "feeds", ["asked_by"], unique=False)
    op.create_index(
        "ix_feeds_current",
        "feeds",
        ["step"],
        unique=True,
        sqlite_where=sa.text("step = 'current'"),
        postgresql_where=sa.text("step = 'current'"),
    )
    op.create_table(
        "manifest_files",
        sa.Column("repository_id", sa.Uuid(), nullable=False),
        sa.Column("ref", sa.String(length=255), nullable=False),
        sa.Column("path", sa.LargeBinary(), nullable=False),
        sa.Column("format", sa.String(length=64), nullable=False),
        sa.Column("object_id", sa.String(length=64), nullable=False),
        sa.Column("commit", sa.String(length=64), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("beside", sa.JSON(), nullable=False),
        sa.Column("component_count", sa.Integer(), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["repository_id"],
            ["repositories.id"],
            name=op.f("fk_manifest_files_repository_id_repositories"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_manifest_files")),
        sa.UniqueConstraint(
            "repository_id", "ref", "path", name=op.f("uq_manifest_files_repository_id_ref_path")
        ),
    )
    op.create_table(
        "repositories_to_compare",
        sa.Column("repository_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["repository_id"],
            ["repositories.id"],
            name=op.f("fk_repositories_to_compare_repository_id_repositories"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("repository_id", name=op.f("pk_repositories_to_compare")),
    )
    op.create_table(
        "manifest_components",
        sa.Column("manifest_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("package_key", BIG, nullable=False),
        sa.Column("name", sa.String(length=512), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column(
            "scope",
            sa.Enum(
                "runtime",
                "development",
                "optional",
                name="scope",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("is_direct", sa.Boolean(), nullable=True),
        sa.Column("parents", sa.JSON(), nullable=False),
        sa.Column("wanted", sa.Text(), nullable=False),
        sa.Column("licence", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["manifest_id"],
            ["manifest_files.id"],
            name=op.f("fk_manifest_components_manifest_id_manifest_files"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["package_key"],
            ["package_versions.key"],
            name=op.f("fk_manifest_components_package_key_package_versions"),
        ),
        sa.PrimaryKeyConstraint("manifest_id", "position", name=op.f("pk_manifest_components")),
    )
    op.create_index(
        "ix_manifest_components_package_key", "manifest_components", ["package_key"], unique=False
    )


def downgrade() -> None:
    op.drop_table("manifest_components")
    op.drop_table("repositories_to_compare")
    op.drop_table("manifest_files")
    op.drop_table("feeds")
    op.drop_table("package_matches")
    op.drop_table("affected_packages")
    op.drop_table("package_versions")
    op.drop_table("known_exploits")
    op.drop_table("feed_roots")
    op.drop_table("epss_scores")
    op.drop_table("advisories")
