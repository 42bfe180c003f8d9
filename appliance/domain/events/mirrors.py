"""Events about repositories that follow another system, or that another system follows."""

from __future__ import annotations

from dataclasses import dataclass

from appliance.domain.events.base import Event, Outcome

__all__ = ["MirrorFailed", "MirrorPushed", "MirrorRemoved", "MirrorRequested", "MirrorSet"]


@dataclass(frozen=True, kw_only=True)
class MirrorSet(Event):
    """A pull or push mirror was added or changed."""

    kind = "repo.mirror_set"
    target = "repo"
    direction: str
    host: str
    mirror_id: str
    is_active: bool
    overwrites: bool


@dataclass(frozen=True, kw_only=True)
class MirrorRemoved(Event):
    """A pull or push mirror was removed."""

    kind = "repo.mirror_removed"
    target = "repo"
    direction: str
    host: str
    mirror_id: str


@dataclass(frozen=True, kw_only=True)
class MirrorRequested(Event):
    """Somebody requested an update of a mirror."""

    kind = "repo.mirror_requested"
    target = "repo"
    direction: str
    host: str
    mirror_id: str


@dataclass(frozen=True, kw_only=True)
class MirrorPushed(Event):
    """A push mirror was updated."""

    kind = "repo.mirror_pushed"
    target = "repo"
    host: str
    mirror_id: str
    refs: int


@dataclass(frozen=True, kw_only=True)
class MirrorFailed(Event):
    """A mirror failed to update, for the first time since it last succeeded."""

    kind = "repo.mirror_failed"
    target = "repo"
    outcome = Outcome.FAILED
    direction: str
    host: str
    mirror_id: str
    reason: str
