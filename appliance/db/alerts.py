"""Alerts: what scans found, where, what was decided; the scans themselves, and what they saw."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from appliance.db.base import Table
from appliance.domain.alert_clocks import Clock, ClockRules
from appliance.domain.alerts import (
    LONGEST_PREVIEW,
    LONGEST_RULE,
    LONGEST_TITLE,
    AlertFacts,
    AlertKind,
    AlertState,
    Confidence,
    Dismissal,
    DismissalReason,
    Lane,
    Resolution,
    ScanCause,
    Severity,
    Step,
    Verdict,
)

OBJECT = sa.String(64)


class Alert(Table):
    """Something dangerous in a repository, however often it stands there."""

    __tablename__ = "alerts"
    __table_args__ = (
        sa.UniqueConstraint("repository_id", "number"),
        sa.UniqueConstraint("repository_id", "kind", "identity"),
        sa.Index("ix_alerts_listed", "repository_id", "state", "kind", "number"),
        sa.Index("ix_alerts_group_key", "group_key"),
        sa.Index("ix_alerts_ranked", "repository_id", "severity_rank", "group_key", "number"),
        sa.Index("ix_alerts_until", "until"),
        sa.CheckConstraint("(state = 'dismissed') = (reason IS NOT NULL)", name="dismissed_why"),
        sa.CheckConstraint("(state = 'fixed') = (resolution IS NOT NULL)", name="fixed_how"),
    )

    # Where it is now follows from scans, which are recorded; so do times, and what they count.
    bookkeeping = frozenset(
        {
            *("path", "line", "end_line", "object_id", "preview", "is_present", "last_seen_at"),
            *("identity", "identity_version", "scope_identity", "detail", "title", "cure"),
            *("due_at", "paused_at", "paused_seconds", "clock_started_at", "confidence", "lane"),
            *("severity", "severity_rank", "occurrence_count", "comment_count"),
        }
    )

    repository_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("repositories.id", ondelete="CASCADE")
    )
    number: Mapped[int] = mapped_column(sa.Integer())
    """Of the repository, in a count of its own."""
    kind: Mapped[AlertKind]
    rule: Mapped[str] = mapped_column(sa.String(LONGEST_RULE))
    title: Mapped[str] = mapped_column(sa.String(LONGEST_TITLE))
    cure: Mapped[str] = mapped_column(sa.Text(), default="")
    severity: Mapped[Severity]
    severity_rank: Mapped[int] = mapped_column(sa.Integer(), server_default="4")
    """0 is the worst: what lists are sorted by."""
    confidence: Mapped[Confidence]
    lane: Mapped[Lane]
    identity: Mapped[str] = mapped_column(OBJECT)
    identity_version: Mapped[int] = mapped_column(sa.Integer(), default=1)
    scope_identity: Mapped[str] = mapped_column(OBJECT, default="")
    group_key: Mapped[str] = mapped_column(sa.String(LONGEST_RULE))
    """What it has in common with others: the secret, the advisory, the rule."""
    preview: Mapped[str] = mapped_column(sa.String(LONGEST_PREVIEW), default="")
    path: Mapped[bytes] = mapped_column(sa.LargeBinary(), default=b"")
    line: Mapped[int | None] = mapped_column(sa.Integer())
    end_line: Mapped[int | None] = mapped_column(sa.Integer())
    object_id: Mapped[str] = mapped_column(OBJECT, default="")
    first_commit: Mapped[str] = mapped_column(OBJECT, default="")
    detail: Mapped[dict[str, Any]] = mapped_column(default=dict)
    introduced_by_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("users.id", ondelete="SET NULL"), index=True
    )
    """Who pushed it."""

    state: Mapped[AlertState] = mapped_column(default=AlertState.OPEN)
    reason: Mapped[DismissalReason | None]
    until: Mapped[datetime | None]
    """When its dismissal ends."""
    is_automatic: Mapped[bool] = mapped_column(default=False)
    """Whether a rule has dismissed it."""
    resolution: Mapped[Resolution | None]
    is_present: Mapped[bool] = mapped_column(default=True)
    is_exploited: Mapped[bool] = mapped_column(default=False)
    asked: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON(none_as_null=True))
    """A dismissal that waits for approval: `reason`, `until`, `by`, `comment`."""
    assignee_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("users.id", ondelete="SET NULL"), index=True
    )
    closed_by_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("users.id", ondelete="SET NULL"), index=True
    )

    first_seen_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    clock_started_at: Mapped[datetime | None]
    paused_at: Mapped[datetime | None]
    paused_seconds: Mapped[int] = mapped_column(sa.Integer(), default=0)
    due_at: Mapped[datetime | None] = mapped_column(index=True)
    occurrence_count: Mapped[int] = mapped_column(sa.Integer(), default=0)
    comment_count: Mapped[int] = mapped_column(sa.Integer(), default=0)

    @property
    def facts(self) -> AlertFacts:
        """All that decides what may become of it."""
        dismissal = None
        if self.reason is not None:
            dismissal = Dismissal(self.reason, self.until, self.is_automatic)
        return AlertFacts(
            kind=self.kind,
            state=self.state,
            is_present=self.is_present,
            dismissal=dismissal,
            asked=self.asked_dismissal,
            resolution=self.resolution,
            is_exploited=self.is_exploited,
        )

    @property
    def asked_dismissal(self) -> Dismissal | None:
        """The dismissal that waits for approval."""
        if self.asked is None:
            return None
        until = self.asked["until"]
        return Dismissal(
            DismissalReason(self.asked["reason"]), datetime.fromisoformat(until) if until else None
        )

    @property
    def clock(self) -> Clock:
        """How long it has been open, for who must deal with it in time."""
        return Clock(self.clock_started_at, self.paused_at, self.paused_seconds)

    def become(self, facts: AlertFacts, *, now: datetime, by: UUID | None = None) -> None:
        """Be what those facts say, by somebody or by itself."""
        was = facts.dismissal
        if facts.state is AlertState.OPEN:
            self.closed_at, self.closed_by_id = None, None
        elif facts.state is not self.state:
            self.closed_at, self.closed_by_id = now, by
        self.state, self.resolution = facts.state, facts.resolution
        self.reason = was.reason if was else None
        self.until = was.until if was else None
        self.is_automatic = was is not None and was.is_automatic
        self.is_present, self.is_exploited = facts.is_present, facts.is_exploited
        if facts.asked is None:
            self.asked = None

    def run(self, clock: Clock, rules: ClockRules) -> None:
        """Let its clock stand so. Only what is open falls due."""
        self.clock_started_at, self.paused_at = clock.started_at, clock.paused_at
        self.paused_seconds = clock.paused_seconds
        days = rules.of(self.severity, is_exploited=self.is_exploited)
        self.due_at = clock.due_at(days) if self.state is AlertState.OPEN else None


class AlertOccurrence(Table):
    """One place where it stands, or stood. An object is never changed, so neither is this."""

    __tablename__ = "alert_occurrences"
    __table_args__ = (sa.Index("ix_alert_occurrences_alert_id", "alert_id", "object_id"),)
    audited = False  # It follows from a scan; an alert that opens by it has events of its own.

    alert_id: Mapped[UUID] = mapped_column(sa.ForeignKey("alerts.id", ondelete="CASCADE"))
    object_id: Mapped[str] = mapped_column(OBJECT)
    path: Mapped[bytes] = mapped_column(sa.LargeBinary())
    line: Mapped[int | None] = mapped_column(sa.Integer())
    end_line: Mapped[int | None] = mapped_column(sa.Integer())
    layers: Mapped[list[str]] = mapped_column(default=list)
    first_commit: Mapped[str] = mapped_column(OBJECT, default="")
    ref: Mapped[str] = mapped_column(sa.String(LONGEST_RULE), default="")
    """By which branch or tag it came."""
    is_protected: Mapped[bool] = mapped_column(default=False)
    """Whether that was protected."""
    seen_at: Mapped[datetime]


class AlertDecision(Table):
    """One thing that happened to an alert. Rows are only ever added."""

    __tablename__ = "alert_decisions"
    __table_args__ = (sa.Index("ix_alert_decisions_alert_id", "alert_id", "id"),)

    alert_id: Mapped[UUID] = mapped_column(sa.ForeignKey("alerts.id", ondelete="CASCADE"))
    actor_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("users.id", ondelete="SET NULL"), index=True
    )
    """None: the appliance."""
    step: Mapped[Step]
    reason: Mapped[DismissalReason | None]
    comment: Mapped[str] = mapped_column(sa.Text(), default="")
    evidence: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """Of a revocation when and by which ticket; of an assignment to whom."""
    until: Mapped[datetime | None]
    approver_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("users.id", ondelete="SET NULL"), index=True
    )
    created_at: Mapped[datetime]


class Scan(Table):
    """One look at a repository, and what it could not look at."""

    __tablename__ = "scans"
    __table_args__ = (sa.Index("ix_scans_repository_id", "repository_id", "kind", "id"),)
    audited = False  # Its end has an event of its own.

    repository_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("repositories.id", ondelete="CASCADE")
    )
    kind: Mapped[AlertKind]
    cause: Mapped[ScanCause]
    tool: Mapped[str] = mapped_column(sa.String(LONGEST_RULE), default="")
    category: Mapped[str] = mapped_column(sa.String(LONGEST_RULE), default="")
    """Of an upload: what the same tool looks at apart from it is another category."""
    ref: Mapped[str] = mapped_column(sa.String(LONGEST_RULE), default="")
    from_commit: Mapped[str] = mapped_column(OBJECT, default="")
    to_commit: Mapped[str] = mapped_column(OBJECT, default="")
    ruleset: Mapped[str] = mapped_column(OBJECT, default="")
    """The digest of the rules."""
    feed_serial: Mapped[int | None] = mapped_column(sa.BigInteger())
    size_bytes: Mapped[int] = mapped_column(sa.BigInteger(), default=0)
    objects: Mapped[int] = mapped_column(sa.BigInteger(), default=0)
    found: Mapped[int] = mapped_column(sa.Integer(), default=0)
    opened: Mapped[int] = mapped_column(sa.Integer(), default=0)
    skipped: Mapped[list[dict[str, Any]]] = mapped_column(sa.JSON(), default=list)
    """What was not scanned: `path` or `object`, and `why`; the first thousand of them."""
    skipped_count: Mapped[int] = mapped_column(sa.Integer(), default=0)
    is_complete: Mapped[bool] = mapped_column(default=False)
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class ScannedObject(Table):
    """What a set of rules says of an object, wherever that object is: it is looked at once."""

    __tablename__ = "scanned_objects"
    __table_args__ = (sa.UniqueConstraint("object_id", "ruleset"),)
    audited = False  # It only saves looking again.

    object_id: Mapped[str] = mapped_column(OBJECT)
    ruleset: Mapped[str] = mapped_column(OBJECT)
    size_bytes: Mapped[int] = mapped_column(sa.BigInteger())
    verdict: Mapped[Verdict]
    scanned_at: Mapped[datetime]


class AlertPolicy(Table):
    """How an organisation deals with alerts. Without a row the usual holds."""

    __tablename__ = "alert_policies"

    organisation_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("organisations.id", ondelete="CASCADE"), unique=True
    )
    approved_kinds: Mapped[list[str]] = mapped_column(default=list)
    """Of which a dismissal needs somebody else's approval."""
    maintainers_settle_secrets: Mapped[bool] = mapped_column(default=False)
    days: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """By severity, in how many days; null: never due."""
    exploited_days: Mapped[int | None] = mapped_column(sa.Integer())
