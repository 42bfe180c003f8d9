"""`/users/{name}/access`: where each right of a person comes from."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import Field

from appliance.services import person_access
from appliance.web import requests
from appliance.web.api import frame

api = frame.area("access of people", "Where each right of a person comes from.")


class AccessOfPath(frame.Body):
    """Whose."""

    name: str = Field(max_length=39)


class AccessInPath(frame.Body):
    """Whose, and in which organisation."""

    org: str = Field(max_length=39)
    name: str = Field(max_length=39)


class PersonRight(frame.Answer):
    """One right, and where it comes from."""

    on: str = Field(
        description="`instance`, `organisation`, `team`, `repository`, or `repositories`: all there"
    )
    name: str
    role: str
    source: str = Field(
        description="`direct`, `provider`, `team`, `base`, `organisation`, `owner` or `instance`"
    )
    through: str = Field(description="The team, the identity provider or the role that gives it")
    since: datetime | None


class HeldAnswer(frame.Answer):
    """How many of each they hold that lets them in."""

    identities: int
    sessions: int
    tokens: int
    ssh_keys: int
    openpgp_keys: int
    factors: int


class PersonAccessAnswer(frame.Answer):
    """What somebody is and may."""

    user: str
    state: str
    rights: list[PersonRight]
    held: HeldAnswer | None = Field(description="Null for who sees one organisation alone")
    cut: bool = Field(description="Whether there are more repositories than are named")


@api.get("/users/<name>/access", summary="Show access", responses={"200": PersonAccessAnswer})
def of_user(path: AccessOfPath) -> Any:
    """For the user and for administrators."""
    with requests.reading() as work:
        found = person_access.of_user(work, path.name, now=requests.now())
        return frame.answer(_present(found))


@api.get(
    "/orgs/<org>/members/<name>/access",
    summary="Show access in an organisation",
    responses={"200": PersonAccessAnswer},
)
def of_member(path: AccessInPath) -> Any:
    """For owners of the organisation; also of who is no member and was given a role there."""
    with requests.reading() as work:
        return frame.answer(_present(person_access.of_member(work, path.org, path.name)))


def _present(found: person_access.PersonAccess) -> PersonAccessAnswer:
    return PersonAccessAnswer(
        user=found.user.name,
        state=found.user.state,
        rights=[PersonRight.model_validate(each) for each in found.rights],
        held=HeldAnswer.model_validate(found.held) if found.held else None,
        cut=found.is_cut,
    )
