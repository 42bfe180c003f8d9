"""One thing by name, if the actor may. What they may not see looks like what does not exist."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa

from appliance.access import gate, grants, not_there, unseen, visible
from appliance.db import lookups
from appliance.db.organisations import Organisation, Team
from appliance.db.outbox import JobRecord
from appliance.db.repositories import Repository
from appliance.db.unit_of_work import UnitOfWork
from appliance.db.users import Owner, OwnerKind, User
from appliance.domain.names import split_path
from appliance.domain.permissions import Permission, narrowest_scope, roles_with
from appliance.errors import (
    Askable,
    HiddenError,
    InvalidError,
    MovedError,
    NotFoundError,
    RefusedError,
    UnauthenticatedError,
    sentence,
)


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
        raise not_there.repository(path) from error
    found, allowed = unseen.named_repository(work, owner_name, name)
    if found is not None and Permission.REPOSITORY_READ in allowed:
        return _insist(work, found, permission, allowed)
    moved = lookups.moved_repository(work.session, owner_name, name)
    is_readable = Permission.REPOSITORY_READ in unseen.on_repository(work, moved)
    if moved is not None and is_readable:
        raise MovedError(was=path, path=moved.path)
    raise not_there.repository(path)


def repository_by_id(work: UnitOfWork, repository_id: UUID, permission: Permission) -> Repository:
    """The repository of that id, the bin included: for jobs, which keep ids.

    Errors:
        HiddenError, RefusedError: as for `repository`.
    """
    found = work.session.get(Repository, repository_id)
    if found is None:
        raise not_there.repository(str(repository_id))
    return _allowed(work, found, permission, asked=str(repository_id))


def deleted_repository(work: UnitOfWork, path: str, permission: Permission) -> Repository:
    """The repository of that path that went to the bin last.

    Errors:
        HiddenError, RefusedError: as for `repository`.
    """
    owner_name, name = split_path(path)
    found = lookups.deleted_repository(work.session, owner_name, name)
    allowed = unseen.on_repository(work, found)
    if found is None or Permission.REPOSITORY_READ not in allowed:
        raise not_there.repository(path)
    return _insist(work, found, permission, allowed)


def new_home(work: UnitOfWork, name: str) -> Owner:
    """The user or organisation of that name, if the actor may put a new repository there.

    Errors:
        UnauthenticatedError: nobody has signed in.
        HiddenError: there is none, or none for this actor.
        RefusedError: only they, or their members, may do so.
    """
    if not work.actor.is_signed_in:
        raise UnauthenticatedError(sentence("Sign in first."))
    found = lookups.owner(work.session, name)
    if found is None:
        raise not_there.home(name)
    if found.kind is OwnerKind.ORGANISATION:
        try:
            organisation(work, name, Permission.ORGANISATION_CREATE_REPOSITORY)
        except HiddenError as error:
            # The words for what does not exist: others would tell that something is hidden there.
            raise not_there.home(name) from error
        return found
    if found.id != work.actor.id:
        _insist_on_sight(work, name)
        if not work.actor.is_administrator:
            raise RefusedError(
                sentence("Only %(name)s may create repositories there.", name=found.name)
            )
    gate.require(work, Permission.REPOSITORY_CREATE)
    return found


def grantee(work: UnitOfWork, repository: Repository, name: str) -> User | Team:
    """Who could be given a role on a repository: a user, or `ORG/TEAM` of its organisation.

    Whoever may grant may name them; a credential for repositories alone is enough.

    Errors:
        HiddenError, RefusedError: the actor may not grant roles here.
        NotFoundError: there is no such user or team.
    """
    _allowed(work, repository, Permission.REPOSITORY_GRANT, asked=repository.path)
    if "/" not in name:
        user = lookups.user(work.session, name)
        if user is None:
            raise NotFoundError(sentence("There is no user %(name)s.", name=name))
        return user
    organisation_name, _, team_name = name.partition("/")
    found = lookups.team(work.session, organisation_name, team_name)
    if found is None or found[0].id != repository.organisation_id:
        raise NotFoundError(
            sentence(
                "The organisation of %(path)s has no team %(name)s.",
                path=repository.path,
                name=name,
            )
        )
    return found[1]


def organisation(work: UnitOfWork, name: str, permission: Permission) -> Organisation:
    """The organisation of that name.

    Errors:
        HiddenError: there is none, or none for this actor.
        MovedError: it has another name now.
        RefusedError: the actor may see it, but not do this.
    """
    found = lookups.organisation(work.session, name)
    allowed = unseen.on_organisation(work, found)
    if found is not None and permission in allowed:
        gate.insist_on_place(work, found.id)
        gate.require_elevation(work, permission)
        return found
    is_visible = Permission.ORGANISATION_READ in allowed or _has_visible_repository(work, found)
    if found is None or not is_visible:
        _follow_organisation(work, name)
        raise not_there.organisation(name)
    gate.insist_on_place(work, found.id)
    if permission is Permission.ORGANISATION_READ:
        return found
    belongs = Permission.ORGANISATION_READ in allowed
    raise RefusedError(
        gate.only_owners(work, found.name, permission),
        askable=None if belongs else Askable("organisation", found.name),
    )


def team(work: UnitOfWork, path: str, permission: Permission) -> tuple[Organisation, Team]:
    """The team named `ORG/TEAM`, with its organisation. Teams are for members to see.

    Errors:
        HiddenError: there is none, or none for this actor.
        RefusedError: the actor may see it, but not do this.
    """
    organisation_name, _, name = path.partition("/")
    found = lookups.team(work.session, organisation_name, name)
    allowed = unseen.on_organisation(work, found[0] if found else None)
    if found is None or Permission.ORGANISATION_READ not in allowed:
        raise not_there.team(path)
    gate.insist_on_place(work, found[0].id)
    if permission not in allowed:
        raise RefusedError(gate.only_owners(work, found[0].name, permission))
    return found


def user(work: UnitOfWork, name: str, permission: Permission) -> User:
    """The user of that name.

    Errors:
        HiddenError: there is none, or the actor may not see users.
        MovedError: they have another name now.
        RefusedError: the actor may see them, but not do this.
    """
    allowed = grants.on_instance(work.actor)
    found = lookups.user(work.session, name)
    is_self = found is not None and found.id == work.actor.id
    if found is None and Permission.USERS_READ in allowed:
        _follow_user(work, name)
    if found is None or (Permission.USERS_READ not in allowed and not is_self):
        raise HiddenError(sentence("There is no user %(name)s.", name=name))
    if permission is Permission.OWN_ACCOUNT and not is_self:
        if grants.runs_machine(work, found):
            gate.insist_on_place(work, found.owner_organisation_id)
            return found
        permission = Permission.USERS_MANAGE
    if permission not in allowed:
        raise RefusedError(gate.who_may(work, permission))
    gate.require_elevation(work, permission)
    return found


def account(work: UnitOfWork, name: str | None, *, sensitive: bool = False) -> User:
    """One's own user if `name` is None; the user of that name, for themselves and administrators,
    and a machine for who manages the people of the organisation that owns it.

    `sensitive` asks a person in a browser to confirm who they are, even for their own.

    Errors:
        UnauthenticatedError: nobody has signed in.
        HiddenError, RefusedError: as for `user`.
    """
    if name is not None:
        found = user(work, name, Permission.OWN_ACCOUNT)
        gate.require_elevation(work, Permission.OWN_ACCOUNT, sensitive=sensitive)
        return found
    gate.require(work, Permission.OWN_ACCOUNT, sensitive=sensitive)
    own = work.session.get(User, work.actor.id) if work.actor.id else None
    if own is None:
        raise RefusedError("This is only for users with an account.")
    return own


def claimed_user(work: UnitOfWork, name_or_email: str) -> User | None:
    """The user that somebody says they are. Asks nothing: the caller wants proof of it next."""
    text = name_or_email.strip()
    if "@" in text:
        return lookups.user_by_email(work.session, text)
    return lookups.user(work.session, text)


def owner(work: UnitOfWork, name: str) -> User | Organisation:
    """The user or the organisation of that name: whoever stands in front of a slash.

    Errors:
        HiddenError: there is neither, or neither for this actor.
        MovedError: they have another name now.
    """
    found = lookups.owner(work.session, name)
    is_organisation = found is not None and found.kind is OwnerKind.ORGANISATION
    looks = [_any_organisation, _any_user] if is_organisation else [_any_user, _any_organisation]
    for look in looks:
        try:
            return look(work, name)
        except HiddenError:
            continue
    # The same words for both, or they would tell which of the two is hidden there.
    raise HiddenError(sentence("There is nobody called %(name)s.", name=name))


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


def _any_organisation(work: UnitOfWork, name: str) -> User | Organisation:
    return organisation(work, name, Permission.ORGANISATION_READ)


def _any_user(work: UnitOfWork, name: str) -> User | Organisation:
    return user(work, name, Permission.USERS_READ)


def _follow_user(work: UnitOfWork, name: str) -> None:
    moved = lookups.moved_owner(work.session, name, OwnerKind.USER)
    if moved is not None:
        raise MovedError(was=name, path=moved.name)


def _follow_organisation(work: UnitOfWork, name: str) -> None:
    moved = lookups.moved_owner(work.session, name, OwnerKind.ORGANISATION)
    found = work.session.get(Organisation, moved.id) if moved else None
    if found is not None and _is_visible(work, found):
        raise MovedError(was=name, path=found.name)


def _is_visible(work: UnitOfWork, found: Organisation) -> bool:
    query = visible.organisations(work).where(Organisation.id == found.id)
    return work.session.scalar(sa.select(query.exists())) or False


def _allowed(
    work: UnitOfWork, found: Repository, permission: Permission, *, asked: str
) -> Repository:
    allowed = grants.on_repository(work, found)
    if Permission.REPOSITORY_READ not in allowed:
        raise not_there.repository(asked)  # As it was spelled: its true spelling would tell of it.
    return _insist(work, found, permission, allowed)


def _insist(
    work: UnitOfWork, found: Repository, permission: Permission, allowed: frozenset[Permission]
) -> Repository:
    gate.insist_on_place(work, found.organisation_id)
    if permission not in allowed:
        lowest = roles_with(permission)[0]
        raise RefusedError(
            _who_may(found, permission, work), askable=Askable("repository", found.path, lowest)
        )
    gate.require_elevation(work, permission)
    return found


def _who_may(found: Repository, permission: Permission, work: UnitOfWork) -> str:
    if said := gate.as_another(work, permission):
        return said
    if not work.actor.ceiling_allows(permission):
        return sentence(
            "The credential you are using does not allow %(permission)s on %(path)s. A token "
            "needs the scope %(scope)s for that.",
            permission=permission,
            path=found.path,
            scope=narrowest_scope(permission),
        )
    lowest = roles_with(permission)[0]
    return sentence(
        "This needs the role %(lowest)s on %(path)s. Its owners can grant it.",
        lowest=lowest,
        path=found.path,
    )


def _insist_on_sight(work: UnitOfWork, name: str) -> None:
    """Go on only if there is a user of that name, and the actor may know."""
    is_theirs_to_see = Permission.USERS_READ in grants.on_instance(work.actor)
    if lookups.user(work.session, name) is None or not (
        is_theirs_to_see or work.actor.is_administrator
    ):
        raise not_there.home(name)


def _has_visible_repository(work: UnitOfWork, organisation: Organisation | None) -> bool:
    query = visible.repositories(work).where(
        Repository.organisation_id == (organisation.id if organisation else unseen.NOBODY)
    )
    return work.session.scalar(sa.select(query.exists())) or False
