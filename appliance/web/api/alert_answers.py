"""What alerts look like to programs, and how programs choose and change them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, TypeVar
from uuid import UUID

from pydantic import AwareDatetime, Field

from appliance.domain.alert_clocks import MOST_DAYS
from appliance.domain.alerts import (
    LONGEST_COMMENT,
    LONGEST_TICKET,
    AlertKind,
    AlertState,
    Confidence,
    DismissalReason,
    Lane,
    Resolution,
    Severity,
    Step,
)
from appliance.errors import InvalidError, sentence
from appliance.services.alert_copies import AlertCopy
from appliance.services.alert_lists import AlertQuery, Decided, Facets, Listed, Shown
from appliance.services.alerts import CARRIED_FROM, MOST_AT_ONCE, NOBODY, Change
from appliance.web.api import frame
from appliance.web.api.bytes_text import text

Word = TypeVar("Word", bound=StrEnum)
Comment = Annotated[str, Field(max_length=LONGEST_COMMENT)]
Days = Annotated[int, Field(ge=1, le=MOST_DAYS)]
COMMA = "Several with commas between them"


class AlertListQuery(frame.PageQuery):
    """Which alerts; what is left out does not matter."""

    kind: str = Field("", max_length=100, description=COMMA)
    state: str = Field("", max_length=100, description=COMMA)
    severity: str = Field("", max_length=100, description=COMMA)
    confidence: str = Field("", max_length=100, description=COMMA)
    rule: str = Field("", max_length=255)
    group: str = Field("", max_length=255, description="`group` of another alert")
    assignee: str = Field("", max_length=40, description="A name, `@me` or `none`")
    overdue: bool | None = None
    waiting: bool | None = Field(None, description="Whether a dismissal waits for approval")
    auto_dismissed: bool | None = None

    @property
    def wanted(self) -> AlertQuery:
        """What lists are asked."""
        return AlertQuery(
            kinds=words(AlertKind, self.kind, "kind"),
            states=words(AlertState, self.state, "state"),
            severities=words(Severity, self.severity, "severity"),
            confidences=words(Confidence, self.confidence, "confidence"),
            rule=self.rule,
            group=self.group,
            assignee=self.assignee,
            is_overdue=self.overdue,
            is_asked=self.waiting,
            is_automatic=self.auto_dismissed,
        )


class AlertRequest(frame.Answer):
    """A dismissal that waits for somebody's approval."""

    reason: DismissalReason
    until: datetime | None
    comment: str


class AlertAnswer(frame.Answer):
    """An alert. `preview` of a secret is masked; its value is kept nowhere."""

    number: int
    repository: str
    kind: AlertKind
    rule: str
    title: str
    cure: str
    severity: Severity
    confidence: Confidence
    lane: Lane
    state: AlertState
    reason: DismissalReason | None
    until: datetime | None
    auto_dismissed: bool
    resolution: Resolution | None
    requested: AlertRequest | None
    exploited: bool
    group: str
    preview: str
    path: str
    line: int | None
    end_line: int | None
    object: str
    first_commit: str
    occurrences: int
    comments: int
    assignee: str | None
    introduced_by: str | None
    closed_by: str | None
    detail: dict[str, Any]
    first_seen_at: datetime
    last_seen_at: datetime
    closed_at: datetime | None
    due_at: datetime | None


class AlertPage(frame.Answer):
    """Some alerts, the worst first."""

    items: list[AlertAnswer]
    next: str | None


class AlertOccurrenceAnswer(frame.Answer):
    """One place where an alert stands, or stood."""

    object: str
    path: str
    line: int | None
    end_line: int | None
    layers: list[str]
    first_commit: str
    ref: str
    protected: bool
    seen_at: datetime


class AlertDecisionAnswer(frame.Answer):
    """One line of an alert's history. Lines are only ever added."""

    id: UUID
    step: Step
    actor: str | None
    reason: DismissalReason | None
    comment: str
    until: datetime | None
    evidence: dict[str, Any]
    at: datetime


class AlertInFull(AlertAnswer):
    """An alert with where it stands and what was decided."""

    group_count: int
    places: list[AlertOccurrenceAnswer]
    decisions: list[AlertDecisionAnswer]


class AlertCopyAnswer(frame.Answer):
    """The same alert in a copy of its file, or in a fork."""

    repository: str
    number: int
    path: str
    line: int | None
    state: AlertState
    similarity: float | None = Field(description="Of the two files; null: only in a fork")
    fork: bool


class AlertCopies(frame.Answer):
    """Where an alert stands once more, as far as the caller may see alerts; the most similar first,
    200 at most.
    """

    items: list[AlertCopyAnswer]


class AlertFacets(frame.Answer):
    """How many alerts there are of each, among those that the rest of the query chooses."""

    kinds: dict[str, int]
    states: dict[str, int]
    severities: dict[str, int]
    confidences: dict[str, int]
    rules: dict[str, int]
    auto_dismissed: int = Field(description="Dismissed by a rule, not by somebody")
    overdue: int
    waiting: int


