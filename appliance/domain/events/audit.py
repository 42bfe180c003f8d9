"""Events about the use of the audit log: who looked, what went out, who may look."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from appliance.domain.events.base import Event, Outcome, personal


@dataclass(frozen=True, kw_only=True)
class AuditSearched(Event):
    """Somebody searched a log, or listed it."""

    kind = "audit.searched"
    target = "log"
    is_read = True
    as_of: int | None = None
    """The size of the log that was searched; nothing where several were."""
    shown: int | None = None
    query: str = personal("")


@dataclass(frozen=True, kw_only=True)
class AccessLookedUp(Event):
    """Somebody asked the log who could do what at a moment; `about` is whom or what they asked
    about.
    """

    kind = "audit.access_read"
    target = "log"
    is_read = True
    subject_type: str
    moment: str
    lines: int


@dataclass(frozen=True, kw_only=True)
class AuditEventRead(Event):
    """Somebody looked at one event with its details; `about` is that event."""

    kind = "audit.event_read"
    target = "event"
    is_read = True
    log: str
    index: int


@dataclass(frozen=True, kw_only=True)
class AuditStateRead(Event):
    """Somebody looked at how far a log has come, and at its keys."""

    kind = "audit.state_read"
    target = "log"
    log: str
    size: int


@dataclass(frozen=True, kw_only=True)
class AuditExported(Event):
    """An export of a log is ready; `about` is the export."""

    kind = "audit.exported"
    target = "export"
    format: str
    first: int | None = None
    end: int | None = None
    matched: int | None = None
    written: int | None = None
    sha256: str | None = None
    query: str = personal("")


@dataclass(frozen=True, kw_only=True)
class AuditExportRequested(Event):
    """Somebody asked for an export of a log; `about` is the export."""

    kind = "audit.export_requested"
    target = "export"
    format: str
    query: str = personal("")


@dataclass(frozen=True, kw_only=True)
class AuditExportFailed(Event):
    """An export was not finished; what was written of it is of no use."""

    kind = "audit.export_failed"
    target = "export"
    outcome = Outcome.FAILED
    reason: str


@dataclass(frozen=True, kw_only=True)
class AuditExportDownloaded(Event):
    """Somebody took an export away; `about` is the export."""

    kind = "audit.export_downloaded"
    target = "export"
    size_bytes: int | None = None


@dataclass(frozen=True, kw_only=True)
class AuditProved(Event):
    """Somebody was given the proof that an event is in the log; `about` is that event."""

    kind = "audit.proved"
    target = "event"
    is_read = True
    log: str
    index: int
    size: int


@dataclass(frozen=True, kw_only=True)
class AuditVerified(Event):
    """A log was checked against its signed states."""

    kind = "audit.verified"
    target = "log"
    log: str
    size: int
    problems: int = 0


@dataclass(frozen=True, kw_only=True)
class AuditFoundBroken(Event):
    """A log was verified and does not match its signatures."""

    kind = "audit.found_broken"
    target = "log"
    outcome = Outcome.FAILED
    log: str
    size: int
    problems: int


@dataclass(frozen=True, kw_only=True)
class AuditSearchSaved(Event):
    """Somebody saved a search under a name; `about` is the search."""

    kind = "audit.saved_search_created"
    target = "saved_search"
    name: str = personal()
    query: str = personal("")


@dataclass(frozen=True, kw_only=True)
class AuditSavedSearchDeleted(Event):
    """A saved search was deleted."""

    kind = "audit.saved_search_deleted"
    target = "saved_search"
    name: str = personal("")


@dataclass(frozen=True, kw_only=True)
class AuditStreamCreated(Event):
    """Events are sent to a receiver from now on; `about` is the stream."""

    kind = "audit.stream_created"
    target = "stream"
    is_awaited = True
    name: str
    receiver: str
    """Its kind: webhook, splunk, syslog, s3, file."""
    format: str
    destination: str = ""
    """Host or folder, without anything secret."""


@dataclass(frozen=True, kw_only=True)
class AuditStreamChanged(Event):
    """A stream's receiver, format or selection was changed. Secrets are named, never shown."""

    kind = "audit.stream_changed"
    target = "stream"
    is_awaited = True
    name: str
    changed: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class AuditStreamPaused(Event):
    """A stream sends nothing until it is resumed; it will go on where it stopped."""

    kind = "audit.stream_paused"
    target = "stream"
    is_awaited = True
    name: str


