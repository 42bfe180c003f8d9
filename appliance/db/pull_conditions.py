"""What searches ask of pull requests, as conditions on their conversations."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import orm

from appliance.db.conversations import Conversation
from appliance.db.organisations import TeamMembership
from appliance.db.pulls import PullRequest
from appliance.db.reviews import Review, ReviewRequest
from appliance.db.users import User
from appliance.domain.pull_requests import Verdict

STATES = frozenset({"draft", "merged"})
VERDICTS = {"approved": Verdict.APPROVE, "changes": Verdict.REQUEST_CHANGES}
Condition = sa.ColumnElement[bool]


def state(repository_id: UUID | None, value: str) -> Condition:
    """Those that are drafts, or were merged."""
    if value == "draft":
        return _those(repository_id, PullRequest.is_draft.is_(True))
    return _those(repository_id, PullRequest.merged_at.is_not(None))


def into(repository_id: UUID | None, branch: str) -> Condition:
    """Those that are to come into a branch."""
    return _those(repository_id, PullRequest.target_branch == branch.encode())


def source(repository_id: UUID | None, branch: str) -> Condition:
    """Those that come from a branch of that name, wherever it is."""
    return _those(repository_id, PullRequest.source_branch == branch.encode())


def approvers(repository_id: UUID) -> sa.Select[User]:
    """Who has approved anything in a repository."""
    ids = (
        sa.select(Review.author_id)
        .join(PullRequest, PullRequest.id == Review.pull_id)
        .where(PullRequest.repository_id == repository_id, Review.verdict == Verdict.APPROVE)
    )
    return sa.select(User).where(User.id.in_(ids))


def review(repository_id: UUID, value: str, counting: Collection[UUID]) -> Condition:
    """Those of which somebody's last word is that; or that nobody has judged. Of approvals, only
    those of `counting` count.
    """
    counts = sa.or_(Review.verdict != Verdict.APPROVE, Review.author_id.in_(counting))
    judged = (
        sa.select(Review.pull_id)
        .join(PullRequest, PullRequest.id == Review.pull_id)
        .where(
            PullRequest.repository_id == repository_id, Review.verdict != Verdict.COMMENT, counts
        )
    )
    if value not in VERDICTS:
        return Conversation.id.not_in(judged.where(Review.dismissed_at.is_(None)))
    later = orm.aliased(Review)
    is_overtaken = sa.exists().where(
        later.pull_id == Review.pull_id,
        later.author_id == Review.author_id,
        later.verdict != Verdict.COMMENT,
        later.id > Review.id,
    )
    return Conversation.id.in_(
        judged.where(
            Review.verdict == VERDICTS[value], Review.dismissed_at.is_(None), ~is_overtaken
        )
    )


def reviewer(user: sa.Select[Any]) -> Condition:
    """Those that wait for somebody's review, or one of a team of theirs, or that they reviewed."""
    teams = sa.select(TeamMembership.team_id).where(TeamMembership.user_id.in_(user))
    asked = sa.select(ReviewRequest.pull_id).where(
        sa.or_(ReviewRequest.user_id.in_(user), ReviewRequest.team_id.in_(teams))
    )
    given = sa.select(Review.pull_id).where(Review.author_id.in_(user))
    return sa.or_(Conversation.id.in_(asked), Conversation.id.in_(given))


def _those(repository_id: UUID | None, *conditions: Condition) -> Condition:
    """Of one repository, or of all."""
    found = sa.select(PullRequest.id).where(*conditions)
    if repository_id is not None:
        found = found.where(PullRequest.repository_id == repository_id)
    return Conversation.id.in_(found)
