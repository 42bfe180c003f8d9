"""What the rules of a repository say of a push, and whether somebody may push past them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from appliance.access import grants
from appliance.access.gate import open_to_everyone
from appliance.db.repositories import Repository
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import events
from appliance.domain.events.parts import in_parts
from appliance.domain.permissions import Permission
from appliance.domain.protection import Protection, matches, refusal
from appliance.domain.signatures import Finding
from appliance.errors import sentence
from appliance.services import push_certificates
from appliance.services.push_names import show

if TYPE_CHECKING:
    from appliance.services.pushes import Proposal, Terms

BYPASS = "bypass-protection"
"""The push option with which who may says: I know that this ref is protected."""
WITHOUT_GIT = "api"
"""The protocol of what is changed in the portal or by the API."""
ASKED = "`pushes` has asked whether the actor may push"


@open_to_everyone(because=ASKED)
def protected(
    work: UnitOfWork, repository: Repository, proposal: Proposal, rules: list[Protection]
) -> list[str]:
    """Why rules of branches and tags refuse it, in plain sentences."""
    if not rules:
        return []
    role = grants.role_on(work, repository)
    found = (
        refusal(rules, each.ref, movement, role)
        for each, movement in zip(proposal.updates, proposal.movements, strict=True)
    )
    return [reason for reason in found if reason is not None]


@open_to_everyone(because=ASKED)
def unsigned(
    work: UnitOfWork, terms: Terms, proposal: Proposal, rules: list[Protection], *, now: datetime
) -> list[str]:
    """Why the push itself must be signed. What is changed without git is no push."""
    asking = [rule.pattern for rule in rules if rule.signed_push]
    if terms.protocol == WITHOUT_GIT or not asking:
        return []
    named = next(
        (
            each.ref
            for each in proposal.updates
            if any(matches(pattern, each.ref) for pattern in asking)
        ),
        None,
    )
    if named is None:
        return []
    judged = push_certificates.judged(work, terms.repository_id, proposal.certificate, now=now)
    finding = judged["certificate_finding"]
    if finding == Finding.VERIFIED:
        return []
    if finding is None:
        return [
            sentence(
                "%(name)s takes signed pushes only. Push with “git push --signed”, or for always "
                "“git config push.gpgSign if-asked”.",
                name=show(named),
            )
        ]
    return [
        sentence(
            "%(name)s takes signed pushes only, and the signature of this one cannot be verified "
            "as yours (%(finding)s).",
            name=show(named),
            finding=finding,
        )
    ]


@open_to_everyone(because=ASKED)
def bypasses(work: UnitOfWork, repository: Repository, proposal: Proposal) -> bool:
    """Whether the actor may push past the rules, and says so."""
    allowed = grants.on_repository(work, repository)
    return BYPASS in proposal.options and Permission.REPOSITORY_BYPASS_PROTECTION in allowed


@open_to_everyone(because=ASKED)
def record_bypass(
    work: UnitOfWork, repository: Repository, terms: Terms, reasons: list[str]
) -> None:
    """Say that somebody has pushed past the rules."""
    for part in in_parts(reasons):
        work.record(
            events.ProtectionBypassed(
                about=repository.id,
                organisation_id=repository.organisation_id,
                push_id=str(terms.push_id),
                reasons=part.items,
                part=part.number,
                parts=part.of,
            )
        )
