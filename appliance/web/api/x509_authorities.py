"""`/x509-authorities`, `/orgs/{org}/x509-authorities`: whose certificates count for signatures of
commits, tags and pushes.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from pydantic import Field

from appliance.services import x509_authorities
from appliance.web import certificate_text, requests
from appliance.web.api import frame

if TYPE_CHECKING:
    from appliance.services.x509_authorities import AnyAuthority

api = frame.area(
    "certificate authorities",
    "Whose certificates count for signatures. For administrators, and for owners.",
)
INSTANCE, OF = "/x509-authorities", "/orgs/<org>/x509-authorities"

FILE = "A file's text, where it is PEM; its bytes in base64, where it is DER"


class X509AuthorityAnswer(frame.Answer):
    """An authority."""

    id: UUID
    title: str
    subject: str
    fingerprint: str = Field(description="SHA-256 of the certificate, in hex")
    ends_at: datetime
    created_at: datetime
    revoked: int | None = Field(description="How many certificates its list names; none: no list")
    revocations_made_at: datetime | None
    revocations_until: datetime | None = Field(description="When the next list was due")
    certificate: str


class X509AuthorityPage(frame.Answer):
    """All authorities."""

    items: list[X509AuthorityAnswer]
    next: str | None


class NewX509AuthorityBody(frame.Body):
    """A certificate of an authority."""

    certificate: str = Field(max_length=certificate_text.LONGEST_CERTIFICATE, description=FILE)
    title: str = Field("", max_length=100, description="Its subject if left out")


class X509RevocationsBody(frame.Body):
    """A whole list; it takes the place of the one before."""

    revocations: str = Field(max_length=certificate_text.LONGEST_LIST, description=FILE)


class X509AuthorityPath(frame.Body):
    """Which authority."""

    id: UUID


class OrganisationX509Path(frame.Body):
    """Whose."""

    org: str = Field(max_length=39)


class OrganisationX509AuthorityPath(OrganisationX509Path):
    """Which of them."""

    id: UUID


@api.get(INSTANCE, summary="List X.509 authorities", responses={"200": X509AuthorityPage})
def list_x509_authorities() -> Any:
    """All that the appliance trusts."""
    return _list("")


@api.post(INSTANCE, summary="Add an X.509 authority", responses={"201": X509AuthorityAnswer})
def trust_x509_authority(body: NewX509AuthorityBody) -> Any:
    """Signatures count from then on whose certificates lead to it and name a verified address."""
    return _trust("", body)


@api.put(
    f"{INSTANCE}/<uuid:id>/revocations",
    summary="Upload a revocation list",
    responses={"200": X509AuthorityAnswer},
)
def revoke_x509_certificates(path: X509AuthorityPath, body: X509RevocationsBody) -> Any:
    """The list must be signed by the authority, complete, and no older than the one here."""
    return _revoke("", path.id, body)


@api.delete(f"{INSTANCE}/<uuid:id>", summary="Remove an X.509 authority", responses={"204": None})
def remove_x509_authority(path: X509AuthorityPath) -> Any:
    """What its certificates have signed counts as unverified from then on."""
    return _remove("", path.id)


@api.get(
    OF, summary="List X.509 authorities of an organisation", responses={"200": X509AuthorityPage}
)
def list_authorities_of(path: OrganisationX509Path) -> Any:
    """All that the organisation trusts beside the appliance. For its owners."""
    return _list(path.org)


@api.post(
    OF, summary="Add an X.509 authority of an organisation", responses={"201": X509AuthorityAnswer}
)
def trust_authority_in(path: OrganisationX509Path, body: NewX509AuthorityBody) -> Any:
    """It counts in the organisation's repositories alone, and for its members only."""
    return _trust(path.org, body)


@api.put(
    f"{OF}/<uuid:id>/revocations",
    summary="Upload the revocation list of one of its authorities",
    responses={"200": X509AuthorityAnswer},
)
def revoke_certificates_of(path: OrganisationX509AuthorityPath, body: X509RevocationsBody) -> Any:
    """As for authorities that the appliance trusts."""
    return _revoke(path.org, path.id, body)


@api.delete(
    f"{OF}/<uuid:id>",
    summary="Remove an X.509 authority of an organisation",
    responses={"204": None},
)
def remove_authority_of(path: OrganisationX509AuthorityPath) -> Any:
    """What counted by it alone is unverified from then on."""
    return _remove(path.org, path.id)


def _list(organisation: str) -> Any:
    with requests.reading() as work:
        found = x509_authorities.listed(work, organisation)
        return frame.page([_present(each) for each in found], None)


def _trust(organisation: str, body: NewX509AuthorityBody) -> Any:
    data = certificate_text.of_field("certificate", body.certificate)
    with requests.begin() as work:
        authority = x509_authorities.trust(
            work, data=data, title=body.title, organisation=organisation, now=requests.now()
        )
        return frame.answer(_present(authority), 201)


def _revoke(organisation: str, authority_id: UUID, body: X509RevocationsBody) -> Any:
    data = certificate_text.of_field("revocations", body.revocations)
    with requests.begin() as work:
        authority = x509_authorities.revoke(
            work, authority_id, data=data, organisation=organisation
        )
        return frame.answer(_present(authority))


def _remove(organisation: str, authority_id: UUID) -> Any:
    with requests.begin() as work:
        x509_authorities.remove(work, authority_id, organisation=organisation)
    return frame.nothing()


def _present(authority: AnyAuthority) -> X509AuthorityAnswer:
    return X509AuthorityAnswer(
        id=authority.id,
        title=authority.title,
        subject=authority.subject,
        fingerprint=authority.fingerprint,
        ends_at=authority.ends_at,
        created_at=authority.created_at,
        revoked=authority.revoked_count,
        revocations_made_at=authority.revocations_made_at,
        revocations_until=authority.revocations_until,
        certificate=certificate_text.pem(authority.certificate),
    )
