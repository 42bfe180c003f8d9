"""`/x509-authorities`: whose certificates count for signatures of commits, tags and pushes."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from pydantic import Field

from appliance.services import x509_authorities
from appliance.web import certificate_text, requests
from appliance.web.api import frame

if TYPE_CHECKING:
    from appliance.db.signing_keys import X509Authority

api = frame.area(
    "certificate authorities", "Whose certificates count for signatures. For administrators."
)

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


@api.get(
    "/x509-authorities", summary="List X.509 authorities", responses={"200": X509AuthorityPage}
)
def list_x509_authorities() -> Any:
    """All of them."""
    with requests.reading() as work:
        return frame.page([_present(each) for each in x509_authorities.listed(work)], None)


@api.post(
    "/x509-authorities", summary="Trust an X.509 authority", responses={"201": X509AuthorityAnswer}
)
def trust_x509_authority(body: NewX509AuthorityBody) -> Any:
    """Signatures count from then on whose certificates lead to it and name a verified address."""
    with requests.begin() as work:
        authority = x509_authorities.trust(
            work,
            data=certificate_text.of_field("certificate", body.certificate),
            title=body.title,
            now=requests.now(),
        )
        return frame.answer(_present(authority), 201)


@api.put(
    "/x509-authorities/<uuid:id>/revocations",
    summary="Bring a list of revoked certificates",
    responses={"200": X509AuthorityAnswer},
)
def revoke_x509_certificates(path: X509AuthorityPath, body: X509RevocationsBody) -> Any:
    """The list must be signed by the authority, complete, and no older than the one here."""
    data = certificate_text.of_field("revocations", body.revocations)
    with requests.begin() as work:
        return frame.answer(_present(x509_authorities.revoke(work, path.id, data=data)))


@api.delete(
    "/x509-authorities/<uuid:id>",
    summary="Trust an X.509 authority no more",
    responses={"204": None},
)
def remove_x509_authority(path: X509AuthorityPath) -> Any:
    """What its certificates have signed counts as unverified from then on."""
    with requests.begin() as work:
        x509_authorities.remove(work, path.id)
    return frame.nothing()


def _present(authority: X509Authority) -> X509AuthorityAnswer:
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
