"""`/pushes/{id}/certificate`: what somebody signed with a push."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import Field

from appliance.domain.signatures import Finding, SignatureForm
from appliance.services import push_certificates
from appliance.web import requests
from appliance.web.api import frame
from appliance.web.api.bytes_text import text
from appliance.web.api.repositories import RepositoryPath

api = frame.area("pushes", "What was signed with a push.")


class PushPath(RepositoryPath):
    """Which push; its event names the id."""

    id: UUID


class CertificateAnswer(frame.Answer):
    """The certificate of a push, and what was found when it came."""

    push_id: UUID
    verified: bool
    finding: Finding
    form: SignatureForm | None
    key: str | None = Field(description="As the signature names it")
    owner: str | None = Field(description="Who had registered the key")
    pushed_by: str
    received_at: datetime
    digest: str = Field(description="SHA-256 of the certificate's bytes, also in the push's event")
    certificate: str


@api.get(
    "/repos/<owner>/<name>/pushes/<uuid:id>/certificate",
    summary="Show what was signed with a push",
    responses={"200": CertificateAnswer},
)
def show_certificate(path: PushPath) -> Any:
    """Git's push certificate, with its signature."""
    with requests.reading() as work:
        kept = push_certificates.show(work, path.path, path.id)
        push = kept.push
        answer = CertificateAnswer(
            push_id=push.id,
            verified=push.certificate_finding == Finding.VERIFIED,
            finding=Finding(push.certificate_finding or Finding.MALFORMED),
            form=SignatureForm(push.certificate_form) if push.certificate_form else None,
            key=push.certificate_key,
            owner=kept.owner or None,
            pushed_by=push.actor_label,
            received_at=push.accepted_at,
            digest=push.certificate_digest or "",
            certificate=text(push.certificate or b""),
        )
    return frame.answer(answer)