@dataclass(frozen=True, kw_only=True)
class AuditStreamResumed(Event):
    """A stream sends again."""

    kind = "audit.stream_resumed"
    target = "stream"
    name: str
    cursors: dict[str, Any] | None = None
    """From which index of which log, where it does not simply go on."""


@dataclass(frozen=True, kw_only=True)
class AuditStreamDeleted(Event):
    """A stream was deleted."""

    kind = "audit.stream_deleted"
    target = "stream"
    is_awaited = True
    name: str


@dataclass(frozen=True, kw_only=True)
class AuditStreamFailed(Event):
    """A stream's receiver has accepted nothing for a while. Recorded once for each outage."""

    kind = "audit.stream_failed"
    target = "stream"
    outcome = Outcome.FAILED
    name: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class AuditEventParked(Event):
    """A receiver rejected this event; it was set aside and the stream went on."""

    kind = "audit.event_parked"
    target = "stream"
    outcome = Outcome.FAILED
    name: str
    log: str
    index: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class AuditEventUnparked(Event):
    """Somebody decided about an event that was set aside: send it again, or skip it."""

    kind = "audit.event_unparked"
    target = "stream"
    is_awaited = True
    name: str
    log: str
    index: int
    decision: str
    """`retry` or `skip`."""


@dataclass(frozen=True, kw_only=True)
class AuditStreamTested(Event):
    """Somebody had a test message sent to a stream's receiver."""

    kind = "audit.stream_tested"
    target = "stream"
    name: str


@dataclass(frozen=True, kw_only=True)
class AuditStreamMissed(Event):
    """Entries were pruned before a stream had sent them; it went on after them."""

    kind = "audit.stream_missed"
    target = "stream"
    outcome = Outcome.FAILED
    name: str
    log: str
    first: int
    end: int


@dataclass(frozen=True, kw_only=True)
class AuditWitnessed(Event):
    """Enough witnesses have signed a state of a log."""

    kind = "audit.witnessed"
    target = "log"
    log: str
    size: int
    witnesses: list[str]


@dataclass(frozen=True, kw_only=True)
class AuditStamped(Event):
    """A time-stamping authority has signed a state of a log."""

    kind = "audit.stamped"
    target = "log"
    log: str
    size: int
    authority: str


@dataclass(frozen=True, kw_only=True)
class AuditTrustExported(Event):
    """Somebody was given the key file by which exports are verified."""

    kind = "audit.trust_exported"
    target = "log"
    logs: int


@dataclass(frozen=True, kw_only=True)
class AuditReconciled(Event):
    """The queue, the search and the refs on disk were compared with the log."""

    kind = "audit.reconciled"
    target = "log"
    repositories: int
    differences: int


@dataclass(frozen=True, kw_only=True)
class AuditRowSetAside(Event):
    """A row of the queue was no event; it is kept beside the logs, and got no place in one."""

    kind = "audit.row_set_aside"
    target = "log"
    outcome = Outcome.FAILED
    is_impersonal = True
    position: int
    why: str
    content: str
    """A commitment to all that the row held."""


@dataclass(frozen=True, kw_only=True)
class AuditReadsPolicyChanged(Event):
    """Reads are recorded more strictly, or less, than at the last start."""

    kind = "audit.reads_policy_changed"
    before: str
    after: str


@dataclass(frozen=True, kw_only=True)
class AuditorGranted(Event):
    """Somebody may read a log for a while, and nothing else; `about` is the grant."""

    kind = "audit.auditor_granted"
    target = "auditor_grant"
    is_awaited = True
    user_id: str
    scope: str
    """`instance`, or the id of an organisation."""
    period_from: str | None = None
    period_until: str | None = None
    expires_at: str
    reason: str = personal("")


@dataclass(frozen=True, kw_only=True)
class AuditorRevoked(Event):
    """Somebody may no longer read a log."""

    kind = "audit.auditor_revoked"
    target = "auditor_grant"
    user_id: str
    scope: str
