"""`/admin/identity-providers/{name}/tokens`: tokens with which a SCIM client provisions people."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import Field

from appliance.domain.address_lists import MOST_NETWORKS
from appliance.services import scim_tokens
from appliance.services.scim_tokens import ListedScimToken
from appliance.web import requests
from appliance.web.api import frame
from appliance.web.api.address_lists import NetworkText
from appliance.web.api.identity_providers import PLACE, ProviderPath

api = frame.area("provisioning", "Tokens of SCIM clients, for administrators.")

TOKENS = f"{PLACE}/<name>/tokens"


class ScimTokenPath(ProviderPath):
    """Which token."""

    id: UUID


class ScimTokenAnswer(frame.Answer):
    """A token, without its secret."""

    id: UUID
    name: str
    prefix: str
    created_at: datetime
    expires_at: datetime | None
    used_at: datetime | None
    used_from: str
    networks: list[str] = Field(description="Only from these; empty: from anywhere")


class ScimTokenPage(frame.Answer):
    """All of a provider."""

    items: list[ScimTokenAnswer]
    next: None


class NewScimTokenBody(frame.Body):
    """A token to make."""

    name: str = Field(max_length=100)
    expires_at: datetime | None = Field(
        None, description="None only where the instance allows tokens without end"
    )
    networks: list[NetworkText] = Field(
        default_factory=list,
        max_length=MOST_NETWORKS,
        description="From where it may be used; else anywhere",
    )


class NewScimTokenAnswer(ScimTokenAnswer):
    """A token just made: its secret is shown this once."""

    token: str


class ToldAnswer(frame.Answer):
    """Something that the client told of, and when it last said something else of it."""

    kind: str
    name: str
    is_deleted: bool
    changed_at: datetime


class OverviewAnswer(frame.Answer):
    """What a client has told of so far."""

    users: int
    groups: int
    last: list[ToldAnswer]


@api.get(TOKENS, summary="List tokens of a SCIM client", responses={"200": ScimTokenPage})
def list_tokens(path: ProviderPath) -> Any:
    """Those that were not revoked, oldest first."""
    with requests.reading() as work:
        found = scim_tokens.list_tokens(work, path.name)
    return frame.page([_present(each) for each in found], None)


@api.post(TOKENS, summary="Create a SCIM token", responses={"201": NewScimTokenAnswer})
def make(path: ProviderPath, body: NewScimTokenBody) -> Any:
    """It may provision for this provider, and nothing else."""
    with requests.begin() as work:
        made = scim_tokens.make(
            work,
            path.name,
            name=body.name,
            expires_at=body.expires_at,
            networks=body.networks,
            tools=requests.wiring().sign_in,
            now=requests.now(),
        )
        shown = _present(ListedScimToken(made.token, None, "")).model_dump()
        answer = NewScimTokenAnswer(**shown, token=made.secret)
    where = f"{frame.PREFIX}{PLACE}/{path.name}/tokens/{answer.id}"
    return frame.answer(answer, 201, where)


@api.delete(f"{TOKENS}/<uuid:id>", summary="Revoke a SCIM token", responses={"204": None})
def revoke(path: ScimTokenPath) -> Any:
    """At once."""
    with requests.begin() as work:
        scim_tokens.revoke(work, path.name, path.id, now=requests.now())
    return frame.nothing()


@api.get(
    f"{PLACE}/<name>/provisioned",
    summary="Show what SCIM clients provisioned",
    responses={"200": OverviewAnswer},
)
def overview(path: ProviderPath) -> Any:
    """How many people and groups, and what it changed last."""
    with requests.reading() as work:
        found = scim_tokens.overview(work, path.name)
    return frame.answer(OverviewAnswer.model_validate(found))


def _present(listed: ListedScimToken) -> ScimTokenAnswer:
    token = listed.token
    return ScimTokenAnswer(
        id=token.id,
        name=token.name,
        prefix=token.shown_prefix,
        created_at=token.created_at,
        expires_at=token.expires_at,
        used_at=listed.used_at,
        used_from=listed.used_from,
        networks=token.networks,
    )
