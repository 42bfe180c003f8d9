"""`/orgs/{org}/token-rule`, `/orgs/{org}/token-approvals`: which tokens an organisation lets in."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from pydantic import Field

from appliance.domain.credentials import LONGEST_LIFE_DAYS, Approval, ApprovalState
from appliance.domain.permissions import Scope
from appliance.services import token_approvals, token_rules
from appliance.services.token_rules import Rule
from appliance.web import paging, requests
from appliance.web.api import frame

if TYPE_CHECKING:
    from appliance.services.token_approvals import Asked

api = frame.area("token-rules", "Which tokens reach an organisation, and which credentials end.")
RULE, APPROVALS = "/orgs/<org>/token-rule", "/orgs/<org>/token-approvals"
DAYS = "Without use; null: as the instance says"


class RulePath(frame.Body):
    """Whose."""

    org: str = Field(max_length=39)


class TokenRuleBody(frame.Body):
    """The whole rule; what is left out is not asked."""

    approval: Approval = Field(Approval.OFF, description="Which tokens of people need one")
    most_days: int | None = Field(None, ge=1, le=LONGEST_LIFE_DAYS)
    unused_days: int | None = Field(None, ge=1, le=LONGEST_LIFE_DAYS, description=DAYS)


class CredentialRuleAnswer(frame.Answer):
    """What an organisation asks of tokens and keys."""

    approval: Approval
    most_days: int | None = Field(description="Longest life; null: as the instance says")
    unused_days: int | None = Field(description=DAYS)


class ApprovalAnswer(frame.Answer):
    """What a token asks for."""

    id: UUID
    token_id: UUID
    token_name: str
    user: str
    state: ApprovalState
    reason: str
    answer: str
    scopes: list[Scope]
    repositories: list[str] | None = Field(description="Of the organisation's; null: all")
    expires_at: datetime | None
    too_long: bool = Field(description="It lives longer than the rule allows, and stays out")
    asked_at: datetime
    decided_at: datetime | None
    last_used_at: datetime | None


class ApprovalPage(frame.Answer):
    """Some of them."""

    items: list[ApprovalAnswer]
    next: str | None


class ApprovalQuery(frame.PageQuery):
    """Which of them."""

    state: ApprovalState | None = None
    q: str = Field("", max_length=100, description="Part of a user's name")


class ApprovalPath(RulePath):
    """Which one."""

    id: UUID


class TokenDecisionBody(frame.Body):
    """What an owner says."""

    state: ApprovalState = Field(description="approved, refused or revoked")
    answer: str = Field("", max_length=500, description="Why, for the token's user")


class AskedPath(frame.Body):
    """Which token."""

    id: UUID


class AskBody(frame.Body):
    """Of whom, and why."""

    organisation: str = Field(max_length=39)
    reason: str = Field("", max_length=500)


@api.get(RULE, summary="Show token rules", responses={"200": CredentialRuleAnswer})
def show(path: RulePath) -> Any:
    """For its owners."""
    with requests.reading() as work:
        found = token_rules.show(work, path.org)
        return frame.answer(CredentialRuleAnswer.model_validate(found))


@api.put(RULE, summary="Set token rules", responses={"200": CredentialRuleAnswer})
def change(path: RulePath, body: TokenRuleBody) -> Any:
    """It counts at once, also for tokens that are there."""
    rule = Rule(body.approval, body.most_days, body.unused_days)
    with requests.begin() as work:
        made = token_rules.change(work, path.org, rule, now=requests.now())
        return frame.answer(CredentialRuleAnswer.model_validate(made))


@api.get(APPROVALS, summary="List tokens to approve", responses={"200": ApprovalPage})
def list_approvals(path: RulePath, query: ApprovalQuery) -> Any:
    """For owners of the organisation."""
    with requests.reading() as work:
        page = token_approvals.listed(
            work,
            path.org,
            state=query.state,
            search=query.q,
            after=paging.after(query.cursor),
            limit=query.limit,
        )
        return frame.page([_present(each) for each in page.items], page.next)


@api.patch(f"{APPROVALS}/<uuid:id>", summary="Approve or refuse a token", responses={"204": None})
def decide(path: ApprovalPath, body: TokenDecisionBody) -> Any:
    """It counts at once. What was refused or revoked can be approved later."""
    with requests.begin() as work:
        token_approvals.decide(
            work, path.org, path.id, body.state, answer=body.answer, now=requests.now()
        )
    return frame.nothing()


@api.post(
    "/user/tokens/<uuid:id>/approvals",
    summary="Request approval of a token",
    responses={"204": None},
)
def ask(path: AskedPath, body: AskBody) -> Any:
    """A new token asks by itself; this is for those that were there before, or were refused."""
    with requests.begin() as work:
        token_approvals.ask(
            work, path.id, body.organisation, reason=body.reason, now=requests.now()
        )
    return frame.nothing()


def _present(asked: Asked) -> ApprovalAnswer:
    said, token = asked.approval, asked.token
    return ApprovalAnswer(
        id=said.id,
        token_id=token.id,
        token_name=token.name,
        user=asked.user.name,
        state=said.state,
        reason=said.reason,
        answer=said.answer,
        scopes=[Scope(scope) for scope in token.scopes],
        repositories=None if token.all_repositories else list(asked.repositories),
        expires_at=token.expires_at,
        too_long=asked.is_too_long,
        asked_at=said.asked_at,
        decided_at=said.decided_at,
        last_used_at=asked.used_at,
    )
