"""What the rules of a repository say of a push, and whether somebody may push past them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from appliance.access import grants
from appliance.access.gate import open_to_everyone
from appliance.db.repositories import Repository
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import events
from appliance.domain.events.parts import in_parts
from appliance.domain.permissions import OrganisationRole, Permission
from appliance.domain.protection import (
    FirmRule,
    Protection,
    are_about,
    matches,
    refusal,
)
from appliance.domain.signatures import Finding
from appliance.errors import sentence
from appliance.services import push_certificates
from appliance.services.push_names import show

if TYPE_CHECKING:
    from appliance.git.inspect import Inspection
    from appliance.services.pushes import Proposal, Terms
    from appliance.settings import Settings

BYPASS = "bypass-protection"
"""The push option with which who may says: I know that this ref is protected."""
WITHOUT_GIT = "api"
"""The protocol of what is changed in the portal or by the API."""
MIB = 1024 * 1024
ASKED = "`pushes` has asked whether the actor may push"


def over_limits(found: Inspection, rules: Settings) -> tuple[str, ...]:
    """Which files are too large, and which paths too long or too deep."""
    limits = rules.limits
    large = [
        sentence(
            "%(path)s is %(size)s MiB; a file may have %(most)s MiB. "
            "Keep larger ones with Git LFS.",
            path=show(each.path) or each.oid,
            size=each.size_bytes // MIB,
            most=limits.file_size_bytes // MIB,
        )
        for each in found.large_files
    ]
    deep = [
        sentence(
            "%(path)s is too long or too deep; a path may have %(bytes)s bytes "
            "and %(folders)s folders.",
            path=show(path)[:200],
            bytes=limits.path_bytes,
            folders=limits.path_depth,
        )
        for path in found.deep_paths
    ]
    return (*large, *deep)


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
    work: UnitOfWork,
    repository: Repository,
    terms: Terms,
    proposal: Proposal,
    rules: Iterable[Protection | FirmRule],
    *,
    now: datetime,
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
    judged = push_certificates.judged(work, repository, proposal.certificate, now=now)
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
def bypasses(
    work: UnitOfWork, repository: Repository, proposal: Proposal, *, firmly: list[str]
) -> bool:
    """Whether the actor may push past the rules, and says so: past what the organisation demands,
    only its owners.
    """
    allowed = grants.on_repository(work, repository)
    if BYPASS not in proposal.options or Permission.REPOSITORY_BYPASS_PROTECTION not in allowed:
        return False
    if not firmly or repository.organisation_id is None:
        return True
    role = grants.organisation_role(work, repository.organisation_id)
    return role is OrganisationRole.OWNER


@open_to_everyone(because=ASKED)
def firmly(proposal: Proposal, firm: Iterable[FirmRule], reasons: list[str]) -> list[str]:
    """The reasons for lack of signatures that are the organisation's too, and a word that says so.

    Where it demands signatures of a ref as well, what the repository adds is not told apart.
    """
    if not reasons or not are_about(firm, [each.ref for each in proposal.updates]):
        return []
    said = sentence("The organisation requires this in all its repositories.")
    return [*reasons, said]


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
