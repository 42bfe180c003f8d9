"""Events about repositories that follow another system, or that another system follows."""

from __future__ import annotations

from dataclasses import dataclass

from appliance.domain.events.base import Event, Outcome

__all__ = ["MirrorFailed", "MirrorPushed", "MirrorRemoved", "MirrorRequested", "MirrorSet"]


@dataclass(frozen=True, kw_only=True)
class MirrorSet(Event):
    """A repository follows another system, or is followed by one; or that was changed."""

    kind = "repo.mirror_set"
    target = "repo"
    direction: str
    host: str
    mirror_id: str
    is_active: bool
    overwrites: bool


@dataclass(frozen=True, kw_only=True)
class MirrorRemoved(Event):
    """A repository no longer follows another system, or is no longer followed by one."""

    kind = "repo.mirror_removed"
    target = "repo"
    direction: str
    host: str
    mirror_id: str


@dataclass(frozen=True, kw_only=True)
class MirrorRequested(Event):
    """Somebody had a mirror brought up to date before its time."""

    kind = "repo.mirror_requested"
    target = "repo"
    direction: str
    host: str
    mirror_id: str


@dataclass(frozen=True, kw_only=True)
class MirrorPushed(Event):
    """What is in a repository was sent to another system, after it had changed."""

    kind = "repo.mirror_pushed"
    target = "repo"
    host: str
    mirror_id: str
    refs: int


@dataclass(frozen=True, kw_only=True)
class MirrorFailed(Event):
    """A mirror could not be brought up to date, after it could before."""

    kind = "repo.mirror_failed"
    target = "repo"
    outcome = Outcome.FAILED
    direction: str
    host: str
    mirror_id: str
    reason: str
