"""`/admin/impersonations`: who acts as whom. One begins in the portal only."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import Field

from appliance.services import impersonation
from appliance.web import requests
from appliance.web.api import frame

api = frame.area("impersonations", "Administrators who act as somebody else.")


class ImpersonatedPath(frame.Body):
    """As whom."""

    name: str = Field(max_length=39)


class ImpersonationPath(frame.Body):
    """Which time."""

    id: UUID


class ImpersonationAnswer(frame.Answer):
    """One time that an administrator acted as somebody."""

    id: UUID
    user: str
    administrator: str
    reason: str
    began_at: datetime
    ends_at: datetime
    ended_at: datetime | None = Field(description="None: they still do")


class ImpersonationPage(frame.Answer):
    """Some of them."""

    items: list[ImpersonationAnswer]
    next: str | None


@api.get(
    "/admin/impersonations",
    summary="List impersonations",
    responses={"200": ImpersonationPage},
)
def list_all() -> Any:
    """Now and in the last 30 days, newest first. For administrators."""
    with requests.reading() as work:
        found = impersonation.listed(work, now=requests.now())
    return frame.page([ImpersonationAnswer.model_validate(each) for each in found], None)


@api.get(
    "/users/<name>/impersonations",
    summary="List impersonations of a user",
    responses={"200": ImpersonationPage},
)
def list_of_user(path: ImpersonatedPath) -> Any:
    """For the user and for administrators: the last 30 days, newest first."""
    with requests.reading() as work:
        found = impersonation.of_user(work, path.name, now=requests.now())
    return frame.page([ImpersonationAnswer.model_validate(each) for each in found], None)


@api.delete(
    "/admin/impersonations/<uuid:id>",
    summary="End an impersonation",
    responses={"204": None},
)
def stop(path: ImpersonationPath) -> Any:
    """The administrator is themself at their next click."""
    with requests.begin() as work:
        impersonation.stop(work, path.id, now=requests.now())
    return frame.nothing()
