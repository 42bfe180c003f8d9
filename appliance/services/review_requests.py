"""Whose review of a pull request is waited for: users, and teams of which one member is enough."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from appliance.access import fetch_conversations, fetch_pulls
from appliance.access.fetch_pulls import SeenPull
from appliance.db.reviews import ReviewRequest
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import events
from appliance.domain.conversations import Following, Happening, Which
from appliance.domain.pull_requests import MOST_REVIEWERS
from appliance.errors import InvalidError, sentence
from appliance.services import conversation_steps

USER, TEAM = "user", "team"


def ask(work: UnitOfWork, which: Which, reviewers: Sequence[str], *, now: datetime) -> None:
    """Ask users (`name`) and teams (`ORG/TEAM`) for a review; once more of who has given one.

    Errors:
        HiddenError, NotFoundError, RefusedError: there is none, or it is not the actor's.
        InvalidError: there is no such reviewer here, it is the author, or there are too many.
        ConflictError: it is closed, or the repository is archived.
    """
    seen = fetch_pulls.to_edit(work, which)
    fetch_pulls.insist_on_open(seen)
    known = {each.user_id or each.team_id for each in _rows(work, seen.pull.id)}
    wanted = _reviewers(work, seen, reviewers)
    if len(known | wanted.keys()) > MOST_REVIEWERS:
        raise InvalidError.of(
            "reviewers", sentence("There are at most %(most)s.", most=MOST_REVIEWERS)
        )
    for reviewer_id, (kind, name, followers) in wanted.items():
        if reviewer_id in known:
            continue
        work.session.add(
            ReviewRequest(
                pull_id=seen.pull.id,
                user_id=reviewer_id if kind == USER else None,
                team_id=reviewer_id if kind == TEAM else None,
                requested_by_id=work.actor.id,
                requested_at=now,
            )
        )
        work.session.flush()  # Followers are asked for below.
        conversation_steps.follow(work, seen.conversation, followers, Following.REVIEW)
        _note(work, seen, Happening.REVIEW_REQUESTED, reviewer_id, kind, name, now=now)
        work.record(
            events.ReviewRequested(
                about=seen.repository.id,
                organisation_id=seen.repository.organisation_id,
                number=seen.conversation.number,
                reviewer_id=str(reviewer_id),
                reviewer_type=kind,
            )
        )


def withdraw(work: UnitOfWork, which: Which, reviewers: Sequence[str], *, now: datetime) -> None:
    """Wait for these reviews no more. Safe to repeat.

    Errors:
        HiddenError, NotFoundError, RefusedError: there is none, or it is not the actor's.
        InvalidError: there is no such reviewer here. ConflictError: the repository is archived.
    """
    seen = fetch_pulls.to_edit(work, which)
    rows = {each.user_id or each.team_id: each for each in _rows(work, seen.pull.id)}
    for reviewer_id, (kind, name, _) in _reviewers(work, seen, reviewers).items():
        row = rows.get(reviewer_id)
        if row is None:
            continue
        work.session.delete(row)
        _note(work, seen, Happening.REVIEW_NOT_REQUESTED, reviewer_id, kind, name, now=now)
        work.record(
            events.ReviewRequestWithdrawn(
                about=seen.repository.id,
                organisation_id=seen.repository.organisation_id,
                number=seen.conversation.number,
                reviewer_id=str(reviewer_id),
                reviewer_type=kind,
            )
        )


def _rows(work: UnitOfWork, pull_id: UUID) -> list[ReviewRequest]:
    return list(
        work.session.scalars(sa.select(ReviewRequest).where(ReviewRequest.pull_id == pull_id))
    )


Found = dict[UUID, tuple[str, str, list[UUID]]]
"""By the id of a user or team: which of the two, its name, and who is to be told."""


def _reviewers(work: UnitOfWork, seen: SeenPull, names: Sequence[str]) -> Found:
    found: Found = {}
    for name in names:
        if "/" in name:
            team = fetch_conversations.team_to_ask(work, seen.repository, name)
            if team is None:
                raise _nobody(name)
            members = fetch_conversations.team_participants(work, seen.repository, name)
            found[team.id] = (TEAM, name, [each.id for each in members])
            continue
        user = fetch_conversations.participant(work, seen.repository, name)
        if user is None:
            raise _nobody(name)
        if user.id == seen.conversation.author_id:
            raise InvalidError.of(
                "reviewers", sentence("Authors cannot review their own pull requests.")
            )
        found[user.id] = (USER, user.name, [user.id])
    return found


def _nobody(name: str) -> InvalidError:
    return InvalidError.of(
        "reviewers", sentence("%(name)s cannot read this repository.", name=name)
    )


def _note(
    work: UnitOfWork,
    seen: SeenPull,
    kind: Happening,
    reviewer_id: UUID,
    thing: str,
    name: str,
    *,
    now: datetime,
) -> None:
    conversation_steps.happened(
        work,
        seen.conversation,
        kind,
        now=now,
        user_id=reviewer_id if thing == USER else None,
        team=name if thing == TEAM else None,
    )
