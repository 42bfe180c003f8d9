"""`/push-protection`, `/orgs/{org}/push-protection`: secrets that stopped pushes, and bypasses."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Any
from uuid import UUID

import flask
from pydantic import Field

from appliance.domain.push_protection import LONGEST_COMMENT, BypassReason, BypassState
from appliance.services import secret_bypasses, secret_scans
from appliance.services.secret_bypasses import Blocked
from appliance.web import requests
from appliance.web.api import frame
from appliance.web.api.repositories import RepositoryPath

api = frame.area("push-protection", "Secrets that stopped pushes, and leave to push them.")
BLOCK = "/push-protection/blocks/<uuid:id>"


class PushBlockPath(frame.Body):
    """Which one."""

    id: UUID


class BlocksQuery(frame.Body):
    """Of which repository."""

    repository: str = Field(description="OWNER/NAME")


class SecretBypassBody(frame.Body):
    """Why it is to be pushed all the same."""

    block: UUID
    reason: BypassReason
    comment: str = Field("", max_length=LONGEST_COMMENT)


class BypassDecisionBody(frame.Body):
    """Why."""

    comment: str = Field("", max_length=LONGEST_COMMENT)


class SecretBypassAnswer(frame.Answer):
    """What was requested, and decided."""

    id: UUID
    state: BypassState
    reason: BypassReason
    comment: str
    requested_at: datetime
    expires_at: datetime
    decided_at: datetime | None
    decision_comment: str
    used_at: datetime | None


class PushBlockAnswer(frame.Answer):
    """A secret that stopped somebody. Its value is not known."""

    id: UUID
    repository: str
    pusher: str
    rule: str
    title: str
    preview: str
    cure: str
    severity: str
    path: str
    line: int = Field(description="0 where it is not in a file's content")
    commit: str
    times: int
    first_at: datetime
    last_at: datetime
    bypasses: list[SecretBypassAnswer]
    needs_approval: bool


class PushBlockPage(frame.Answer):
    """Some of them."""

    items: list[PushBlockAnswer]
    next: str | None


class ScanAnswer(frame.Answer):
    """The job that scans."""

    job: UUID


class ProtectionPath(frame.Body):
    """Which organisation."""

    org: str


class ExemptionPath(ProtectionPath):
    """Which account."""

    account: str


class ProtectionBody(frame.Body):
    """Whether somebody else must approve."""

    delegated: bool


class ExemptionBody(frame.Body):
    """Why."""

    reason: str = Field(min_length=1, max_length=LONGEST_COMMENT)


class ExemptAnswer(frame.Answer):
    """A service account that is never stopped."""

    account: str
    reason: str


class ProtectionAnswer(frame.Answer):
    """How an organisation decides."""

    delegated: bool
    exempt: list[ExemptAnswer]


@api.get(
    "/push-protection/blocks", summary="List blocked secrets", responses={"200": PushBlockPage}
)
def list_blocks(query: BlocksQuery) -> Any:
    """All of a repository for those who decide about bypasses, and one's own for others."""
    with requests.reading() as work:
        found = secret_bypasses.listed(work, query.repository)
        return frame.page([_present(each) for each in found], None)


@api.get(BLOCK, summary="Show a blocked secret", responses={"200": PushBlockAnswer})
def show(path: PushBlockPath) -> Any:
    """With what was requested and decided."""
    with requests.reading() as work:
        return frame.answer(_present(secret_bypasses.show(work, path.id)))


@api.post(
    "/push-protection/bypasses", summary="Request a bypass", responses={"201": PushBlockAnswer}
)
def request(body: SecretBypassBody) -> Any:
    """For whoever was stopped. It counts for this secret, repository and person, once."""
    with requests.begin() as work:
        blocked = secret_bypasses.request(
            work, body.block, body.reason, body.comment, now=requests.now()
        )
        return frame.answer(_present(blocked), HTTPStatus.CREATED)


@api.post(
    "/push-protection/bypasses/<uuid:id>/approve",
    summary="Approve a bypass",
    responses={"200": PushBlockAnswer},
)
def approve(path: PushBlockPath, body: BypassDecisionBody) -> Any:
    """For owners and security officers, of what somebody else requested."""
    return _decide(path.id, body, approves=True)


