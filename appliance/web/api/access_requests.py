"""`/user/access-requests`, `/access-requests`: asking for access, and answering; rules about it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from appliance.domain.access_requests import (
    LONGEST_HOURS,
    LONGEST_NAME,
    LONGEST_REASON,
    AccessRule,
    Approvers,
    RequestState,
    Thing,
    Wish,
)
from appliance.domain.permissions import Role
from appliance.services import access_answers, access_requests, access_rules, temporary_rights
from appliance.services.access_answers import Terms
from appliance.services.access_requests import Shown
from appliance.web import paging, requests
from appliance.web.api import frame

api = frame.area("access-requests", "Asking for access, answering, and rights that end.")

OWN, ALL = "/user/access-requests", "/access-requests"
ONE = f"{ALL}/<uuid:id>"
RULE, TEMPORARY = "/orgs/<org>/access-rule", "/orgs/<org>/temporary-access"
Hours = Annotated[int, Field(ge=1, le=LONGEST_HOURS)]
ReasonText = Annotated[str, Field(max_length=LONGEST_REASON)]


class RequestsQuery(frame.PageQuery):
    """Which requests."""

    q: str = Field("", max_length=200, description="A part of a name")
    state: RequestState | None = None


class TemporaryQuery(frame.PageQuery):
    """Which rights."""

    q: str = Field("", max_length=200, description="A part of a name")


class RequestPath(frame.Body):
    """Which request."""

    id: UUID


class OfOrganisation(frame.Body):
    """Whose."""

    org: str = Field(max_length=39)


class NewRequest(frame.Body):
    """What is asked for, why, and for how long."""

    thing: Thing
    name: str = Field(max_length=LONGEST_NAME, description="OWNER/NAME, ORG/TEAM or ORG")
    role: Role | None = Field(None, description="On a repository; none elsewhere")
    hours: Hours | None = Field(None, description="None: without end, where the rule allows it")
    reason: ReasonText


class ApproveBody(frame.Body):
    """What is given, where that is less than what was asked for."""

    role: Role | None = None
    hours: Hours | None = None
    endless: bool = False
    reason: ReasonText = ""


class WhyBody(frame.Body):
    """Why."""

    reason: ReasonText


class EndBody(frame.Body):
    """Why; who has it need not say."""

    reason: ReasonText = ""


class ProlongBody(WhyBody):
    """For how long from now, and why."""

    hours: Hours


class RuleContent(frame.Body):
    """What may be asked for, for how long, and who answers."""

    is_open: bool = True
    approvers: Approvers = Approvers.OWNERS
    longest_hours: Hours
    allows_endless: bool = False
    highest_role: Role = Role.MAINTAINER


class AccessRuleAnswer(frame.Answer):
    """The rule in force."""

    is_open: bool
    approvers: Approvers
    longest_hours: int
    allows_endless: bool
    highest_role: Role


class AccessRequestAnswer(frame.Answer):
    """A request. Who asked sees the name as they spelled it, whatever there is."""

    id: UUID
    user: str
    thing: Thing
    name: str
    role: Role | None
    hours: int | None
    reason: str
    state: RequestState
    created_at: datetime
    answer_until: datetime
    decided_at: datetime | None
    decided_by: str
    answer: str
    given_role: Role | None
    ends_at: datetime | None
    is_in_force: bool


class AccessRequestPage(frame.Answer):
    """Some of them."""

    items: list[AccessRequestAnswer]
    next: str | None


class TemporaryAnswer(frame.Answer):
    """Something that somebody has until a time."""

    request_id: UUID
    user: str
    thing: Thing
    name: str
    role: Role | None
    since: datetime
    until: datetime


class TemporaryPage(frame.Answer):
    """Some of them."""

    items: list[TemporaryAnswer]
    next: str | None


@api.get(OWN, summary="List your access requests", responses={"200": AccessRequestPage})
def list_own(query: RequestsQuery) -> Any:
    """Your requests, newest first."""
    return _listed(access_requests.listed, query, query.state or "")


@api.post(OWN, summary="Request access", responses={"201": AccessRequestAnswer})
def ask(body: NewRequest) -> Any:
    """Where you may not see what you ask for, the answer is the same as where nothing is."""
    wish = Wish(body.thing, body.name, body.role, body.hours, body.reason)
    with requests.begin() as work:
        return frame.answer(_present(access_requests.ask(work, wish, now=requests.now())), 201)


@api.delete(f"{OWN}/<uuid:id>", summary="Withdraw a request", responses={"204": None})
def withdraw(path: RequestPath) -> Any:
    """As long as nobody has answered."""
    with requests.begin() as work:
        access_requests.withdraw(work, path.id, now=requests.now())
    return frame.nothing()


@api.get(ALL, summary="List access requests to answer", responses={"200": AccessRequestPage})
def list_to_answer(query: RequestsQuery) -> Any:
    """Those that wait for your answer; with `state`, others that were yours to answer."""
    return _listed(access_answers.listed, query, query.state or RequestState.PENDING)


@api.get(ONE, summary="Show an access request", responses={"200": AccessRequestAnswer})
def show(path: RequestPath) -> Any:
    """Your own, or one that is yours to answer."""
    with requests.reading() as work:
        return _answered(work, path.id)


@api.post(
    f"{ONE}/approve", summary="Approve an access request", responses={"200": AccessRequestAnswer}
)
def approve(path: RequestPath, body: ApproveBody) -> Any:
    """All that was asked for, or a lower role, or for less time."""
    terms = Terms(body.role, body.hours, body.endless)
    with requests.begin() as work:
        access_answers.approve(work, path.id, terms, body.reason, now=requests.now())
        return _answered(work, path.id)


@api.post(
    f"{ONE}/refuse", summary="Refuse an access request", responses={"200": AccessRequestAnswer}
)
def refuse(path: RequestPath, body: WhyBody) -> Any:
    """Who asked reads the reason."""
    with requests.begin() as work:
        access_answers.refuse(work, path.id, body.reason, now=requests.now())
        return _answered(work, path.id)


@api.post(
    f"{ONE}/prolong", summary="Extend temporary access", responses={"200": AccessRequestAnswer}
)
def prolong(path: RequestPath, body: ProlongBody) -> Any:
    """So many hours from now, at most as many as the rule allows."""
    with requests.begin() as work:
        temporary_rights.prolong(work, path.id, body.hours, body.reason, now=requests.now())
        return _answered(work, path.id)


@api.post(f"{ONE}/end", summary="End temporary access", responses={"200": AccessRequestAnswer})
def end(path: RequestPath, body: EndBody) -> Any:
    """For who has it, and who could answer; it counts from the next request on."""
    with requests.begin() as work:
        temporary_rights.end(work, path.id, body.reason, now=requests.now())
        return _answered(work, path.id)


@api.get(RULE, summary="Show what may be requested", responses={"200": AccessRuleAnswer})
def show_rule(path: OfOrganisation) -> Any:
    """For owners."""
    with requests.reading() as work:
        return frame.answer(AccessRuleAnswer.model_validate(access_rules.show(work, path.org)))


@api.put(RULE, summary="Change what may be requested", responses={"200": AccessRuleAnswer})
def change_rule(path: OfOrganisation, body: RuleContent) -> Any:
    """What was given before stays as it is."""
    rule = AccessRule(**body.model_dump())
    with requests.begin() as work:
        made = access_rules.change(work, path.org, rule)
        return frame.answer(AccessRuleAnswer.model_validate(made))


@api.get(TEMPORARY, summary="List temporary access", responses={"200": TemporaryPage})
def list_temporary(path: OfOrganisation, query: TemporaryQuery) -> Any:
    """In an organisation, for its owners; what ends first comes first."""
    with requests.reading() as work:
        found = temporary_rights.listed(
            work,
            path.org,
            search=query.q,
            after=paging.after(query.cursor),
            limit=query.limit,
        )
    return frame.page([TemporaryAnswer.model_validate(each) for each in found.items], found.next)


def _listed(verb: Any, query: RequestsQuery, state: str) -> Any:
    with requests.reading() as work:
        found = verb(
            work,
            search=query.q,
            state=state,
            after=paging.after(query.cursor),
            limit=query.limit,
            now=requests.now(),
        )
        return frame.page([_present(each) for each in found.items], found.next)


def _answered(work: Any, request_id: UUID) -> Any:
    return frame.answer(_present(access_requests.show(work, request_id, now=requests.now())))


def _present(shown: Shown) -> AccessRequestAnswer:
    found = shown.request
    return AccessRequestAnswer(
        id=found.id,
        user=shown.user,
        thing=found.thing,
        name=shown.name,
        role=found.role,
        hours=found.hours,
        reason=found.reason,
        state=shown.state,
        created_at=found.created_at,
        answer_until=found.answer_until,
        decided_at=shown.decided_at,
        decided_by=shown.decided_by,
        answer=shown.answer,
        given_role=found.given_role,
        ends_at=found.ends_at,
        is_in_force=shown.is_in_force,
    )
