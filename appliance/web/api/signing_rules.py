"""`/orgs/{org}/signing-rules`: what must be signed in all repositories of an organisation."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from pydantic import Field

from appliance.domain.protection import FirmRule
from appliance.domain.signatures import SignedBy
from appliance.services import signing_rules
from appliance.web import requests
from appliance.web.api import frame
from appliance.web.api.repositories import RepositoryPath

if TYPE_CHECKING:
    from collections.abc import Sequence

    from appliance.db.signing_keys import SigningRule

api = frame.area("signing-rules", "What must be signed in all repositories of an organisation.")
OF = "/orgs/<org>/signing-rules"


class SigningRulePath(frame.Body):
    """Whose."""

    org: str = Field(max_length=39)


class SigningRuleBody(frame.Body):
    """What must be signed, for the refs that a pattern names."""

    pattern: str = Field(max_length=255, description="main, release/*, * or refs/tags/v*")
    signed_by: list[SignedBy] = Field(
        [], max_length=4, description="Signatures that count; with none, commits and tags need none"
    )
    signed_push: bool = Field(default=False, description="Whether pushes must be signed")


class SigningRuleQuery(frame.Body):
    """Which rule."""

    pattern: str = Field(max_length=255)


class SigningRuleAnswer(frame.Answer):
    """What must be signed, for some branches or tags."""

    pattern: str
    signed_by: list[SignedBy]
    signed_push: bool
    created_at: datetime


class SigningRuleList(frame.Answer):
    """All of them."""

    items: list[SigningRuleAnswer]


@api.get(OF, summary="List signature rules", responses={"200": SigningRuleList})
def list_signing_rules(path: SigningRulePath) -> Any:
    """For owners of the organisation."""
    with requests.reading() as work:
        return _answer(signing_rules.listed(work, path.org))


@api.put(OF, summary="Require signatures", responses={"200": SigningRuleAnswer})
def demand_signatures(path: SigningRulePath, body: SigningRuleBody) -> Any:
    """Adds the rule of that pattern, or changes it. No repository can loosen it."""
    rule = FirmRule(body.pattern, frozenset(body.signed_by), body.signed_push)
    with requests.begin() as work:
        made = signing_rules.demand(work, path.org, rule, now=requests.now())
        return frame.answer(SigningRuleAnswer.model_validate(made))


@api.delete(OF, summary="Remove a signature rule", responses={"204": None})
def drop_signing_rule(path: SigningRulePath, query: SigningRuleQuery) -> Any:
    """By its pattern."""
    with requests.begin() as work:
        signing_rules.drop(work, path.org, query.pattern)
    return frame.nothing()


@api.get(
    "/repos/<owner>/<name>/signing-rules",
    summary="List signature rules of its organisation",
    responses={"200": SigningRuleList},
)
def list_rules_over(path: RepositoryPath) -> Any:
    """It counts beside the repository's own rules; where both do, the strictest."""
    with requests.reading() as work:
        return _answer(signing_rules.over(work, path.path))


def _answer(found: Sequence[SigningRule]) -> Any:
    items = [SigningRuleAnswer.model_validate(each) for each in found]
    return frame.answer(SigningRuleList(items=items))
