"""What a repository is called, who owns it, who sees it, and whether it can be written to."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from appliance.access import fetch
from appliance.db.organisations import Team
from appliance.db.quotas import shortage
from appliance.db.repositories import Grant, OldRepositoryPath, Repository
from appliance.db.repository_rows import take_name, take_wiki_along
from appliance.db.rulesets import RepositoryProperty
from appliance.db.unit_of_work import UnitOfWork
from appliance.db.users import Owner, OwnerKind
from appliance.domain import events
from appliance.domain.names import check_repository, fold
from appliance.domain.permissions import Permission, Visibility
from appliance.errors import ConflictError, InvalidError, QuotaError, sentence

WIDTH = (Visibility.PRIVATE, Visibility.INTERNAL, Visibility.PUBLIC)


def rename(work: UnitOfWork, path: str, name: str) -> Repository:
    """Call a repository otherwise. Its old path leads to it until another repository takes that.

    Errors:
        HiddenError, RefusedError: the actor may not.
        InvalidError: a repository cannot be called so.
        ConflictError: its owner has a repository of that name.
    """
    repository = fetch.repository(work, path, Permission.REPOSITORY_RENAME)
    before = repository.path
    if name == repository.name:
        return repository
    if fold(name) != repository.name_key:
        _leave_path(work, repository)
        owner = work.session.get_one(Owner, repository.owner_id)
        take_name(work.session, owner, check_repository(name))
    repository.name, repository.name_key = check_repository(name), fold(name)
    take_wiki_along(work.session, repository)
    work.record(
        events.RepositoryRenamed(
            about=repository.id,
            organisation_id=repository.organisation_id,
            before=before,
            after=repository.path,
        )
    )
    return repository


def transfer(work: UnitOfWork, path: str, *, to: str) -> Repository:
    """Give a repository to another user or organisation that the actor may create them for.

    Roles of users stay; roles of teams end, because teams belong to the organisation it leaves.
    What was said of it ends, too: or it would choose for itself which rules hold where it comes.

    Errors:
        HiddenError, RefusedError, ElevationRequiredError: the actor may not.
        ConflictError: the new owner has a repository of that name.
        QuotaError: the new owner has no room for it.
    """
    repository = fetch.repository(work, path, Permission.REPOSITORY_TRANSFER)
    owner = fetch.new_home(work, to)
    before = repository.path
    if owner.id == repository.owner_id:
        return repository
    take_name(work.session, owner, repository.name)
    _leave_path(work, repository)
    _withdraw_from_teams(work, repository)
    _forget_properties(work, repository)
    is_organisation = owner.kind is OwnerKind.ORGANISATION
    repository.owner_id, repository.owner_name = owner.id, owner.name
    repository.organisation_id = owner.id if is_organisation else None
    take_wiki_along(work.session, repository)
    _insist_on_room(work, repository)
    work.record(
        events.RepositoryTransferred(
            about=repository.id,
            organisation_id=repository.organisation_id,
            owner_id=str(owner.id),
            before=before,
            after=repository.path,
        )
    )
    return repository


def change_visibility(work: UnitOfWork, path: str, visibility: Visibility) -> Repository:
    """Let others see a repository than before.

    Errors:
        HiddenError, RefusedError, ElevationRequiredError: the actor may not.
        InvalidError: the instance has no public repositories.
        ConflictError: it is a fork of what fewer people may see.
    """
    repository = fetch.repository(work, path, Permission.REPOSITORY_CHANGE_VISIBILITY)
    before = repository.visibility
    if visibility is before:
        return repository
    if visibility is Visibility.PUBLIC and not work.rules.access.public_repositories:
        raise InvalidError.of("visibility", "This appliance has no public repositories.")
    parent = _parent(work, repository)
    if parent is not None and is_wider(visibility, parent.visibility):
        raise ConflictError(
            sentence(
                "It is a fork of a repository that is %(visibility)s.", visibility=parent.visibility
            )
        )
    repository.visibility = visibility
    take_wiki_along(work.session, repository)
    work.record(
        events.RepositoryVisibilityChanged(
            about=repository.id,
            organisation_id=repository.organisation_id,
            before=before,
            after=visibility,
        )
    )
    return repository


def archive(work: UnitOfWork, path: str, *, now: datetime) -> Repository:
    """Make a repository read-only for everyone.

    Errors:
        HiddenError, RefusedError: the actor may not.
        ConflictError: it is archived already.
    """
    repository = fetch.repository(work, path, Permission.REPOSITORY_ARCHIVE)
    if repository.archived_at is not None:
        raise ConflictError(sentence("%(path)s is already archived.", path=repository.path))
    repository.archived_at = now
    take_wiki_along(work.session, repository)
    work.record(
        events.RepositoryArchived(
            about=repository.id, organisation_id=repository.organisation_id, path=repository.path
        )
    )
    return repository


def unarchive(work: UnitOfWork, path: str) -> Repository:
    """Let a repository be written to again.

    Errors:
        HiddenError, RefusedError: the actor may not.
        ConflictError: it is not archived.
    """
    repository = fetch.repository(work, path, Permission.REPOSITORY_ARCHIVE)
    if repository.archived_at is None:
        raise ConflictError(sentence("%(path)s is not archived.", path=repository.path))
    repository.archived_at = None
    take_wiki_along(work.session, repository)
    work.record(
        events.RepositoryUnarchived(
            about=repository.id, organisation_id=repository.organisation_id, path=repository.path
        )
    )
    return repository


def is_wider(one: Visibility, other: Visibility) -> bool:
    """Whether more people see the one than the other."""
    return WIDTH.index(one) > WIDTH.index(other)


def _leave_path(work: UnitOfWork, repository: Repository) -> None:
    work.session.add(
        OldRepositoryPath(
            owner_id=repository.owner_id,
            name_key=repository.name_key,
            repository_id=repository.id,
        )
    )
    work.session.flush()  # A repository renamed there and back takes its own old path again.


def _withdraw_from_teams(work: UnitOfWork, repository: Repository) -> None:
    rows = work.session.execute(
        sa.select(Grant, Team)
        .join(Team, Team.id == Grant.team_id)
        .where(Grant.repository_id == repository.id)
    ).all()
    for grant, team in rows:
        work.session.delete(grant)
        work.record(
            events.RoleWithdrawn(
                about=repository.id,
                organisation_id=repository.organisation_id,
                grantee_type="team",
                grantee_id=str(team.id),
            )
        )


def _forget_properties(work: UnitOfWork, repository: Repository) -> None:
    is_said = RepositoryProperty.repository_id == repository.id
    if work.session.scalar(sa.select(RepositoryProperty.id).where(is_said).limit(1)) is None:
        return
    work.session.execute(sa.delete(RepositoryProperty).where(is_said))
    work.record(
        events.RepositoryPropertiesChanged(
            about=repository.id, organisation_id=repository.organisation_id, properties={}
        )
    )


def _insist_on_room(work: UnitOfWork, repository: Repository) -> None:
    work.session.flush()  # The new owner's sum counts it already.
    lacking = shortage(work.session, repository, 0, limits=work.rules.limits)
    if lacking is not None:
        raise QuotaError(lacking)


def _parent(work: UnitOfWork, repository: Repository) -> Repository | None:
    if repository.forked_from_id is None:
        return None
    return work.session.get(Repository, repository.forked_from_id)
