"""`/activity-alerts`, of all and of organisations: what rules over the audit log found."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from pydantic import Field

from appliance.domain.activity import (
    LONGEST_COMMENT,
    ActivityReason,
    ActivityRule,
    ActivityState,
)
from appliance.services import activity_alerts
from appliance.web import paging, requests
from appliance.web.api import frame
from appliance.web.api.organisations import OrganisationPath

if TYPE_CHECKING:
    from appliance.services.activity_alerts import Decided, Exempted, Listed

api = frame.area("activity", "Suspicious activity: what rules over the audit log found.")

OF_ALL = "/activity-alerts"
OF_ONE = "/orgs/<org>/activity-alerts"
ALERT = f"{OF_ALL}/<uuid:id>"
EXEMPT, EXEMPT_IN_ONE = "/activity-exemptions", "/orgs/<org>/activity-exemptions"


class ActivityQuery(frame.PageQuery):
    """Which alerts."""

    state: ActivityState | None = None
    rule: ActivityRule | None = None


class ActivityAlertPath(frame.Body):
    """Which alert."""

    id: UUID


class ActivityChange(frame.Body):
    """What becomes of it; what is left out stays as it is."""

    state: ActivityState | None = None
    reason: ActivityReason | None = Field(None, description="With `dismissed`: why")
    comment: str = Field("", max_length=LONGEST_COMMENT)
    assignee: str | None = Field(None, max_length=39, description="A user; null: nobody")


class ActivityCommentBody(frame.Body):
    """What is said."""

    comment: str = Field(max_length=LONGEST_COMMENT)


class ActivityExemptionBody(frame.Body):
    """Of whom which rule tells nothing, and why."""

    user: str = Field(max_length=39)
    rule: ActivityRule
    reason: str = Field(max_length=activity_alerts.LONGEST_REASON)


class ActivityExemptionQuery(frame.Body):
    """Which exemption."""

    user: str = Field(max_length=39)
    rule: ActivityRule


class ActivityAlertAnswer(frame.Answer):
    """Something unlike what an identity did before."""

    id: UUID
    rule: ActivityRule
    state: ActivityState
    actor: str = Field(description="The user's name; of a deploy key its id")
    organisation: str | None = Field(description="In whose audit log; null: the appliance's")
    since: datetime
    at: datetime
    count: int = Field(description="How much was found; for `dormant` the days without activity")
    limit: int
    times: int = Field(description="How often it was found while it was open")
    events: list[UUID] = Field(description="The events that it rests on, at most 100")
    search: str = Field(description="What to ask `/audit/events` for, as `q`")
    reason: ActivityReason | None
    assignee: str | None
    created_at: datetime


class ActivityDecisionAnswer(frame.Answer):
    """One line of an alert's history."""

    step: str
    actor: str
    reason: ActivityReason | None
    comment: str
    about: str | None = Field(description="Who was assigned")
    at: datetime


class ActivityAlertInFull(ActivityAlertAnswer):
    """An alert with its history."""

    decisions: list[ActivityDecisionAnswer]


class ActivityAlertPage(frame.Answer):
    """Some alerts."""

    items: list[ActivityAlertAnswer]
    next: str | None


class ActivityExemptionAnswer(frame.Answer):
    """A user of whom a rule tells nothing."""

    user: str
    rule: ActivityRule
    organisation: str | None = Field(description="null: everywhere")
    reason: str
    made_by: str
    created_at: datetime


class ActivityExemptions(frame.Answer):
    """All of them."""

    items: list[ActivityExemptionAnswer]


@api.get(OF_ALL, summary="List suspicious activity", responses={"200": ActivityAlertPage})
def list_alerts(query: ActivityQuery) -> Any:
    """Of the whole appliance, the newest first: for administrators and auditors."""
    return _listed("", query)


@api.get(
    OF_ONE,
    summary="List suspicious activity of an organisation",
    responses={"200": ActivityAlertPage},
)
def list_of(path: OrganisationPath, query: ActivityQuery) -> Any:
    """For its security officers, the newest first. For all others there is no such list."""
    return _listed(path.org, query)


@api.get(ALERT, summary="Show suspicious activity", responses={"200": ActivityAlertInFull})
def show(path: ActivityAlertPath) -> Any:
    """With what became of it."""
    with requests.reading() as work:
        found = activity_alerts.show(work, path.id)
        decisions = [_decision(each) for each in found.decisions]
        said = _alert(found.listed).model_dump()
        return frame.answer(ActivityAlertInFull(**said, decisions=decisions))


