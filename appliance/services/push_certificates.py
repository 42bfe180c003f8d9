"""Certificates of signed pushes: read, judged, kept, and shown to who may read the repository."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import sqlalchemy as sa

from appliance.access import fetch
from appliance.access.gate import open_to_everyone
from appliance.db.pushes import Push
from appliance.db.unit_of_work import UnitOfWork
from appliance.db.users import User
from appliance.domain.permissions import Permission
from appliance.domain.signatures import Finding
from appliance.errors import NotFoundError
from appliance.git import certificates
from appliance.services import signatures
from appliance.services.signatures import Checked, Claim

if TYPE_CHECKING:
    from appliance.db.repositories import Repository
    from appliance.git.certificates import Certificate
    from appliance.git.inspect import Quarantine

NONE: dict[str, Any] = {
    "certificate": None,
    "certificate_digest": None,
    "certificate_finding": None,
    "certificate_form": None,
    "certificate_key": None,
    "certificate_owner_id": None,
}


@dataclass(frozen=True)
class Kept:
    """A push's certificate, and what was found when it came."""

    push: Push
    owner: str
    """The user who had registered the key, if they are still there."""


def read(folder: Path, told: Mapping[str, str], quarantine: Quarantine | None) -> Certificate:
    """The certificate that git has told its hook of."""
    return certificates.read(
        folder,
        told.get("oid", ""),
        told.get("nonce_status", ""),
        quarantine=quarantine.objects if quarantine else None,
    )


@open_to_everyone(because="`pushes` has asked whether the actor may push")
def judged(
    work: UnitOfWork, repository: Repository, certificate: Certificate | None, *, now: datetime
) -> dict[str, Any]:
    """What is kept of a certificate with its push; nothing but empty columns where there is none.

    The key must hold now: here the time is ours.
    """
    if certificate is None:
        return NONE
    checked = _checked(work, repository, certificate, now)
    return {
        "certificate": certificate.text,
        "certificate_digest": certificate.digest,
        "certificate_finding": checked.finding,
        "certificate_form": checked.form,
        "certificate_key": checked.key or None,
        "certificate_owner_id": checked.owner_id,
    }


def show(work: UnitOfWork, path: str, push_id: UUID) -> Kept:
    """The certificate of a push to a repository.

    Errors:
        HiddenError: there is no such repository, or none for this actor.
        NotFoundError: it had no such push, or that was not signed.
    """
    repository = fetch.repository(work, path, Permission.REPOSITORY_READ)
    push = work.session.get(Push, push_id)
    if push is None or push.repository_id != repository.id or push.certificate is None:
        raise NotFoundError("There is no signed push of that id here.")
    owner = sa.select(User.name).where(User.id == push.certificate_owner_id)
    return Kept(push, work.session.scalar(owner) or "")


def _checked(
    work: UnitOfWork, repository: Repository, certificate: Certificate, now: datetime
) -> Checked:
    if not certificate.text:
        return Checked(Finding.TOO_LARGE)
    claim = Claim(certificate.signed, None, now)
    organisation_id = repository.organisation_id
    checked = signatures.check(work, {"push": claim}, organisation_id=organisation_id)["push"]
    if not checked.is_verified:
        return checked
    if not certificate.has_good_nonce or _is_known(work, repository.id, certificate):
        return replace(checked, finding=Finding.STALE_NONCE)
    if checked.owner_id != work.actor.id:
        return replace(checked, finding=Finding.OTHER_PERSON)
    return checked


def _is_known(work: UnitOfWork, repository_id: UUID, certificate: Certificate) -> bool:
    """Whether the very same was brought before."""
    query = sa.select(Push.id).where(
        Push.repository_id == repository_id, Push.certificate_digest == certificate.digest
    )
    return work.session.scalar(query.limit(1)) is not None
