"""`/credentials`, `/orgs/{org}/credentials`: every token and key, with last use, owner and age."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import Field

from appliance.domain.credentials import LONGEST_LIFE_DAYS, CredentialKind
from appliance.services import credential_ends, credential_inventory
from appliance.services.credential_inventory import Filter, Holder
from appliance.web import paging, requests
from appliance.web.api import frame

api = frame.area("credentials", "Every token and key, with last use, owner and age.")
ALL, OF = "/credentials", "/orgs/<org>/credentials"
ONE, ONE_OF = f"{ALL}/<kind>/<uuid:id>", f"{OF}/<kind>/<uuid:id>"


class CredentialAnswer(frame.Answer):
    """A credential."""

    id: UUID
    kind: CredentialKind
    name: str
    mark: str = Field(description="How it begins, or its fingerprint")
    owner: str = Field(description="The user, repository or identity provider; empty: the instance")
    organisation: str = Field(description="That owns the service account, or the repository")
    is_machine: bool = Field(description="Whether a service account holds it")
    scopes: list[str] = Field(description="Of a token; of a key what it is for")
    reach: str = Field(description="`all`, or `chosen` repositories")
    repositories: list[str]
    created_at: datetime
    expires_at: datetime | None
    used_at: datetime | None
    used_from: str


class CredentialPage(frame.Answer):
    """Some credentials."""

    items: list[CredentialAnswer]
    next: str | None


class CredentialQuery(frame.PageQuery):
    """Which of them, and in which order."""

    kind: CredentialKind | None = None
    holder: Holder | None = Field(None, description="A person's, or a machine's")
    unused_days: int | None = Field(None, ge=1, le=LONGEST_LIFE_DAYS)
    q: str = Field("", max_length=100, description="Part of its name, owner or beginning")
    sort: str = Field("-created", max_length=20, description="created, used, expires or name")


class HoldingPath(frame.Body):
    """Of which organisation."""

    org: str = Field(max_length=39)


class CredentialPath(frame.Body):
    """Which one."""

    kind: CredentialKind
    id: UUID


class HeldPath(CredentialPath):
    """Which one, of which organisation."""

    org: str = Field(max_length=39)


@api.get(ALL, summary="List all credentials", responses={"200": CredentialPage})
def list_all(query: CredentialQuery) -> Any:
    """For administrators and auditors of the instance. What was revoked is not there any more."""
    return _listed("", query)


@api.get(
    OF, summary="List credentials that reach an organisation", responses={"200": CredentialPage}
)
def list_of(path: HoldingPath, query: CredentialQuery) -> Any:
    """For its owners, security officers and auditors."""
    return _listed(path.org, query)


@api.delete(ONE, summary="Revoke a credential", responses={"204": None})
def end(path: CredentialPath) -> Any:
    """For administrators. It stops working at once."""
    with requests.begin() as work:
        credential_ends.end(work, path.kind, path.id, now=requests.now())
    return frame.nothing()


@api.delete(ONE_OF, summary="Revoke or block a credential", responses={"204": None})
def end_of(path: HeldPath) -> Any:
    """For its owners: what is the organisation's ends, what is a person's reaches it no more."""
    with requests.begin() as work:
        credential_ends.end_in(work, path.org, path.kind, path.id, now=requests.now())
    return frame.nothing()


def _listed(organisation: str, query: CredentialQuery) -> Any:
    with requests.reading() as work:
        page = credential_inventory.listed(
            work,
            organisation,
            wanted=Filter(query.kind, query.holder, query.unused_days),
            search=query.q,
            order=query.sort,
            after=paging.after(query.cursor),
            limit=query.limit,
        )
        found = [CredentialAnswer.model_validate(each) for each in page.items]
        return frame.page(found, page.next)
