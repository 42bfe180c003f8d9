"""Who has which role on a repository, by what, and giving and withdrawing roles."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from appliance.access import fetch, grants
from appliance.access.gate import open_to_everyone
from appliance.access.grants import Reason
from appliance.db.access_requests import TemporaryRight
from appliance.db.organisations import Organisation, Team
from appliance.db.repositories import Grant, Repository
from appliance.db.unit_of_work import UnitOfWork
from appliance.db.users import User
from appliance.domain import events
from appliance.domain.permissions import Permission, Role, highest
from appliance.errors import ConflictError, NotFoundError, sentence
from appliance.services import temporary_rights


@dataclass(frozen=True)
class Granted:
    """One role that was given on a repository."""

    grantee_type: str
    """`user` or `team`."""
    name: str
    """The user's name, or `ORG/TEAM`."""
    role: Role
    granted_at: datetime
    until: datetime | None = None
    """When it ends by itself."""
    is_machine: bool = False


@dataclass(frozen=True)
class Explained:
    """What somebody may do on a repository, and every reason for it."""

    user: User
    role: Role | None
    reasons: list[Reason]


def listed(work: UnitOfWork, path: str) -> list[Granted]:
    """The roles that were given on a repository to users and teams.

    Errors:
        HiddenError, RefusedError: the actor may not see them.
    """
    repository = fetch.repository(work, path, Permission.REPOSITORY_SEE_ACCESS)
    rows = work.session.execute(
        sa.select(Grant, User.name, Team.name, Organisation.name, User.is_machine)
        .outerjoin(User, User.id == Grant.user_id)
        .outerjoin(Team, Team.id == Grant.team_id)
        .outerjoin(Organisation, Organisation.id == Team.organisation_id)
        .where(Grant.repository_id == repository.id)
        .order_by(User.name, Team.name)
    )
    lasting = [
        Granted("user", user, grant.role, grant.created_at, is_machine=bool(is_machine))
        if grant.team_id is None
        else Granted("team", f"{organisation}/{team}", grant.role, grant.created_at)
        for grant, user, team, organisation, is_machine in rows
    ]
    return lasting + _for_a_time(work, repository)


def explain(work: UnitOfWork, path: str, user_name: str) -> Explained:
    """Why a user has access to a repository: every way in which they came to a role.

    Errors:
        HiddenError, RefusedError: the actor may not see that.
        NotFoundError: there is no such user.
    """
    repository = fetch.repository(work, path, Permission.REPOSITORY_SEE_ACCESS)
    user = fetch.user(work, user_name, Permission.USERS_READ)
    return _explained(work, repository, user)


def give(work: UnitOfWork, path: str, grantee: str, role: Role, *, now: datetime) -> Granted:
    """Give a user, or a team `ORG/TEAM` of the owner, a role; it replaces the one they were given.

    Errors:
        HiddenError, RefusedError: the actor may not.
        NotFoundError: there is no such user or team.
        ConflictError: the user owns the repository.
    """
    repository = fetch.repository(work, path, Permission.REPOSITORY_GRANT)
    holder = fetch.grantee(work, repository, grantee)
    if holder.id == repository.owner_id:
        raise ConflictError(
            sentence(
                "%(name)s owns %(path)s and needs no role on it.",
                name=holder.name,
                path=repository.path,
            )
        )
    grant = _grant_of(work, repository.id, holder)
    before = grant.role if grant else None
    if grant is None:
        grant = Grant(repository_id=repository.id, role=role, created_at=now)
        if isinstance(holder, Team):
            grant.team_id = holder.id
        else:
            grant.user_id = holder.id
        work.session.add(grant)
    grant.role = role
    work.record(
        events.RoleGranted(
            about=repository.id,
            organisation_id=repository.organisation_id,
            grantee_type=_kind(holder),
            grantee_id=str(holder.id),
            before=before,
            role=role,
        )
    )
    is_machine = isinstance(holder, User) and holder.is_machine
    return Granted(_kind(holder), grantee, role, grant.created_at, is_machine=is_machine)


@open_to_everyone(because="whoever answers a request was asked whether they may")
def raise_to(
    work: UnitOfWork, repository: Repository, user: User, role: Role, *, now: datetime
) -> None:
    """Give a user a role that stays, unless they were given that or more already."""
    grant = _grant_of(work, repository.id, user)
    before = grant.role if grant else None
    if before is not None and highest([before, role]) is before:
        return
    if grant is None:
        grant = Grant(repository_id=repository.id, user_id=user.id, created_at=now)
        work.session.add(grant)
    grant.role = role
    work.record(
        events.RoleGranted(
            about=repository.id,
            organisation_id=repository.organisation_id,
            grantee_type="user",
            grantee_id=str(user.id),
            before=before,
            role=role,
        )
    )


def withdraw(work: UnitOfWork, path: str, grantee: str) -> None:
    """Take back the role a user or a team was given, for good or for a time.

    Errors:
        HiddenError, RefusedError: the actor may not.
        NotFoundError: they were given none.
    """
    repository = fetch.repository(work, path, Permission.REPOSITORY_GRANT)
    holder = fetch.grantee(work, repository, grantee)
    here = TemporaryRight.repository_id == repository.id
    ended = temporary_rights.end_all(work, holder.id, here, "removed", now=work.begun_at)
    grant = _grant_of(work, repository.id, holder)
    if grant is not None:
        withdraw_grant(work, repository, grant)
    elif not ended:
        raise NotFoundError(
            sentence(
                "%(grantee)s has no direct role on %(path)s.", grantee=grantee, path=repository.path
            )
        )


@open_to_everyone(because="whoever withdraws a role was asked whether they may")
def withdraw_grant(work: UnitOfWork, repository: Repository, grant: Grant) -> None:
    """Take back a role that was given without end."""
    work.session.delete(grant)
    work.record(
        events.RoleWithdrawn(
            about=repository.id,
            organisation_id=repository.organisation_id,
            grantee_type="user" if grant.team_id is None else "team",
            grantee_id=str(grant.user_id or grant.team_id),
        )
    )


def _for_a_time(work: UnitOfWork, repository: Repository) -> list[Granted]:
    rows = work.session.execute(
        sa.select(TemporaryRight, User.name)
        .join(User, User.id == TemporaryRight.user_id)
        .where(
            TemporaryRight.repository_id == repository.id,
            TemporaryRight.expires_at > work.begun_at,
        )
        .order_by(User.name, TemporaryRight.expires_at)
    )
    return [
        Granted("user", user, right.role, right.created_at, right.expires_at)
        for right, user in rows
        if right.role is not None
    ]


def _explained(work: UnitOfWork, repository: Repository, user: User) -> Explained:
    reasons = grants.reasons(work, repository, user_id=user.id, instance_role=user.instance_role)
    role = highest([reason.role for reason in reasons])
    return Explained(user, role, reasons)


def _grant_of(work: UnitOfWork, repository_id: UUID, holder: User | Team) -> Grant | None:
    column = Grant.team_id if isinstance(holder, Team) else Grant.user_id
    return work.session.scalar(
        sa.select(Grant).where(Grant.repository_id == repository_id, column == holder.id)
    )


def _kind(holder: User | Team) -> str:
    return "team" if isinstance(holder, Team) else "user"
