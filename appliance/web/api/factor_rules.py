"""`/admin/factor-rules`: who must have a second factor."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import Field

from appliance.services import factor_rules
from appliance.web import requests
from appliance.web.api import frame

api = frame.area("factor-rules", "Who must have a second factor. For administrators.")
PLACE = "/admin/factor-rules"


class FactorRuleAnswer(frame.Answer):
    """A rule."""

    id: UUID
    organisation: str = Field(description="Empty: the whole appliance")
    role: str = Field(description="Empty: everybody there")
    grace_days: int
    created_at: datetime


class FactorRulesAnswer(frame.Answer):
    """All of them, and how many people have no second factor."""

    items: list[FactorRuleAnswer]
    people: int
    without: int
    next: None


class NewRule(frame.Body):
    """About whom, and how long they may go on without."""

    organisation: str = Field("", max_length=39)
    role: str = Field("", max_length=32)
    grace_days: int = Field(14, ge=0, le=factor_rules.MOST_GRACE_DAYS)


class RulePath(frame.Body):
    """Which rule."""

    id: UUID


@api.get(PLACE, summary="List who needs a second factor", responses={"200": FactorRulesAnswer})
def list_rules() -> Any:
    """All rules."""
    with requests.reading() as work:
        found = factor_rules.show(work)
        items = [FactorRuleAnswer.model_validate(each) for each in found.items]
        return frame.answer(
            FactorRulesAnswer(items=items, people=found.people, without=found.without, next=None)
        )


@api.post(PLACE, summary="Require a second factor", responses={"201": FactorRuleAnswer})
def require(body: NewRule) -> Any:
    """A rule about the same people is replaced."""
    with requests.begin() as work:
        made = factor_rules.require(
            work,
            organisation=body.organisation,
            role=body.role,
            grace_days=body.grace_days,
            now=requests.now(),
        )
        return frame.answer(FactorRuleAnswer.model_validate(made), 201)


@api.delete(f"{PLACE}/<uuid:id>", summary="Stop requiring a second factor", responses={"204": None})
def withdraw(path: RulePath) -> Any:
    """At once."""
    with requests.begin() as work:
        factor_rules.withdraw(work, path.id)
    return frame.nothing()
