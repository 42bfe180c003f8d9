"""`/users/{name}/second-factors`: what somebody shows beside their password, and taking it away."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import Field

from appliance.domain.factors import Factor
from appliance.services import second_factors
from appliance.web import requests
from appliance.web.api import frame

api = frame.area("second-factors", "What people show beside their password.")


class UserPath(frame.Body):
    """Whose."""

    name: str = Field(max_length=39)


class FactorAnswer(frame.Answer):
    """A second factor, without its secret."""

    id: UUID
    kind: Factor
    title: str
    created_at: datetime
    used_at: datetime | None


class FactorsAnswer(frame.Answer):
    """All of them, and how many recovery codes are left."""

    items: list[FactorAnswer]
    codes_left: int
    next: None


class ResetBody(frame.Body):
    """Why."""

    reason: str = Field(max_length=second_factors.LONGEST_REASON)


class ResetAnswer(frame.Answer):
    """How many there were."""

    removed: int


@api.get(
    "/users/<name>/second-factors",
    summary="List second factors",
    responses={"200": FactorsAnswer},
)
def list_factors(path: UserPath) -> Any:
    """One's own, or anybody's for administrators. They are set up in the portal."""
    with requests.reading() as work:
        found = second_factors.show(work, path.name)
        items = [FactorAnswer.model_validate(each) for each in found.items]
        return frame.answer(FactorsAnswer(items=items, codes_left=found.codes_left, next=None))


@api.post(
    "/users/<name>/second-factors/reset",
    summary="Reset second factors",
    responses={"200": ResetAnswer},
)
def reset(path: UserPath, body: ResetBody) -> Any:
    """For administrators, of who has lost them. An event of the highest severity says so."""
    with requests.begin() as work:
        removed = second_factors.reset(work, path.name, reason=body.reason, now=requests.now())
    return frame.answer(ResetAnswer(removed=removed))
