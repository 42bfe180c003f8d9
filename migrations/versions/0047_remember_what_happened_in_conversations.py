"""Remember what happened in conversations, and who follows them.

Safe while the previous release serves: it does not know the tables.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "reactions",
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column("text_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column(
            "reaction",
            sa.Enum(
                "thumbs_up",
                "thumbs_down",
                "laugh",
                "hooray",
                "confused",
                "heart",
                "rocket",
                "eyes",
                name="reaction",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversations.id"],
            name=op.f("fk_reactions_conversation_id_conversations"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_reactions_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reactions")),
        sa.UniqueConstraint(
            "text_id", "user_id", "reaction", name=op.f("uq_reactions_text_id_user_id_reaction")
        ),
    )
    op.create_index(op.f("ix_reactions_conversation_id"), "reactions", ["conversation_id"])
    op.create_index(op.f("ix_reactions_user_id"), "reactions", ["user_id"])
    op.create_table(
        "subscriptions",
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column(
            "because",
            sa.Enum(
                "author",
                "comment",
                "assigned",
                "mention",
                "chosen",
                name="following",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversations.id"],
            name=op.f("fk_subscriptions_conversation_id_conversations"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["users.id"],
            name=op.f("fk_subscriptions_user_id_users"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscriptions")),
        sa.UniqueConstraint(
            "conversation_id", "user_id", name=op.f("uq_subscriptions_conversation_id_user_id")
        ),
    )
    op.create_index(op.f("ix_subscriptions_user_id"), "subscriptions", ["user_id"])
    op.create_table(
        "text_edits",
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column("text_id", sa.Uuid(), nullable=False),
        sa.Column("previous", sa.Text(), nullable=False),
        sa.Column("editor_id", sa.Uuid(), nullable=True),
        sa.Column("edited_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversations.id"],
            name=op.f("fk_text_edits_conversation_id_conversations"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["editor_id"],
            ["users.id"],
            name=op.f("fk_text_edits_editor_id_users"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_text_edits")),
    )
    op.create_index(op.f("ix_text_edits_conversation_id"), "text_edits", ["conversation_id"])
    op.create_index(op.f("ix_text_edits_editor_id"), "text_edits", ["editor_id"])
    op.create_index("ix_text_edits_text_id", "text_edits", ["text_id", "id"])
    op.create_table(
        "timeline_entries",
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "closed",
                "reopened",
                "renamed",
                "labelled",
                "unlabelled",
                "assigned",
                "unassigned",
                "milestoned",
                "demilestoned",
                "locked",
                "unlocked",
                "pinned",
                "unpinned",
                "referenced",
                "committed",
                name="happening",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("actor_label", sa.String(length=100), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("source_id", sa.Uuid(), nullable=True),
        sa.Column("commit", sa.String(length=64), nullable=True),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["actor_id"],
            ["users.id"],
            name=op.f("fk_timeline_entries_actor_id_users"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversations.id"],
            name=op.f("fk_timeline_entries_conversation_id_conversations"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["source_id"],
            ["conversations.id"],
            name=op.f("fk_timeline_entries_source_id_conversations"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["users.id"],
            name=op.f("fk_timeline_entries_user_id_users"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_timeline_entries")),
        sa.UniqueConstraint(
            "conversation_id",
            "kind",
            "commit",
            name=op.f("uq_timeline_entries_conversation_id_kind_commit"),
        ),
        sa.UniqueConstraint(
            "conversation_id",
            "kind",
            "source_id",
            name=op.f("uq_timeline_entries_conversation_id_kind_source_id"),
        ),
    )
    op.create_index(op.f("ix_timeline_entries_actor_id"), "timeline_entries", ["actor_id"])
    op.create_index(
        "ix_timeline_entries_conversation_id", "timeline_entries", ["conversation_id", "id"]
    )
    op.create_index(op.f("ix_timeline_entries_source_id"), "timeline_entries", ["source_id"])
    op.create_index(op.f("ix_timeline_entries_user_id"), "timeline_entries", ["user_id"])


def downgrade() -> None:
    op.drop_table("timeline_entries")
    op.drop_table("text_edits")
    op.drop_table("subscriptions")
    op.drop_table("reactions")
