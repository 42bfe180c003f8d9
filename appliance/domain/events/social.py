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
    """Somebody watches a repository, or ignores it."""

    kind = "repo.watched"
    target = "repo"
    level: str


@dataclass(frozen=True, kw_only=True)
class RepositoryUnwatched(Event):
    """Somebody stopped watching a repository."""

    kind = "repo.unwatched"
    target = "repo"


@dataclass(frozen=True, kw_only=True)
class NotificationChoicesChanged(Event):
    """Somebody changed their notification settings."""

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
    """Somebody unstarred a repository."""

    kind = "repo.unstarred"
    target = "repo"


@dataclass(frozen=True, kw_only=True)
class RepositoriesPinned(Event):
    """Somebody chose which repositories stand first on their page."""

    kind = "user.repositories_pinned"
    target = "user"
    repositories: list[str]
