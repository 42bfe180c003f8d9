"""`/ssh-authorities`: whose SSH certificates let users in."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from pydantic import Field

from appliance.services import ssh_authorities
from appliance.web import requests
from appliance.web.api import frame

if TYPE_CHECKING:
    from appliance.db.ssh_authorities import SshAuthority

api = frame.area("SSH authorities", "Whose SSH certificates let users in. For administrators.")

LONGEST_LIST = 8 * 1024 * 1024


class AuthorityAnswer(frame.Answer):
    """An authority."""

    id: UUID
    title: str
    type: str
    fingerprint: str
    suffix: str = Field(description="With what its principals end after the user's name")
    revocations: str
    created_at: datetime
    revocations_at: datetime | None


class AuthorityPage(frame.Answer):
    """All authorities."""

    items: list[AuthorityAnswer]
    next: str | None


class NewAuthorityBody(frame.Body):
    """A public key, as in a .pub file."""

    key: str = Field(max_length=16_384)
    title: str = Field("", max_length=100)
    suffix: str = Field("", max_length=255)


class RevocationsBody(frame.Body):
    """The whole list; it replaces the one before."""

    revocations: str = Field(max_length=LONGEST_LIST)


class AuthorityPath(frame.Body):
    """Which authority."""

    id: UUID


@api.get("/ssh-authorities", summary="List SSH authorities", responses={"200": AuthorityPage})
def list_authorities() -> Any:
    """All of them."""
    with requests.reading() as work:
        return frame.page([_present(each) for each in ssh_authorities.listed(work)], None)


@api.post("/ssh-authorities", summary="Add an SSH authority", responses={"201": AuthorityAnswer})
def trust_authority(body: NewAuthorityBody) -> Any:
    """Whoever shows a certificate of it is let in as the user whom a principal names."""
    with requests.begin() as work:
        authority = ssh_authorities.trust(
            work, text=body.key, title=body.title, suffix=body.suffix, now=requests.now()
        )
        return frame.answer(_present(authority), 201)


@api.put(
    "/ssh-authorities/<uuid:id>/revocations",
    summary="Revoke SSH certificates",
    responses={"200": AuthorityAnswer},
)
def revoke_certificates(path: AuthorityPath, body: RevocationsBody) -> Any:
    """By serial, id, fingerprint or key, a line each, as ssh-keygen takes them."""
    with requests.begin() as work:
        authority = ssh_authorities.revoke(work, path.id, text=body.revocations, now=requests.now())
        return frame.answer(_present(authority))


@api.delete(
    "/ssh-authorities/<uuid:id>", summary="Remove an SSH authority", responses={"204": None}
)
def remove_authority(path: AuthorityPath) -> Any:
    """Its certificates let nobody in from then on."""
    with requests.begin() as work:
        ssh_authorities.remove(work, path.id)
    return frame.nothing()


def _present(authority: SshAuthority) -> AuthorityAnswer:
    return AuthorityAnswer(
        id=authority.id,
        title=authority.title,
        type=authority.key_type,
        fingerprint=authority.fingerprint,
        suffix=authority.suffix,
        revocations=authority.revocations,
        created_at=authority.created_at,
        revocations_at=authority.revocations_at,
    )
