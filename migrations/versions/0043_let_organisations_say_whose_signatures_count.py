"""Let organisations trust authorities and demand signatures, and people register certificates.

Safe while the previous release serves: it does not know the tables. Authorities of organisations
stand in a table of their own, because that release would let each one it finds count everywhere.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None


def _organisation(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["organisation_id"],
        ["organisations.id"],
        name=op.f(f"fk_{table}_organisation_id_organisations"),
        ondelete="CASCADE",
    )


def upgrade() -> None:
    op.create_table(
        "organisation_x509_authorities",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.String(length=100), nullable=False),
        sa.Column("subject", sa.String(length=500), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("certificate", sa.LargeBinary(), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revocations", sa.LargeBinary(), nullable=True),
        sa.Column("revocations_digest", sa.String(length=64), nullable=True),
        sa.Column("revoked_count", sa.Integer(), nullable=True),
        sa.Column("revocations_made_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revocations_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        _organisation("organisation_x509_authorities"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisation_x509_authorities")),
        sa.UniqueConstraint(
            "organisation_id",
            "fingerprint",
            name=op.f("uq_organisation_x509_authorities_organisation_id_fingerprint"),
        ),
    )
    op.create_table(
        "signing_rules",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("pattern", sa.String(length=255), nullable=False),
        sa.Column("signed_by", sa.JSON(), nullable=False),
        sa.Column("signed_push", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        _organisation("signing_rules"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signing_rules")),
        sa.UniqueConstraint(
            "organisation_id", "pattern", name=op.f("uq_signing_rules_organisation_id_pattern")
        ),
    )
    op.create_table(
        "x509_certificates",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.String(length=500), nullable=False),
        sa.Column("addresses", sa.JSON(), nullable=False),
        sa.Column("certificate", sa.LargeBinary(), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["users.id"],
            name=op.f("fk_x509_certificates_user_id_users"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_x509_certificates")),
        sa.UniqueConstraint("fingerprint", name=op.f("uq_x509_certificates_fingerprint")),
    )
    op.create_index(op.f("ix_x509_certificates_user_id"), "x509_certificates", ["user_id"])


def downgrade() -> None:
    op.drop_table("x509_certificates")
    op.drop_table("signing_rules")
    op.drop_table("organisation_x509_authorities")
