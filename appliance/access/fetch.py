"""One thing by name, if the actor may. What they may not see looks like what does not exist."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa

from appliance.access import gate, grants, visible
from appliance.db import lookups
from appliance.db.organisations import Organisation, Team
from appliance.db.outbox import JobRecord
from appliance.db.repositories import Repository
from appliance.db.unit_of_work import UnitOfWork
from appliance.db.users import User
from appliance.domain.names import split_path
from appliance.domain.permissions import Permission, roles_with
from appliance.errors import HiddenError, InvalidError, MovedError, RefusedError


def repository(work: UnitOfWork, path: str, permission: Permission) -> Repository:
    """The repository named `OWNER/NAME`.

    Errors:
        HiddenError: there is none, or none for this actor.
        MovedError: it has another name now.
        RefusedError: the actor may see it, but not do this.
    """
    try:
        owner_name, name = split_path(path)
    except InvalidError as error:
        raise _no_repository(path) from error
    found = lookups.repository(work.session, owner_name, name)
    if found is not None:
        return _allowed(work, found, permission)
    moved = lookups.moved_repository(work.session, owner_name, name)
    if moved is not None and Permission.REPOSITORY_READ in grants.on_repository(work, moved):
        raise MovedError(f"{path} is {moved.path} now.", path=moved.path)
    raise _no_repository(path)


def repository_by_id(work: UnitOfWork, repository_id: UUID, permission: Permission) -> Repository:
    """The repository of that id, the bin included: for jobs, which keep ids.

    Errors:
        HiddenError, RefusedError: as for `repository`.
    """
    found = work.session.get(Repository, repository_id)
    if found is None:
        raise _no_repository(str(repository_id))
    return _allowed(work, found, permission)


def deleted_repository(work: UnitOfWork, path: str, permission: Permission) -> Repository:
    """The repository of that path that went to the bin last.

    Errors:
        HiddenError, RefusedError: as for `repository`.
    """
    owner_name, name = split_path(path)
    found = lookups.deleted_repository(work.session, owner_name, name)
    if found is None:
        raise _no_repository(path)
    return _allowed(work, found, permission)


def organisation(work: UnitOfWork, name: str, permission: Permission) -> Organisation:
    """The organisation of that name.

    Errors:
        HiddenError: there is none, or none for this actor.
        RefusedError: the actor may see it, but not do this.
    """
    found = lookups.organisation(work.session, name)
    if found is None:
        raise HiddenError(f"There is no organisation {name}.")
    allowed = grants.on_organisation(work, found)
    if permission in allowed:
        gate.require_elevation(work, permission)
        return found
    if Permission.ORGANISATION_READ not in allowed and not _has_visible_repository(work, found):
        raise HiddenError(f"There is no organisation {name}.")
    if permission is Permission.ORGANISATION_READ:
        return found
    raise RefusedError(f"Only an owner of {found.name} may do that.")


def team(work: UnitOfWork, path: str, permission: Permission) -> tuple[Organisation, Team]:
    """The team named `ORG/TEAM`, with its organisation. Teams are for members to see.

    Errors:
        HiddenError: there is none, or none for this actor.
        RefusedError: the actor may see it, but not do this.
    """
    organisation_name, _, name = path.partition("/")
    found = lookups.team(work.session, organisation_name, name)
    if found is None:
        raise HiddenError(f"There is no team {path}.")
    allowed = grants.on_organisation(work, found[0])
    if Permission.ORGANISATION_READ not in allowed:
        raise HiddenError(f"There is no team {path}.")
    if permission not in allowed:
        raise RefusedError(f"Only an owner of {found[0].name} may do that.")
    return found


def user(work: UnitOfWork, name: str, permission: Permission) -> User:
    """The user of that name.

    Errors:
        HiddenError: there is none, or the actor may not see users.
        RefusedError: the actor may see them, but not do this.
    """
    allowed = grants.on_instance(work.actor)
    found = lookups.user(work.session, name)
    is_self = found is not None and found.id == work.actor.id
    if found is None or (Permission.USERS_READ not in allowed and not is_self):
        raise HiddenError(f"There is no user {name}.")
    if permission is Permission.OWN_ACCOUNT and not is_self:
        permission = Permission.USERS_MANAGE
    if permission not in allowed:
        raise RefusedError("Only an administrator may do that.")
    gate.require_elevation(work, permission)
    return found


def job(work: UnitOfWork, job_id: UUID) -> JobRecord:
    """A job of this actor, or any job for who may see them all.

    Errors:
        HiddenError: there is none, or none for this actor.
    """
    found = work.session.get(JobRecord, job_id)
    sees_all = Permission.INSTANCE_JOBS in grants.on_instance(work.actor)
    is_own = found is not None and found.promised_by == work.actor.id is not None
    if found is None or not (sees_all or is_own):
        raise HiddenError("There is no such job.")
    return found


def _allowed(work: UnitOfWork, found: Repository, permission: Permission) -> Repository:
    allowed = grants.on_repository(work, found)
    if Permission.REPOSITORY_READ not in allowed:
        raise _no_repository(found.path)
    if permission not in allowed:
        raise RefusedError(_who_may(found, permission, work))
    gate.require_elevation(work, permission)
    return found


def _who_may(found: Repository, permission: Permission, work: UnitOfWork) -> str:
    if not work.actor.ceiling_allows(permission):
        return f"The credential in use was not given for {permission} on {found.path}."
    lowest = roles_with(permission)[0]
    return f"For that one must be {lowest} of {found.path}. Its owners can grant it."


def _no_repository(path: str) -> HiddenError:
    return HiddenError(f"There is no repository {path}.")


def _has_visible_repository(work: UnitOfWork, organisation: Organisation) -> bool:
    query = visible.repositories(work).where(Repository.organisation_id == organisation.id)
    return work.session.scalar(sa.select(query.exists())) or False
