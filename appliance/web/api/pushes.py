"""`/pushes`: who pushed what, when and how; and what was signed with it."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import Field

from appliance.domain.identity import Method
from appliance.domain.protection import Movement
from appliance.domain.signatures import Finding, SignatureForm
from appliance.services import push_certificates, push_records
from appliance.services.push_records import PushFilter, PushRecord, RefMove, Signature, Signing
from appliance.web import paging, requests
from appliance.web.api import frame
from appliance.web.api.bytes_text import text
from appliance.web.api.repositories import RepositoryPath

api = frame.area("pushes", "Who pushed what, and what was signed with it.")


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


class PushesQuery(frame.PageQuery):
    """Which pushes."""

    ref: str = Field("", max_length=1024, description="A branch, or a whole ref name")
    person: str = Field("", max_length=64, description="The name of who pushed")
    signed: Signing = Field(Signing.ANY, description="By what was signed; empty: all")


class PushedRefAnswer(frame.Answer):
    """A ref of a push."""

    ref: str
    old: str
    new: str
    movement: Movement
    moved: bool | None = Field(description="None while the push is under way")


class PushSignatureAnswer(frame.Answer):
    """What was found of the certificate when the push came."""

    verified: bool
    finding: Finding
    form: SignatureForm | None
    key: str
    owner: str | None
    digest: str


class PushAnswer(frame.Answer):
    """A push. A list names the first refs of each."""

    id: UUID
    pusher: str
    user: str | None = Field(description="The user, if it was one and they are still there")
    method: Method
    protocol: str = Field(description="https, ssh, or api where it came without git")
    address: str | None = Field(description="For oneself, and for who may read the log")
    pushed_at: datetime
    settled: bool
    size_bytes: int
    ref_count: int
    refs: list[PushedRefAnswer]
    signature: PushSignatureAnswer | None
    operation: str | None = Field(description="merge, rebase and the like, if it came without git")
    sources: list[str] = Field(description="The commits that it was done with")


class PushPage(frame.Answer):
    """Some pushes."""

    items: list[PushAnswer]
    next: str | None


@api.get("/repos/<owner>/<name>/pushes", summary="List pushes", responses={"200": PushPage})
def list_pushes(path: RepositoryPath, query: PushesQuery) -> Any:
    """The newest first. What the portal and the API changed is among them."""
    wanted = PushFilter(query.ref.encode(), query.person, query.signed)
    with requests.reading() as work:
        page = push_records.listed(
            work, path.path, wanted, after=paging.after(query.cursor), limit=query.limit
        )
    return frame.page([_present(each) for each in page.items], page.next)


@api.get(
    "/repos/<owner>/<name>/pushes/<uuid:id>", summary="Show a push", responses={"200": PushAnswer}
)
def show_push(path: PushPath) -> Any:
    """With its refs, a thousand at most."""
    with requests.reading() as work:
        return frame.answer(_present(push_records.show(work, path.path, path.id)))


@api.get(
    "/repos/<owner>/<name>/pushes/<uuid:id>/certificate",
    summary="Show the signature of a push",
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


def _present(push: PushRecord) -> PushAnswer:
    return PushAnswer(
        id=push.id,
        pusher=push.pusher,
        user=push.user or None,
        method=push.method,
        protocol=push.protocol,
        address=push.address,
        pushed_at=push.pushed_at,
        settled=push.is_settled,
        size_bytes=push.size_bytes,
        ref_count=push.ref_count,
        refs=[_present_move(each) for each in push.refs],
        signature=_present_signature(push.signature) if push.signature else None,
        operation=push.operation,
        sources=list(push.sources),
    )


def _present_move(move: RefMove) -> PushedRefAnswer:
    return PushedRefAnswer(
        ref=text(move.ref),
        old=move.old_oid,
        new=move.new_oid,
        movement=move.movement,
        moved=move.moved,
    )


def _present_signature(signature: Signature) -> PushSignatureAnswer:
    return PushSignatureAnswer(
        verified=signature.is_verified,
        finding=signature.finding,
        form=signature.form,
        key=signature.key,
        owner=signature.owner or None,
        digest=signature.digest,
    )
