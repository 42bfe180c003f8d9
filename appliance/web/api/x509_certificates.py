"""`/user/x509-certificates`: X.509 certificates that one has shown to be one's own."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from pydantic import Field

from appliance.services import x509_certificates
from appliance.web import certificate_text, paging, requests
from appliance.web.api import frame
from appliance.web.api.session import OwnerQuery, TokenPath

if TYPE_CHECKING:
    from appliance.db.signing_keys import X509Certificate

api = frame.area(
    "signing certificates",
    "X.509 certificates of people. One that names its holder's address need not be here.",
)
PLACE = "/user/x509-certificates"
LONGEST = 64 * 1024


class X509CertificateAnswer(frame.Answer):
    """A certificate that somebody signs with."""

    id: UUID
    fingerprint: str = Field(description="SHA-256 of the certificate, in hex")
    subject: str
    addresses: list[str] = Field(
        description="It speaks for those of them that are verified as its user's; where there are "
        "none, for each verified one"
    )
    ends_at: datetime
    created_at: datetime = Field(description="When it was registered")
    certificate: str


class X509CertificatePage(frame.Answer):
    """Some certificates."""

    items: list[X509CertificateAnswer]
    next: str | None


class X509ChallengeAnswer(frame.Answer):
    """What is to be signed, within an hour."""

    challenge: str


class NewX509CertificateBody(frame.Body):
    """The text that was to be signed, and its signature."""

    challenge: str = Field(max_length=4096)
    signature: str = Field(
        max_length=LONGEST, description="Detached, in PEM, with the certificate in it"
    )


@api.get(PLACE, summary="List X.509 certificates", responses={"200": X509CertificatePage})
def list_x509_certificates(query: OwnerQuery) -> Any:
    """One's own."""
    with requests.reading() as work:
        page = x509_certificates.list_certificates(
            work, user=query.user, after=paging.after(query.cursor), limit=query.limit
        )
        return frame.page([_present(each) for each in page.items], page.next)


@api.get(
    f"{PLACE}/challenge",
    summary="Get a text to sign",
    responses={"200": X509ChallengeAnswer},
)
def show_challenge() -> Any:
    """Whoever signs it shows that they have the certificate's key."""
    tools = requests.wiring().certificates
    with requests.reading() as work:
        text = x509_certificates.challenge(work, tools=tools, now=requests.now())
    return frame.answer(X509ChallengeAnswer(challenge=text))


@api.post(PLACE, summary="Register an X.509 certificate", responses={"201": X509CertificateAnswer})
def add_x509_certificate(body: NewX509CertificateBody) -> Any:
    """It comes with the signature."""
    tools = requests.wiring().certificates
    with requests.begin() as work:
        made = x509_certificates.add(
            work,
            challenge=body.challenge,
            signature=body.signature,
            tools=tools,
            now=requests.now(),
        )
        return frame.answer(_present(made), 201)


@api.delete(f"{PLACE}/<uuid:id>", summary="Remove an X.509 certificate", responses={"204": None})
def remove_x509_certificate(path: TokenPath) -> Any:
    """It stands for nobody then, but for whose addresses it names."""
    with requests.begin() as work:
        x509_certificates.remove(work, path.id)
    return frame.nothing()


def _present(row: X509Certificate) -> X509CertificateAnswer:
    return X509CertificateAnswer(
        id=row.id,
        fingerprint=row.fingerprint,
        subject=row.subject,
        addresses=row.addresses,
        ends_at=row.ends_at,
        created_at=row.created_at,
        certificate=certificate_text.pem(row.certificate),
    )
