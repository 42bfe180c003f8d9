"""Following a conversation or not, and reacting to texts without words."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from appliance.access import fetch_conversations
from appliance.access.fetch_conversations import Seen
from appliance.access.gate import open_to_everyone
from appliance.db.conversations import ReactionRow, Subscription
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import events
from appliance.domain.conversations import Following, Reaction, Which
from appliance.services.conversation_steps import follow, thing


def set_following(work: UnitOfWork, which: Which, *, follows: bool, now: datetime) -> None:
    """Be told what happens in a conversation, or no longer. Safe to repeat.

    Errors:
        HiddenError, NotFoundError, UnauthenticatedError: there is none, or none for this actor.
    """
    seen = fetch_conversations.to_follow(work, which)
    found = seen.conversation
    row = work.session.scalar(
        sa.select(Subscription).where(
            Subscription.conversation_id == found.id, Subscription.user_id == work.actor.id
        )
    )
    if (row is not None and row.left_at is None) is follows or work.actor.id is None:
        return
    if follows:
        follow(work, found, [work.actor.id], Following.CHOSEN)
    elif row is not None:
        row.left_at = now
    kind = events.IssueFollowed if follows else events.IssueUnfollowed
    work.record(
        kind(
            about=seen.repository.id,
            organisation_id=seen.repository.organisation_id,
            number=found.number,
            thing=thing(found),
        )
    )


def react(
    work: UnitOfWork,
    which: Which,
    reaction: Reaction,
    *,
    comment_id: UUID | None = None,
    given: bool = True,
) -> None:
    """React to a comment, or to the conversation's own text, or take that back. Safe to repeat.

    Errors:
        HiddenError, NotFoundError, UnauthenticatedError: there is none, or none for this actor.
        RefusedError: it is locked. ConflictError: the repository is archived.
    """
    seen = fetch_conversations.to_take_part(work, which)
    text_id = seen.conversation.id
    if comment_id is not None:
        text_id = fetch_conversations.comment(work, which, comment_id)[1].id
    set_reaction(work, seen, text_id, reaction, given=given)


@open_to_everyone(because="whoever reacts to a text was asked whether they may take part")
def set_reaction(
    work: UnitOfWork, seen: Seen, text_id: UUID, reaction: Reaction, *, given: bool
) -> None:
    """Let the actor have reacted to a text of a conversation, or not. Safe to repeat."""
    row = work.session.scalar(
        sa.select(ReactionRow).where(
            ReactionRow.text_id == text_id,
            ReactionRow.user_id == work.actor.id,
            ReactionRow.reaction == reaction,
        )
    )
    if (row is not None) is given:
        return
    if row is not None:
        work.session.delete(row)
    else:
        values = {"text_id": text_id, "user_id": work.actor.id, "reaction": reaction}
        work.session.add(ReactionRow(conversation_id=seen.conversation.id, **values))
    kind = events.IssueReacted if given else events.IssueReactionRemoved
    work.record(
        kind(
            about=seen.repository.id,
            organisation_id=seen.repository.organisation_id,
            number=seen.conversation.number,
            thing=thing(seen.conversation),
            reaction=reaction,
            comment_id=str(text_id) if text_id != seen.conversation.id else None,
        )
    )
