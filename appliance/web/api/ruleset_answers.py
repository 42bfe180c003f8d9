"""Rulesets as the API takes and gives them, and what its three places do with them."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from uuid import UUID

from pydantic import Field

from appliance.domain.alerts import AlertKind, Confidence, Lane, Severity
from appliance.domain.permissions import Role, Visibility
from appliance.domain.policies import Moment, Policy
from appliance.domain.ruleset_json import SUBJECTS
from appliance.domain.ruleset_words import Enforcement, Layer, RuleKind, SubjectKind
from appliance.domain.rulesets import ALL, Target
from appliance.domain.signatures import SignedBy
from appliance.services import ruleset_reports, rulesets
from appliance.services.ruleset_drafts import Draft, SaidSubject
from appliance.web import requests
from appliance.web.api import frame

if TYPE_CHECKING:
    from appliance.services.ruleset_drafts import Shown
    from appliance.services.rulesets import Place

Texts = list[str]
PATTERNS = "main, release/*, refs/tags/v*, ~DEFAULT_BRANCH, or ~ALL for all branches and tags"


class SubjectBody(frame.Body):
    """A user, a team or a role."""

    kind: SubjectKind
    name: str = Field("", max_length=140, description="A user, or a team as ORG/TEAM")
    role: Role | None = None

    @property
    def said(self) -> SaidSubject:
        """As the verbs take it."""
        return SaidSubject(self.kind, self.name, self.role)


class BypassBody(SubjectBody):
    """Who may go past a ruleset, and why."""

    reason: str = Field(max_length=500)

    @property
    def said(self) -> SaidSubject:
        """As the verbs take it."""
        return SaidSubject(self.kind, self.name, self.role, self.reason)


class LayeredRuleBody(frame.Body):
    """One rule; each kind takes some of these."""

    kind: RuleKind
    allowed: list[SubjectBody] = Field([], max_length=50, description="Who may all the same")
    approvals: int = Field(0, ge=0, le=10)
    code_owners: bool = Field(default=False, description="CODEOWNERS must approve")
    reviewers: list[SubjectBody] = Field(
        [], max_length=50, description="Users, and teams of which one member must approve"
    )
    not_last_pusher: bool = Field(
        default=False, description="The approval of who pushed last does not count"
    )
    dismiss_stale: bool = Field(
        default=False, description="Approvals end with a push that makes a real difference"
    )
    resolved_threads: bool = False
    checks: Texts = Field([], max_length=50)
    reporters: list[SubjectBody] = Field(
        [], max_length=50, description="Users whose reports alone count"
    )
    up_to_date: bool = False
    signed_by: list[SignedBy] = Field([], max_length=4)
    patterns: Texts = Field([], max_length=50)
    forbidden: bool = Field(default=False, description="What the patterns name is refused")
    most_bytes: int = Field(0, ge=0, le=2**40)
    policies: list[Policy] = Field([], max_length=10)
    moments: list[Moment] = Field(
        [], max_length=3, description="When policies are asked; none: before anything comes in"
    )
    exempt: Texts = Field([], max_length=50, description="Files that policies do not look at")
    windows: Texts = Field(
        [], max_length=50, description="2026-12-19T18:00/2027-01-04T06:00, or Fri 16:00/Mon 06:00"
    )

    kinds: list[AlertKind] = Field([], max_length=4, description="Kinds of alerts")
    severities: list[Severity] = Field(
        [], max_length=5, description="Of new alerts; none: all. An unknown one counts always"
    )
    confidences: list[Confidence] = Field([], max_length=3, description="Of new alerts; none: all")
    lanes: list[Lane] = Field([], max_length=2, description="Of new alerts; none: both")
    overdue: bool = Field(default=False, description="Open alerts past their due date count, too")
    exploited: bool = Field(
        default=False, description="Vulnerabilities that attackers use count, new or not"
    )
    most_feed_days: int = Field(
        0, ge=0, le=3650, description="How old advisories may be; 0: as the appliance says"
    )

    @property
    def said(self) -> dict[str, Any]:
        """As the verbs take it."""
        plain = self.model_dump(mode="json", exclude_defaults=True)
        named = {
            name: [each.said for each in getattr(self, name)]
            for name in SUBJECTS
            if getattr(self, name)
        }
        return {**plain, **named}


class RulesetBody(frame.Body):
    """A ruleset as it is to be."""

    name: str = Field(max_length=100)
    enforcement: Enforcement = Enforcement.ACTIVE
    includes: Texts = Field([ALL], max_length=50, description=PATTERNS)
    excludes: Texts = Field([], max_length=50)
    repositories: Texts = Field(
        [], max_length=50, description="Patterns of names, as in *-api; none: all repositories"
    )
    visibilities: list[Visibility] = Field([], max_length=3)
    properties: dict[str, str] = Field({}, description="What these must be; * takes any value")
    rules: list[LayeredRuleBody] = Field(max_length=50)
    bypass: list[BypassBody] = Field([], max_length=50)

    @property
    def draft(self) -> Draft:
        """As the verbs take it."""
        return Draft(
            self.name,
            self.enforcement,
            Target(
                tuple(self.includes),
                tuple(self.excludes),
                tuple(self.repositories),
                tuple(each.value for each in self.visibilities),
                self.properties,
            ),
            tuple(each.said for each in self.rules),
            tuple(each.said for each in self.bypass),
        )


class SubjectAnswer(frame.Answer):
    """A user, a team or a role; a name that is empty is of a deleted user."""

    kind: SubjectKind
    name: str | None = None
    role: Role | None = None


class BypassAnswer(SubjectAnswer):
    """Who may go past a ruleset, and why."""

    reason: str


class LayeredRuleAnswer(frame.Answer):
    """One rule, with what it says."""

    kind: RuleKind
    allowed: list[SubjectAnswer] | None = None
    approvals: int | None = None
    code_owners: bool | None = None
    reviewers: list[SubjectAnswer] | None = None
    not_last_pusher: bool | None = None
    dismiss_stale: bool | None = None
    resolved_threads: bool | None = None
    checks: Texts | None = None
    reporters: list[SubjectAnswer] | None = None
    up_to_date: bool | None = None
    signed_by: list[SignedBy] | None = None
    patterns: Texts | None = None
    forbidden: bool | None = None
    most_bytes: int | None = None
    policies: list[Policy] | None = None
    moments: list[Moment] | None = None
    exempt: Texts | None = None
    windows: Texts | None = None
    kinds: list[AlertKind] | None = None
    severities: list[Severity] | None = None
    confidences: list[Confidence] | None = None
    lanes: list[Lane] | None = None
    overdue: bool | None = None
    exploited: bool | None = None
    most_feed_days: int | None = None


class RulesetAnswer(frame.Answer):
    """A ruleset."""

    id: UUID
    name: str
    layer: Layer
    enforcement: Enforcement
    includes: Texts
    excludes: Texts
    repositories: Texts
    visibilities: Texts
    properties: dict[str, str]
    rules: list[LayeredRuleAnswer]
    bypass: list[BypassAnswer]
    created_at: datetime
    changed_at: datetime


class RulesetList(frame.Answer):
    """All rulesets of a place."""

    items: list[RulesetAnswer]


def listed(place: Place) -> Any:
    """The rulesets of a place."""
    with requests.reading() as work:
        found = rulesets.listed(work, place)
        return frame.answer(RulesetList(items=[_answer(each) for each in found]))


def one(place: Place, ruleset_id: UUID) -> Any:
    """One of them."""
    with requests.reading() as work:
        return frame.answer(_answer(rulesets.one(work, place, ruleset_id)))


def created(place: Place, address: str, body: RulesetBody) -> Any:
    """A new one."""
    with requests.begin() as work:
        made = rulesets.create(work, place, body.draft, now=requests.now())
        answer = _answer(made)
        location = f"{frame.PREFIX}{address}/rulesets/{answer.id}"
        return frame.answer(answer, HTTPStatus.CREATED, location)


def changed(place: Place, ruleset_id: UUID, body: RulesetBody) -> Any:
    """One as it is to be from now on."""
    with requests.begin() as work:
        made = rulesets.change(work, place, ruleset_id, body.draft, now=requests.now())
        return frame.answer(_answer(made))


def removed(place: Place, ruleset_id: UUID) -> Any:
    """One less."""
    with requests.begin() as work:
        rulesets.remove(work, place, ruleset_id)
    return frame.nothing()


def _answer(shown: Shown) -> RulesetAnswer:
    row = shown.row
    return RulesetAnswer(
        id=row.id,
        name=row.name,
        layer=row.layer,
        enforcement=row.enforcement,
        includes=row.includes,
        excludes=row.excludes,
        repositories=row.repositories,
        visibilities=row.visibilities,
        properties=row.properties,
        rules=[LayeredRuleAnswer.model_validate(each) for each in shown.rules],
        bypass=[BypassAnswer.model_validate(each) for each in shown.bypass],
        created_at=row.created_at,
        changed_at=row.changed_at,
    )


class WouldRefuseAnswer(frame.Answer):
    """One rule that a move of a ref has broken, or would have."""

    repository: str
    ref: str
    by: str
    kind: RuleKind
    reasons: Texts
    at: datetime
    push_id: UUID | None


class RulesetReport(frame.Answer):
    """What a ruleset on trial has found."""

    since: datetime
    total: int
    by_kind: dict[str, int]
    items: list[WouldRefuseAnswer]


class ReplayAnswer(frame.Answer):
    """What a ruleset would have refused."""

    repositories: int = Field(description="Repositories that it is about")
    moves: int = Field(description="Moves of refs that it is about")
    not_looked_at: int = Field(description="Those of which the objects are gone, or too many")
    is_cut: bool = Field(description="Whether there was more than is looked at")
    not_replayed: list[RuleKind] = Field(description="Rules that the past says nothing of")
    items: list[WouldRefuseAnswer]


def tried(place: Place, query: ReportQuery, body: RulesetBody) -> Any:
    """What a ruleset would have refused in the last days; nothing is set."""
    with requests.reading() as work:
        trials = ruleset_reports.trials(
            *(work, place, body.draft),
            days=query.days,
            repositories=requests.wiring().git.repositories,
            now=requests.now(),
        )
    found = ruleset_reports.replayed(trials, body.draft)
    return frame.answer(ReplayAnswer.model_validate(found))


class ReportQuery(frame.Body):
    """Of how many days."""

    days: int = Field(ruleset_reports.USUAL_DAYS, ge=1, le=ruleset_reports.MOST_DAYS)


def report(place: Place, ruleset_id: UUID, query: ReportQuery) -> Any:
    """What a ruleset on trial has found."""
    with requests.reading() as work:
        found = ruleset_reports.found(work, place, ruleset_id, days=query.days, now=requests.now())
    return frame.answer(RulesetReport.model_validate(found))
