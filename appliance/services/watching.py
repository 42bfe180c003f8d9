"""How much of a repository somebody wants to be told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from appliance.access import fetch, fetch_conversations, gate, visible
from appliance.db import paging
from appliance.db.notifications import Watch
from appliance.db.repositories import Repository
from appliance.db.unit_of_work import UnitOfWork
from appliance.db.users import User
from appliance.domain import events
from appliance.domain.notifications import WatchLevel
from appliance.domain.permissions import Permission


@dataclass(frozen=True)
class Watched:
    """A repository of which somebody wants to be told all, or nothing."""

    path: str
    level: WatchLevel
    since: datetime


def level(work: UnitOfWork, path: str) -> WatchLevel:
    """How much of a repository the actor wants to be told.

    Errors:
        HiddenError, MovedError: there is none, or none for this actor.
    """
    repository = fetch.repository(work, path, Permission.REPOSITORY_READ)
    query = sa.select(Watch.level).where(
        Watch.repository_id == repository.id, Watch.user_id == work.actor.id
    )
    return work.session.scalar(query) or WatchLevel.PARTICIPATING


def set_level(work: UnitOfWork, path: str, wanted: WatchLevel, *, now: datetime) -> None:
    """Want to be told so much of a repository. Safe to repeat.

    Errors:
        HiddenError, MovedError: there is none, or none for this actor.
        UnauthenticatedError, RefusedError: no user is asking.
    """
    repository = fetch_conversations.to_watch(work, path)
    query = sa.select(Watch).where(
        Watch.repository_id == repository.id, Watch.user_id == work.actor.id
    )
    row = work.session.scalar(query)
    if (row.level if row else WatchLevel.PARTICIPATING) is wanted or work.actor.id is None:
        return
    where: Any = {"about": repository.id, "organisation_id": repository.organisation_id}
    if wanted is WatchLevel.PARTICIPATING:
        work.session.delete(row)
        work.record(events.RepositoryUnwatched(**where))
        return
    if row is None:
        row = Watch(user_id=work.actor.id, repository_id=repository.id, created_at=now)
        work.session.add(row)
    row.level = wanted
    work.record(events.RepositoryWatched(**where, level=wanted))


def watchers(
    work: UnitOfWork, path: str, *, after: str | None = None, limit: int = paging.USUAL_LIMIT
) -> paging.Page[str]:
    """The names of who is told all of a repository, as far as the actor may see them.

    Errors:
        HiddenError, MovedError: there is none, or none for this actor.
    """
    repository = fetch.repository(work, path, Permission.REPOSITORY_READ)
    query = (
        visible.users(work)
        .join(Watch, Watch.user_id == User.id)
        .where(Watch.repository_id == repository.id, Watch.level == WatchLevel.ALL)
        .with_only_columns(User.name)
    )
    return paging.page(work.session, query, User.name, make=paging.only, after=after, limit=limit)


def count(work: UnitOfWork, path: str) -> int:
    """How many are told all of a repository.

    Errors:
        HiddenError, MovedError: there is none, or none for this actor.
    """
    repository = fetch.repository(work, path, Permission.REPOSITORY_READ)
    query = sa.select(sa.func.count()).where(
        Watch.repository_id == repository.id, Watch.level == WatchLevel.ALL
    )
    return work.session.scalar(query) or 0


def own(work: UnitOfWork) -> Sequence[Watched]:
    """The repositories of which the actor wants to be told all, or nothing, by their paths."""
    gate.require(work, Permission.OWN_ACCOUNT)
    rows = work.session.execute(
        visible.repositories(work)
        .join(Watch, Watch.repository_id == Repository.id)
        .where(Watch.user_id == work.actor.id)
        .order_by(sa.func.lower(Repository.owner_name), Repository.name_key)
        .add_columns(Watch.level, Watch.created_at)
    )
    return [Watched(row[0].path, row[1], row[2]) for row in rows]
