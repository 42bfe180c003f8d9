"""Questions about repositories' rows that several verbs ask: is a name free, how much is stored."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from appliance.db.lfs import LfsLink, LfsObject
from appliance.db.organisations import Organisation
from appliance.db.repositories import OldRepositoryPath, ProtectionRule, Repository
from appliance.db.users import Owner
from appliance.domain.names import fold
from appliance.errors import ConflictError, sentence

SHARED_WITH_WIKI = (
    *("owner_id", "organisation_id", "owner_name", "name", "visibility"),
    *("archived_at", "deleted_at", "deleted_by"),
)
"""The columns in which a wiki is as its repository is."""


def take_name(session: Session, owner: Owner, name: str) -> None:
    """Insist that the owner has no repository of that name, and end an old path's redirect.

    Errors:
        ConflictError: a repository has that name.
    """
    _insist_on_free_name(session, owner.id, owner.name, name)
    former = sa.select(OldRepositoryPath).where(
        OldRepositoryPath.owner_id == owner.id, OldRepositoryPath.name_key == fold(name)
    )
    old = session.scalar(former)
    if old is not None:
        session.delete(old)
        session.flush()  # The same path may be written anew in this transaction.


def insist_on_free_name(session: Session, beside: Repository, name: str) -> None:
    """Insist that no repository of the same owner has that name.

    Errors:
        ConflictError: one has.
    """
    _insist_on_free_name(session, beside.owner_id, beside.owner_name, name)


def _insist_on_free_name(session: Session, owner_id: UUID, owner_name: str, name: str) -> None:
    taken = sa.select(Repository.id).where(
        Repository.owner_id == owner_id,
        Repository.name_key == fold(name),
        Repository.deleted_at.is_(None),
    )
    if session.scalar(taken) is not None:
        raise ConflictError(
            sentence(
                "The repository %(name)s/%(name_2)s already exists.", name=owner_name, name_2=name
            )
        )


def wiki_of(session: Session, repository_id: UUID) -> Repository | None:
    """The wiki of a repository, if it was ever switched on."""
    return session.scalar(sa.select(Repository).where(Repository.wiki_of_id == repository_id))


def take_wiki_along(session: Session, repository: Repository) -> None:
    """Let what is so of a repository be so of its wiki: whose it is, who sees it, where it lies."""
    wiki = wiki_of(session, repository.id)
    if wiki is not None:
        for name in SHARED_WITH_WIKI:
            setattr(wiki, name, getattr(repository, name))


def protections(session: Session, repository_id: UUID) -> list[ProtectionRule]:
    """The rules for branches and tags of a repository, by pattern."""
    query = sa.select(ProtectionRule).where(ProtectionRule.repository_id == repository_id)
    return list(session.scalars(query.order_by(ProtectionRule.pattern)))


def lfs_bytes(session: Session, repository_id: UUID) -> int:
    """What the large files that a repository may hand out take together."""
    total = session.scalar(
        sa.select(sa.func.sum(LfsObject.size_bytes))
        .join(LfsLink, LfsLink.object_id == LfsObject.id)
        .where(LfsLink.repository_id == repository_id)
    )
    return int(total or 0)


def bytes_with_wiki(session: Session, repository_id: UUID) -> int:
    """What a repository and its wiki took together when they were measured."""
    total = session.scalar(
        sa.select(sa.func.sum(Repository.size_bytes + Repository.lfs_bytes)).where(
            sa.or_(Repository.id == repository_id, Repository.wiki_of_id == repository_id)
        )
    )
    return int(total or 0)


def organisation_bytes(session: Session, organisation_id: UUID) -> int:
    """What all repositories of an organisation took when they were measured, the bin included."""
    total = session.scalar(
        sa.select(sa.func.sum(Repository.size_bytes + Repository.lfs_bytes)).where(
            Repository.organisation_id == organisation_id
        )
    )
    return int(total or 0)


def organisation_quota(session: Session, organisation_id: UUID) -> int:
    """The room an organisation was given for itself; 0 where the instance's default counts."""
    found = session.scalar(
        sa.select(Organisation.quota_bytes).where(Organisation.id == organisation_id)
    )
    return int(found or 0)