class AlertChange(frame.Body):
    """What is to become of it; what is left out stays."""

    state: AlertState | None = Field(None, description="`dismissed` or `open`")
    reason: DismissalReason | None = None
    comment: Comment = ""
    until: AwareDatetime | None = Field(None, description="When it counts again")
    assignee: str | None = Field(None, max_length=40, description="null: nobody")

    @property
    def wanted(self) -> Change:
        """What is asked of services: null is nobody, nothing is no change."""
        assignee = self.assignee
        if "assignee" in self.model_fields_set and assignee is None:
            assignee = NOBODY
        return Change(self.state, self.reason, self.comment, self.until, assignee)


class AlertsChange(AlertChange):
    """The same for several of one repository: all of them, or none."""

    numbers: list[Annotated[int, Field(ge=1)]] = Field(min_length=1, max_length=MOST_AT_ONCE)


class AlertsChanged(frame.Answer):
    """The alerts that were changed."""

    items: list[AlertAnswer]


class AlertRequestDecision(frame.Body):
    """Whether a dismissal that somebody asked for is approved."""

    approve: bool
    comment: Comment = ""


class AlertRevocationBody(frame.Body):
    """That a secret works no more."""

    revoked_at: AwareDatetime
    ticket: str = Field("", max_length=LONGEST_TICKET, description="Where that is written down")
    comment: Comment = ""


class AlertCommentBody(frame.Body):
    """What is said of an alert."""

    comment: str = Field(min_length=1, max_length=LONGEST_COMMENT)


class AlertPolicyBody(frame.Body):
    """How an organisation deals with alerts."""

    approved_kinds: list[AlertKind] = Field(
        default_factory=list, max_length=4, description="Whose dismissal another must approve"
    )
    maintainers_settle_secrets: bool = False
    days: dict[Severity, Days | None] = Field(
        default_factory=dict, description="Until when to deal with them; null: no day"
    )
    exploited_days: Days | None = Field(7, description="For what attackers are known to use")


class AlertPolicyAnswer(frame.Answer):
    """How alerts are dealt with."""

    approved_kinds: list[AlertKind]
    maintainers_settle_secrets: bool
    days: dict[Severity, int | None]
    exploited_days: int | None


def words(kind: type[Word], listed: str, field: str) -> tuple[Word, ...]:
    """Words with commas between them.

    Errors:
        InvalidError: one of them is none of these.
    """
    try:
        return tuple(kind(each.strip()) for each in listed.split(",") if each.strip())
    except ValueError as error:
        known = ", ".join(kind)
        raise InvalidError.of(field, sentence("Choose from: %(known)s.", known=known)) from error


def alert(found: Listed) -> AlertAnswer:
    """An alert as lists show it."""
    return AlertAnswer(**_members(found))


def in_full(found: Shown) -> AlertInFull:
    """An alert with all that is known of it."""
    places = [
        AlertOccurrenceAnswer(
            object=each.object_id,
            path=text(each.path),
            line=each.line,
            end_line=each.end_line,
            layers=each.layers,
            first_commit=each.first_commit,
            ref=each.ref,
            protected=each.is_protected,
            seen_at=each.seen_at,
        )
        for each in found.occurrences
    ]
    return AlertInFull(
        **_members(found.listed),
        group_count=found.group_count,
        places=places,
        decisions=[decision(each) for each in found.decisions],
    )


def decision(found: Decided) -> AlertDecisionAnswer:
    """One line of a history."""
    row = found.decision
    evidence = dict(row.evidence)
    if "assignee" in evidence:
        evidence["assignee"] = found.about or None
    if evidence.pop(CARRIED_FROM, None) and found.origin:
        evidence[CARRIED_FROM] = found.origin
    return AlertDecisionAnswer(
        id=row.id,
        step=row.step,
        actor=found.actor or None,
        reason=row.reason,
        comment=row.comment,
        until=row.until,
        evidence=evidence,
        at=row.created_at,
    )


def copies(found: Sequence[AlertCopy]) -> AlertCopies:
    """The same alert elsewhere."""
    return AlertCopies(
        items=[
            AlertCopyAnswer(
                repository=each.repository,
                number=each.alert.number,
                path=text(each.alert.path),
                line=each.alert.line,
                state=each.alert.state,
                similarity=each.similarity,
                fork=each.is_fork,
            )
            for each in found
        ]
    )


def facets(found: Facets) -> AlertFacets:
    """Counts."""
    return AlertFacets.model_validate(found)


def _members(found: Listed) -> dict[str, Any]:
    row = found.alert
    same = (
        *("number", "kind", "rule", "title", "cure", "severity", "confidence", "lane", "state"),
        *("reason", "until", "resolution", "preview", "line", "end_line", "first_commit"),
        *("detail", "first_seen_at", "last_seen_at", "closed_at", "due_at"),
    )
    asked = row.asked_dismissal
    return {
        **{name: getattr(row, name) for name in same},
        "repository": found.repository,
        "auto_dismissed": row.is_automatic,
        "requested": asked
        and AlertRequest(
            reason=asked.reason, until=asked.until, comment=(row.asked or {}).get("comment", "")
        ),
        "exploited": row.is_exploited,
        "group": row.group_key,
        "path": text(row.path),
        "object": row.object_id,
        "occurrences": row.occurrence_count,
        "comments": row.comment_count,
        "assignee": found.assignee or None,
        "introduced_by": found.introduced_by or None,
        "closed_by": found.closed_by or None,
    }
