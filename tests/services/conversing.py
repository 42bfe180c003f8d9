"""A repository in which people talk, and quick ways to let them."""

from __future__ import annotations

import sqlalchemy as sa

from appliance.db.conversations import Conversation, Subscription
from appliance.domain.conversations import Which
from appliance.domain.issue_query import parse
from appliance.domain.permissions import Role
from appliance.services import (
    conversation_lists,
    conversation_sorting,
    conversation_timeline,
    conversations,
)
from appliance.services.conversations import NewIssue
from tests.world import NOON

NOTES = "lab/notes"
ONE = Which(NOTES, 1)


def settled(world):
    """A repository with one of each, and an issue of a reader's."""
    world.repository(NOTES)
    for role in ("reader", "triager", "writer", "other"):
        world.user(role, role=Role.READER if role == "other" else Role(role), on=NOTES)
    world.user("outsider")
    opened(world, "reader", "It breaks", "Since #2 it does. cc @other @outsider @nobody")
    return world


def opened(world, who, title, body="", path=NOTES, sorting=conversation_sorting.UNSORTED):
    with world.begin(world.actor(who)) as work:
        new = NewIssue(title, body, sorting)
        return conversations.open_issue(work, path, new, now=NOON).number


def done(world, who, verb, *arguments, **named):  # noqa: ANN002, ANN003 - whatever a verb takes.
    with world.begin(world.actor(who)) as work:
        return verb(work, *arguments, now=NOON, **named)


def happened(world, who="reader", which=ONE):
    with world.reading(world.actor(who)) as work:
        found = conversation_timeline.timeline(work, which).items
    return [str(each.kind or "comment") for each in found]


def found(world, query, who="reader", path=NOTES):
    with world.reading(world.actor(who)) as work:
        page = conversation_lists.listed(work, path, parse(query))
    return [each.conversation.number for each in page.items]


def followers(world, number=1):
    query = (
        sa.select(Subscription)
        .join(Conversation, Conversation.id == Subscription.conversation_id)
        .where(Conversation.number == number, Subscription.left_at.is_(None))
    )
    with world.wiring.database._reading() as session:
        return sorted(str(each.because) for each in session.scalars(query))