@api.patch(ALERT, summary="Decide on suspicious activity", responses={"200": ActivityAlertAnswer})
def change(path: ActivityAlertPath, body: ActivityChange) -> Any:
    """Dismiss it with a reason, reopen it, assign it."""
    is_assigned = "assignee" in body.model_fields_set
    with requests.begin() as work:
        found = activity_alerts.change(
            work,
            path.id,
            activity_alerts.Change(
                body.state, body.reason, body.comment, body.assignee, is_assigned
            ),
            now=requests.now(),
        )
        return frame.answer(_alert(found))


@api.post(
    f"{ALERT}/comments",
    summary="Comment on suspicious activity",
    responses={"201": ActivityDecisionAnswer},
)
def comment(path: ActivityAlertPath, body: ActivityCommentBody) -> Any:
    """It becomes a line of the alert's history."""
    with requests.begin() as work:
        made = activity_alerts.comment(work, path.id, body.comment, now=requests.now())
        return frame.answer(_decision(made), 201)


@api.get(EXEMPT, summary="List exemptions", responses={"200": ActivityExemptions})
def list_exemptions() -> Any:
    """Of whom which rule tells nothing: everywhere, and in each organisation."""
    return _exemptions("")


@api.get(
    EXEMPT_IN_ONE,
    summary="List exemptions of an organisation",
    responses={"200": ActivityExemptions},
)
def list_exemptions_of(path: OrganisationPath) -> Any:
    """Of whom which rule tells nothing there."""
    return _exemptions(path.org)


@api.post(EXEMPT, summary="Exempt a user", responses={"201": ActivityExemptionAnswer})
def exempt(body: ActivityExemptionBody) -> Any:
    """Everywhere: for administrators."""
    return _exempt("", body)


@api.post(
    EXEMPT_IN_ONE,
    summary="Exempt a user in an organisation",
    responses={"201": ActivityExemptionAnswer},
)
def exempt_in(path: OrganisationPath, body: ActivityExemptionBody) -> Any:
    """For its security officers."""
    return _exempt(path.org, body)


@api.delete(EXEMPT, summary="End an exemption", responses={"204": None})
def end_exemption(query: ActivityExemptionQuery) -> Any:
    """The rule holds for them again."""
    return _end("", query)


@api.delete(EXEMPT_IN_ONE, summary="End an exemption in an organisation", responses={"204": None})
def end_exemption_in(path: OrganisationPath, query: ActivityExemptionQuery) -> Any:
    """The rule holds for them again."""
    return _end(path.org, query)


def _listed(organisation: str, query: ActivityQuery) -> Any:
    with requests.reading() as work:
        page = activity_alerts.listed(
            *(work, organisation),
            state=query.state,
            rule=query.rule,
            after=paging.after(query.cursor),
            limit=query.limit,
        )
        return frame.page([_alert(each) for each in page.items], page.next)


def _exemptions(organisation: str) -> Any:
    with requests.reading() as work:
        found = activity_alerts.exemptions(work, organisation)
        return frame.answer(ActivityExemptions(items=[_exemption(each) for each in found]))


def _exempt(organisation: str, body: ActivityExemptionBody) -> Any:
    with requests.begin() as work:
        made = activity_alerts.exempt(
            *(work, organisation, body.user, body.rule, body.reason), now=requests.now()
        )
        return frame.answer(_exemption(made), 201)


def _end(organisation: str, query: ActivityExemptionQuery) -> Any:
    with requests.begin() as work:
        activity_alerts.end_exemption(work, organisation, query.user, query.rule)
    return frame.nothing()


def _alert(each: Listed) -> ActivityAlertAnswer:
    found = each.alert
    return ActivityAlertAnswer(
        id=found.id,
        rule=found.rule,
        state=found.state,
        actor=each.actor,
        organisation=each.organisation or None,
        since=found.since,
        at=found.at,
        count=found.count,
        limit=found.usual,
        times=found.times,
        events=[UUID(event) for event in found.events],
        search=each.terms,
        reason=found.reason,
        assignee=each.assignee or None,
        created_at=found.created_at,
    )


def _decision(each: Decided) -> ActivityDecisionAnswer:
    made = each.decision
    return ActivityDecisionAnswer(
        step=made.step,
        actor=each.actor,
        reason=made.reason,
        comment=made.comment,
        about=each.about or None,
        at=made.created_at,
    )


def _exemption(each: Exempted) -> ActivityExemptionAnswer:
    made = each.exemption
    return ActivityExemptionAnswer(
        user=each.user,
        rule=made.rule,
        organisation=each.organisation or None,
        reason=made.reason,
        made_by=each.made_by,
        created_at=made.created_at,
    )
