"""Starring repositories, and pinning some to one's own page."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from appliance.access import fetch, fetch_conversations, gate, visible
from appliance.db import paging
from appliance.db.repositories import Repository
from appliance.db.stars import PinnedRepository, Star
from appliance.db.unit_of_work import UnitOfWork
from appliance.db.users import User
from appliance.domain import events
from appliance.domain.permissions import Permission
from appliance.errors import InvalidError, sentence

MOST_PINNED = 6


def set_star(work: UnitOfWork, path: str, *, starred: bool, now: datetime) -> None:
    """Star a repository, or no longer. Safe to repeat.

    Errors:
        HiddenError, MovedError: there is none, or none for this actor.
        UnauthenticatedError, RefusedError: no user is asking.
    """
    repository = fetch_conversations.to_watch(work, path)
    query = sa.select(Star).where(
        Star.repository_id == repository.id, Star.user_id == work.actor.id
    )
    row = work.session.scalar(query)
    if (row is not None) is starred or work.actor.id is None:
        return
    where: Any = {"about": repository.id, "organisation_id": repository.organisation_id}
    if row is not None:
        work.session.delete(row)
        work.record(events.RepositoryUnstarred(**where))
    else:
        star = Star(user_id=work.actor.id, repository_id=repository.id, created_at=now)
        work.session.add(star)
        work.record(events.RepositoryStarred(**where))


def is_starred(work: UnitOfWork, path: str) -> bool:
    """Whether the actor has starred a repository.

    Errors:
        HiddenError, MovedError: there is none, or none for this actor.
    """
    repository = fetch.repository(work, path, Permission.REPOSITORY_READ)
    query = sa.select(Star.id).where(
        Star.repository_id == repository.id, Star.user_id == work.actor.id
    )
    return work.session.scalar(query) is not None


def count(work: UnitOfWork, path: str) -> int:
    """How many have starred a repository.

    Errors:
        HiddenError, MovedError: there is none, or none for this actor.
    """
    repository = fetch.repository(work, path, Permission.REPOSITORY_READ)
    query = sa.select(sa.func.count()).where(Star.repository_id == repository.id)
    return work.session.scalar(query) or 0


def stargazers(
    work: UnitOfWork, path: str, *, after: str | None = None, limit: int = paging.USUAL_LIMIT
) -> paging.Page[str]:
    """The names of who has starred a repository, as far as the actor may see them.

    Errors:
        HiddenError, MovedError: there is none, or none for this actor.
    """
    repository = fetch.repository(work, path, Permission.REPOSITORY_READ)
    query = (
        visible.users(work)
        .join(Star, Star.user_id == User.id)
        .where(Star.repository_id == repository.id)
        .with_only_columns(User.name)
    )
    return paging.page(work.session, query, User.name, make=paging.only, after=after, limit=limit)


def of_user(
    work: UnitOfWork, name: str, *, after: str | None = None, limit: int = paging.USUAL_LIMIT
) -> paging.Page[Repository]:
    """What a user has starred, the latest first, as far as the actor may read it.

    Errors:
        HiddenError: there is no such user, or none for this actor.
    """
    user = fetch.user(work, name, Permission.USERS_READ)
    query = (
        visible.repositories(work)
        .join(Star, Star.repository_id == Repository.id)
        .where(Star.user_id == user.id)
    )
    return paging.page(
        work.session, query, Star.id, make=paging.only, after=after, limit=limit, newest_first=True
    )


def pinned(work: UnitOfWork, name: str) -> Sequence[Repository]:
    """What stands first on a user's page, in their order, as far as the actor may read it.

    Errors:
        HiddenError: there is no such user, or none for this actor.
    """
    user = fetch.user(work, name, Permission.USERS_READ)
    query = (
        visible.repositories(work)
        .join(PinnedRepository, PinnedRepository.repository_id == Repository.id)
        .where(PinnedRepository.user_id == user.id)
        .order_by(PinnedRepository.position)
    )
    return work.session.scalars(query).all()


def pin(work: UnitOfWork, paths: Sequence[str]) -> None:
    """Let these repositories stand first on one's own page, in this order, and no others.

    Errors:
        UnauthenticatedError, RefusedError: no user is asking.
        InvalidError: there are too many, or one of them is none for the actor.
    """
    gate.require(work, Permission.OWN_ACCOUNT)
    wanted = list(dict.fromkeys(paths))
    if len(wanted) > MOST_PINNED:
        raise InvalidError.of(
            "pinned", sentence("At most %(most)s repositories are pinned.", most=MOST_PINNED)
        )
    found = [fetch.repository(work, path, Permission.REPOSITORY_READ) for path in wanted]
    gone = sa.delete(PinnedRepository).where(PinnedRepository.user_id == work.actor.id)
    work.session.execute(gone)
    for position, repository in enumerate(found):
        row = PinnedRepository(
            user_id=work.actor.id, repository_id=repository.id, position=position
        )
        work.session.add(row)
    work.record(
        events.RepositoriesPinned(
            about=work.actor.id, repositories=[str(each.id) for each in found]
        )
    )
