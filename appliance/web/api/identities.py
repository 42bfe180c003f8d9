"""`/users/{name}/identities`: by what a person is known to sign-in systems, and the last way in."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import Field

from appliance.domain.identity_providers import LinkedBy, ProviderKind
from appliance.services import break_glass, identity_links
from appliance.services.identity_links import ListedIdentity
from appliance.web import requests
from appliance.web.api import frame
from appliance.web.api.identity_providers import GroupRuleAnswer

api = frame.area("identities", "By what people are known to identity providers.")


class UserPath(frame.Body):
    """Whose."""

    name: str = Field(max_length=39)


class IdentityPath(frame.Body):
    """Which identity."""

    id: UUID


class IdentityAnswer(frame.Answer):
    """An identity, and what its groups give."""

    id: UUID
    provider: str
    label: str
    kind: ProviderKind
    subject: str
    linked_by: LinkedBy
    is_active: bool
    said_name: str
    said_email: str
    groups: list[str]
    gives: list[GroupRuleAnswer]
    created_at: datetime
    seen_at: datetime


class IdentityPage(frame.Answer):
    """All of them."""

    items: list[IdentityAnswer]
    next: None


class NewIdentity(frame.Body):
    """Who a user is at a provider."""

    provider: str = Field(max_length=39)
    subject: str = Field(max_length=512, description="What never changes of them there")


class ReasonBody(frame.Body):
    """Why."""

    reason: str = Field(max_length=break_glass.LONGEST_REASON)


class DoorAnswer(frame.Answer):
    """Until when a password counts."""

    until: datetime


@api.get("/users/<name>/identities", summary="List identities", responses={"200": IdentityPage})
def list_identities(path: UserPath) -> Any:
    """One's own, or anybody's for administrators."""
    with requests.reading() as work:
        found = identity_links.of_user(work, path.name)
        return frame.page([_present(each) for each in found], None)


@api.post("/users/<name>/identities", summary="Link an identity", responses={"201": IdentityAnswer})
def link(path: UserPath, body: NewIdentity) -> Any:
    """For administrators, who know that it is the same person."""
    with requests.begin() as work:
        made = identity_links.link(work, path.name, body.provider, body.subject, now=requests.now())
        return frame.answer(_present(made), 201)


@api.delete("/identities/<uuid:id>", summary="Unlink an identity", responses={"204": None})
def unlink(path: IdentityPath) -> Any:
    """What its groups gave goes, and so do sessions that it opened."""
    with requests.begin() as work:
        identity_links.unlink(work, path.id, now=requests.now())
    return frame.nothing()


@api.post(
    "/users/<name>/break-glass",
    summary="Allow an administrator's password for a while",
    responses={"201": DoorAnswer},
)
def open_door(path: UserPath, body: ReasonBody) -> Any:
    """At the appliance's console alone; an event of the highest severity says so."""
    with requests.begin() as work:
        until = break_glass.open_door(work, path.name, reason=body.reason, now=requests.now())
    return frame.answer(DoorAnswer(until=until), 201)


def _present(each: ListedIdentity) -> IdentityAnswer:
    return IdentityAnswer.model_validate(each)