@api.post(
    "/push-protection/bypasses/<uuid:id>/refuse",
    summary="Refuse a bypass",
    responses={"200": PushBlockAnswer},
)
def refuse(path: PushBlockPath, body: BypassDecisionBody) -> Any:
    """For owners and security officers. The secret stops pushes as before."""
    return _decide(path.id, body, approves=False)


@api.post("/repos/<owner>/<name>/scans", summary="Scan a repository", responses={"202": ScanAnswer})
def scan(path: RepositoryPath) -> Any:
    """All of its history, as far as it was not scanned with these rules. A job does it."""
    with requests.begin() as work:
        job_id = secret_scans.request(work, path.path)
    return frame.answer(ScanAnswer(job=job_id), HTTPStatus.ACCEPTED)


@api.get(
    "/orgs/<org>/push-protection",
    summary="Show how secrets in pushes are decided",
    responses={"200": ProtectionAnswer},
)
def policy(path: ProtectionPath) -> Any:
    """For owners."""
    with requests.reading() as work:
        return frame.answer(_policy(secret_bypasses.policy(work, path.org)))


@api.patch(
    "/orgs/<org>/push-protection",
    summary="Change how secrets in pushes are decided",
    responses={"200": ProtectionAnswer},
)
def delegate(path: ProtectionPath, body: ProtectionBody) -> Any:
    """Whether somebody else must approve bypasses."""
    with requests.begin() as work:
        secret_bypasses.delegate(work, path.org, is_delegated=body.delegated)
        work.session.flush()
        return frame.answer(_policy(secret_bypasses.policy(work, path.org)))


@api.put(
    "/orgs/<org>/push-protection/exemptions/<account>",
    summary="Exempt a service account",
    responses={"204": None},
)
def exempt(path: ExemptionPath, body: ExemptionBody) -> Any:
    """Its pushes are never stopped for secrets; each of them is recorded."""
    with requests.begin() as work:
        secret_bypasses.exempt(work, path.org, path.account, reason=body.reason, now=requests.now())
    return flask.Response(status=HTTPStatus.NO_CONTENT)


@api.delete(
    "/orgs/<org>/push-protection/exemptions/<account>",
    summary="End an exemption",
    responses={"204": None},
)
def end_exemption(path: ExemptionPath) -> Any:
    """Its pushes are stopped again."""
    with requests.begin() as work:
        secret_bypasses.end_exemption(work, path.org, path.account)
    return flask.Response(status=HTTPStatus.NO_CONTENT)


def _decide(bypass_id: UUID, body: BypassDecisionBody, *, approves: bool) -> Any:
    with requests.begin() as work:
        blocked = secret_bypasses.decide(
            work, bypass_id, approves=approves, comment=body.comment, now=requests.now()
        )
        return frame.answer(_present(blocked))


def _policy(found: secret_bypasses.Policy) -> ProtectionAnswer:
    return ProtectionAnswer(
        delegated=found.is_delegated,
        exempt=[ExemptAnswer(account=name, reason=reason) for name, reason in found.exempt],
    )


def _present(found: Blocked) -> PushBlockAnswer:
    block = found.block
    return PushBlockAnswer(
        id=block.id,
        repository=found.repository.path,
        pusher=block.actor_label,
        rule=block.rule,
        title=block.title,
        preview=block.preview,
        cure=block.cure,
        severity=block.severity,
        path=block.path,
        line=block.line,
        commit=block.commit_id,
        times=block.times,
        first_at=block.first_at,
        last_at=block.last_at,
        bypasses=[
            SecretBypassAnswer(
                id=each.id,
                state=each.facts.at(requests.now()),
                reason=each.reason,
                comment=each.comment,
                requested_at=each.requested_at,
                expires_at=each.expires_at,
                decided_at=each.decided_at,
                decision_comment=each.decision_comment,
                used_at=each.used_at,
            )
            for each in found.bypasses
        ],
        needs_approval=found.is_delegated,
    )
