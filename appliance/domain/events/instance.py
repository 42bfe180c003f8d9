"""Events about the appliance itself."""

from __future__ import annotations

from dataclasses import dataclass

from appliance.domain.events.base import Event, Outcome, personal


@dataclass(frozen=True, kw_only=True)
class AccessRefused(Event):
    """Somebody tried something they may not do, or asked for something they may not see."""

    kind = "access.refused"
    outcome = Outcome.REFUSED
    reason: str
    attempt: str = personal()


@dataclass(frozen=True, kw_only=True)
class JobDied(Event):
    """A job failed after its last retry and waits for an administrator."""

    kind = "job.died"
    target = "job"
    outcome = Outcome.FAILED
    job: str
    error: str


@dataclass(frozen=True, kw_only=True)
class JobRetried(Event):
    """An administrator retried a failed job."""

    kind = "job.retried"
    target = "job"
    job: str


@dataclass(frozen=True, kw_only=True)
class JobDiscarded(Event):
    """An administrator discarded a failed job."""

    kind = "job.discarded"
    target = "job"
    job: str


@dataclass(frozen=True, kw_only=True)
class JobCancelled(Event):
    """Somebody cancelled a job."""

    kind = "job.cancelled"
    target = "job"
    job: str


@dataclass(frozen=True, kw_only=True)
class ApplianceStarted(Event):
    """The appliance started."""

    kind = "config.started"
    version: str
    settings_digest: str
    reads: str
    """Whether reads are recorded strictly, or as well as can be."""


@dataclass(frozen=True, kw_only=True)
class LeftoversSwept(Event):
    """Ended sessions, used links and kept answers were removed."""

    kind = "config.swept"
    rows: int


@dataclass(frozen=True, kw_only=True)
class ListExported(Event):
    """Somebody exported a list from the portal as a file."""

    kind = "admin.list_exported"
    target = "list"
    is_read = True
    page: str
    """Which list: the page's own name, such as `admin.users`."""
    format: str
    query: str = personal("")
