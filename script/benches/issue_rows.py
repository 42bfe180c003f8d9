"""Rows of many issues and pull requests, with labels, assignees, comments and words, as one insert
for each table; and an inbox full of them.
"""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from appliance.db.base import Table
from appliance.db.conversations import Assignee, Comment, Conversation, SaidWords, Subscription
from appliance.db.labels import Label, LabelLink
from appliance.db.notifications import Notification
from appliance.db.pulls import PatchSet, PullRequest
from appliance.db.repositories import Repository
from appliance.domain.audit_words import stored
from appliance.domain.conversations import (
    ClosedAs,
    ConversationKind,
    ConversationState,
    Following,
)
from appliance.domain.ids import new_id
from appliance.domain.notifications import Reason, Tale
from appliance.domain.pull_requests import Shift
from tests.world import World

MANY, FEW = 20, 60
"""People who are assigned, and other repositories; issues where there are few."""
LABELS = 10
AT_ONCE = 2_000
WORD = "often"
"""What a third of all texts say."""
VOCABULARY = [f"word{at}" for at in range(5_000)]
BEGAN = datetime(2026, 1, 2, tzinfo=UTC)
Rows = dict[type[Table], list[dict[str, Any]]]


def fill(world: World, path: str, issues: int, pulls: int, chance: random.Random) -> None:
    """Give a repository so many issues, and after them pull requests."""
    repository = world._repository(path).id  # noqa: SLF001 - what the tests build theirs with.
    people = [world.actor(f"member-{at}").id for at in range(MANY)]
    labels = [new_id() for _ in range(LABELS)]
    rows: Rows = {
        Label: [
            {
                "id": each,
                "repository_id": repository,
                "name": f"label-{at}",
                "name_key": f"label-{at}",
                "colour": "336699",
                "description": "",
            }
            for at, each in enumerate(labels)
        ]
    }
    for number in range(1, issues + pulls + 1):
        is_pull = number > issues
        made = _conversation(repository, number, people, chance, is_pull=is_pull)
        rows.setdefault(Conversation, []).append(made)
        _about(rows, made, people, labels, chance)
        if is_pull:
            _pull(rows, made)
    with world.wiring.database.engine.begin() as connection:
        for table, values in rows.items():
            for at in range(0, len(values), AT_ONCE):  # A statement is given only so much time.
                connection.execute(sa.insert(table), values[at : at + AT_ONCE])
        counted = sa.update(Repository).where(Repository.id == repository)
        connection.execute(counted.values(conversations_numbered=issues + pulls))


def fill_inbox(world: World, name: str, number: int) -> None:
    """Tell somebody of so many conversations; of every third they know."""
    user_id = world.actor(name).id
    with world.wiring.database.engine.begin() as connection:
        query = sa.select(Conversation.id, Conversation.author_id)
        found = connection.execute(query.order_by(Conversation.id).limit(number)).all()
        told = [
            {
                "id": new_id(),
                "user_id": user_id,
                "conversation_id": row.id,
                "reason": Reason.SUBSCRIBED,
                "tale": Tale.COMMENTED,
                "actor_id": row.author_id,
                "text_id": None,
                "happened_at": BEGAN + timedelta(minutes=at),
                "read_at": BEGAN + timedelta(days=30) if at % 3 == 0 else None,
                "done_at": None,
            }
            for at, row in enumerate(found)
        ]
        connection.execute(sa.insert(Notification), told)


def _conversation(
    repository: UUID, number: int, people: list[Any], chance: random.Random, *, is_pull: bool
) -> dict[str, Any]:
    at = BEGAN + timedelta(minutes=number)
    is_closed = chance.random() < 0.6  # noqa: PLR2004 - more than half are done.
    said = [WORD] * (number % 3 == 0) + ["seldom"] * (number % 500 == 0)
    return {
        "id": new_id(),
        "repository_id": repository,
        "number": number,
        "kind": ConversationKind.PULL_REQUEST if is_pull else ConversationKind.ISSUE,
        "title": " ".join(chance.choices(VOCABULARY, k=6)),
        "body": " ".join([*said, *chance.choices(VOCABULARY, k=40)]),
        "author_id": chance.choice(people),
        "state": ConversationState.CLOSED if is_closed else ConversationState.OPEN,
        "closed_as": ClosedAs.COMPLETED if is_closed else None,
        "closed_at": at if is_closed else None,
        "comment_count": number % 7,
        "created_at": at,
        "updated_at": at + timedelta(minutes=chance.randrange(100_000)),
    }


def _about(
    rows: Rows, made: dict[str, Any], people: list[Any], labels: list[UUID], chance: random.Random
) -> None:
    here = {"conversation_id": made["id"]}
    for each in chance.sample(labels, chance.randrange(4)):
        rows.setdefault(LabelLink, []).append({"id": new_id(), **here, "label_id": each})
    if chance.random() < 0.3:  # noqa: PLR2004 - somebody deals with a third.
        somebody = {"id": new_id(), **here, "user_id": chance.choice(people)}
        rows.setdefault(Assignee, []).append(somebody)
    follows = {"id": new_id(), **here, "user_id": made["author_id"], "because": Following.AUTHOR}
    rows.setdefault(Subscription, []).append(follows)
    texts: list[tuple[Any, tuple[str, ...]]] = [(made["id"], (made["title"], made["body"]))]
    for _ in range(made["comment_count"] // 2):
        body = " ".join(chance.choices(VOCABULARY, k=30))
        comment = {"id": new_id(), **here, "author_id": chance.choice(people), "body": body}
        rows.setdefault(Comment, []).append({**comment, "created_at": made["created_at"]})
        texts.append((comment["id"], (body,)))
    for text_id, words in texts:
        kept = {**here, "text_id": text_id, "words": stored(words)}
        rows.setdefault(SaidWords, []).append(kept)


def _pull(rows: Rows, made: dict[str, Any]) -> None:
    oids = {"head_oid": f"{made['number']:040x}", "target_oid": "1" * 40, "base_oid": "1" * 40}
    pull = {
        "id": made["id"],
        "repository_id": made["repository_id"],
        "target_branch": b"main",
        "source_repository_id": made["repository_id"],
        "source_branch": f"topic-{made['number']}".encode(),
        "head_oid": oids["head_oid"],
        "patch_sets_numbered": 1,
    }
    rows.setdefault(PullRequest, []).append(pull)
    kept = {"id": new_id(), "pull_id": made["id"], "number": 1, **oids, "shift": next(iter(Shift))}
    rows.setdefault(PatchSet, []).append({**kept, "created_at": made["created_at"]})
