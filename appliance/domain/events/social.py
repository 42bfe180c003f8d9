"""Events about what people want to see and hear of repositories."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from appliance.domain.events.base import Event

__all__ = [
    "NotificationChoicesChanged",
    "RepositoriesPinned",
    "RepositoryStarred",
    "RepositoryUnstarred",
    "RepositoryUnwatched",
    "RepositoryWatched",
]


@dataclass(frozen=True, kw_only=True)
class RepositoryWatched(Event):
    """Somebody wants to be told all of a repository, or nothing."""

    kind = "repo.watched"
    target = "repo"
    level: str


@dataclass(frozen=True, kw_only=True)
class RepositoryUnwatched(Event):
    """Somebody wants to be told of a repository only what is theirs."""

    kind = "repo.unwatched"
    target = "repo"


@dataclass(frozen=True, kw_only=True)
class NotificationChoicesChanged(Event):
    """Somebody wants to be told otherwise of what happens in conversations."""

    kind = "user.notifications_changed"
    target = "user"
    changed: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class RepositoryStarred(Event):
    """Somebody starred a repository."""

    kind = "repo.starred"
    target = "repo"


@dataclass(frozen=True, kw_only=True)
class RepositoryUnstarred(Event):
    """Somebody starred a repository no longer."""

    kind = "repo.unstarred"
    target = "repo"


@dataclass(frozen=True, kw_only=True)
class RepositoriesPinned(Event):
    """Somebody chose which repositories stand first on their page."""

    kind = "user.repositories_pinned"
    target = "user"
    repositories: list[str]
