"""Let rights be reviewed.

Safe while the previous release serves: it does not know the tables.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "access_reviews",
        sa.Column("organisation_id", sa.Uuid(), nullable=True),
        sa.Column("place_name", sa.String(length=39), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("rights", sa.JSON(), nullable=False),
        sa.Column(
            "reviewers", _words("reviewers", "owners", "repository_owners", "named"), nullable=False
        ),
        sa.Column("named", sa.JSON(), nullable=False),
        sa.Column("at_due", _words("atduedate", "keep", "revoke"), nullable=False),
        sa.Column("items", sa.Integer(), nullable=False),
        sa.Column("opened_by", sa.Uuid(), nullable=True),
        sa.Column("opened_by_name", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("repeat_days", sa.Integer(), nullable=True),
        sa.Column("repeat_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("copied_from", sa.Uuid(), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by_name", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisations.id"],
            name=op.f("fk_access_reviews_organisation_id_organisations"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_reviews")),
    )
    op.create_index(op.f("ix_access_reviews_closed_at"), "access_reviews", ["closed_at"])
    op.create_index(
        op.f("ix_access_reviews_organisation_id"), "access_reviews", ["organisation_id"]
    )
    op.create_index(op.f("ix_access_reviews_repeat_at"), "access_reviews", ["repeat_at"])
    op.create_table(
        "review_reviewers",
        sa.Column("review_id", sa.Uuid(), nullable=False),
        sa.Column("place_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["review_id"],
            ["access_reviews.id"],
            name=op.f("fk_review_reviewers_review_id_access_reviews"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["users.id"],
            name=op.f("fk_review_reviewers_user_id_users"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_reviewers")),
        sa.UniqueConstraint(
            "review_id",
            "place_id",
            "user_id",
            name=op.f("uq_review_reviewers_review_id_place_id_user_id"),
        ),
    )
    op.create_index(op.f("ix_review_reviewers_user_id"), "review_reviewers", ["user_id"])
    op.create_table(
        "reviewed_rights",
        sa.Column("review_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column(
            "kind", _words("right", "instance", "membership", "team", "repository"), nullable=False
        ),
        sa.Column("place_id", sa.Uuid(), nullable=False),
        sa.Column("place_name", sa.String(length=141), nullable=False),
        sa.Column("subject_type", sa.String(length=8), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("subject_name", sa.String(length=80), nullable=False),
        sa.Column("subject_key", sa.String(length=80), nullable=False),
        sa.Column("right_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("source", _words("source", "person", "directory", "request"), nullable=False),
        sa.Column("provider_name", sa.String(length=100), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_active_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_push_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decision", _words("decision", "keep", "revoke"), nullable=True),
        sa.Column("by_due_date", sa.Boolean(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_by_name", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column(
            "outcome",
            _words("outcome", "revoked", "to_be_removed", "gone", "failed"),
            nullable=True,
        ),
        sa.Column("gone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["review_id"],
            ["access_reviews.id"],
            name=op.f("fk_reviewed_rights_review_id_access_reviews"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reviewed_rights")),
        sa.UniqueConstraint(
            "review_id", "number", name=op.f("uq_reviewed_rights_review_id_number")
        ),
    )
    op.create_index(op.f("ix_reviewed_rights_decision"), "reviewed_rights", ["decision"])
    op.create_index(op.f("ix_reviewed_rights_outcome"), "reviewed_rights", ["outcome"])
    op.create_index(
        "ix_reviewed_rights_review_id_place_id", "reviewed_rights", ["review_id", "place_id"]
    )


def downgrade() -> None:
    op.drop_table("review_reviewers")
    op.drop_table("reviewed_rights")
    op.drop_table("access_reviews")


def _words(name: str, *words: str) -> sa.Enum:
    return sa.Enum(*words, name=name, native_enum=False, create_constraint=True, length=32)
