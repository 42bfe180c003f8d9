"""Service accounts: machines that are users, owned by an organisation or by the instance.

They have tokens, SSH keys, roles and teams as people have; no password, no identity, no second
factor and no session. Who manages the people of an organisation manages its machines.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from appliance.access import fetch_credentials, grants
from appliance.access.gate import open_to_everyone
from appliance.db import owner_names
from appliance.db.credentials import AccessToken, LastUse, SshKey
from appliance.db.organisations import Membership, Organisation
from appliance.db.paging import USUAL_LIMIT, Page, in_order, page
from appliance.db.unit_of_work import UnitOfWork
from appliance.db.users import Owner, OwnerKind, User, UserState
from appliance.domain import events
from appliance.domain.names import check_display_name, check_owner, fold
from appliance.domain.permissions import OrganisationRole, Permission
from appliance.errors import ConflictError, RefusedError, sentence
from appliance.services import departures, entry

ORDERS = {"name": (Owner.name_key,), "since": (User.created_at, User.id)}
NEEDED = Permission.ORGANISATION_MEMBERS


@dataclass(frozen=True)
class Machine:
    """A service account, whose it is, and what lets it in."""

    user: User
    organisation: str
    """Empty: it belongs to the instance."""
    tokens: int
    keys: int
    used_at: datetime | None


def create(
    work: UnitOfWork, name: str, *, organisation: str = "", title: str = "", now: datetime
) -> Machine:
    """Create a service account of an organisation, as a member of it, or of the instance.

    Errors:
        InvalidError: it is no name.
        ConflictError: somebody has the name.
    """
    owning = fetch_credentials.owner(
        work, organisation, NEEDED, of_instance=Permission.USERS_MANAGE, sensitive=True
    )
    owner = owner_names.take(work.session, OwnerKind.USER, check_owner(name))
    user = User(
        id=owner.id,
        name=owner.name,
        display_name=check_display_name(title),
        is_machine=True,
        owner_organisation_id=owning.id if owning else None,
        created_at=now,
    )
    work.session.add(user)
    work.session.flush()  # The membership refers to it, and the event to the pseudonym.
    work.record(
        events.ServiceAccountCreated(
            about=user.id,
            organisation_id=user.owner_organisation_id,
            person=user.pseudonym,
            name=user.name,
        )
    )
    if owning is not None:
        _join(work, owning, user, now)
    return Machine(user, owning.name if owning else "", 0, 0, None)


def listed(
    work: UnitOfWork,
    organisation: str = "",
    *,
    search: str = "",
    order: str = "name",
    after: str | None = None,
    limit: int = USUAL_LIMIT,
) -> Page[Machine]:
    """The service accounts of an organisation; without one all there are, for who manages users."""
    owning = fetch_credentials.owner(
        work, organisation, NEEDED, of_instance=Permission.USERS_MANAGE
    )
    query = _query().where(User.state != UserState.DELETED)
    if owning is not None:
        query = query.where(User.owner_organisation_id == owning.id)
    if search:
        query = query.where(
            sa.or_(
                Owner.name_key.contains(fold(search), autoescape=True),
                User.display_name.icontains(search, autoescape=True),
            )
        )
    keys, is_descending = in_order(ORDERS, order)
    return page(
        work.session,
        query,
        *keys,
        make=_machine,
        after=after,
        limit=limit,
        newest_first=is_descending,
    )


def show(work: UnitOfWork, name: str) -> Machine:
    """A service account by name, for who may manage it."""
    user = fetch_credentials.machine(work, name)
    return _machine(work.session.execute(_query().where(User.id == user.id)).one())


def suspend(work: UnitOfWork, name: str, *, reason: str = "", now: datetime) -> User:
    """Keep a service account out: its tokens and keys stop until it is reinstated.

    Errors:
        ConflictError: it is suspended already. Which its owner has suspended an administrator can
            suspend: then its owner lets it in no more.
    """
    user = fetch_credentials.machine(work, name)
    by_administrator = _administers(work)
    is_final = user.suspended_by_administrator or not by_administrator
    if user.state is UserState.SUSPENDED and is_final:
        raise ConflictError(sentence("%(name)s is already suspended.", name=user.name))
    entry.keep_out(work, user, reason=reason, by_administrator=by_administrator, now=now)
    return user


def reinstate(work: UnitOfWork, name: str) -> User:
    """Let a suspended service account in again.

    Errors:
        ConflictError: it is not suspended.
        RefusedError: an administrator suspended it, and the actor is none.
    """
    user = fetch_credentials.machine(work, name, sensitive=True)
    if user.state is not UserState.SUSPENDED:
        raise ConflictError(sentence("%(name)s is not suspended.", name=user.name))
    if user.suspended_by_administrator and not _administers(work):
        raise RefusedError(
            sentence(
                "An administrator suspended %(name)s. Only an administrator can reinstate it.",
                name=user.name,
            )
        )
    entry.let_in(work, user)
    return user


def delete(work: UnitOfWork, name: str, *, now: datetime) -> None:
    """Delete a service account for good: its tokens, keys, roles and memberships go.

    Errors:
        ConflictError: it owns repositories, or an organisation alone.
    """
    user = fetch_credentials.machine(work, name, sensitive=True)
    departures.insist_on_owning_nothing(work, user)
    departures.remove(work, user, now=now)


@open_to_everyone(because="whoever deletes the organisation was asked")
def delete_all_of(work: UnitOfWork, organisation_id: UUID, *, now: datetime) -> None:
    """Delete the service accounts of an organisation that goes."""
    owned = sa.select(User).where(
        User.owner_organisation_id == organisation_id, User.state != UserState.DELETED
    )
    for user in work.session.scalars(owned).all():
        departures.insist_on_owning_nothing(work, user)
        departures.remove(work, user, now=now)


def _administers(work: UnitOfWork) -> bool:
    """Whether the actor manages the users of the appliance."""
    return Permission.USERS_MANAGE in grants.on_instance(work.actor)


def _join(work: UnitOfWork, organisation: Organisation, user: User, now: datetime) -> None:
    role = OrganisationRole.MEMBER
    work.session.add(
        Membership(organisation_id=organisation.id, user_id=user.id, role=role, created_at=now)
    )
    work.record(
        events.MemberAdded(
            about=organisation.id,
            organisation_id=organisation.id,
            user_id=str(user.id),
            role=role,
        )
    )


def _query() -> sa.Select[User, str, int, int, datetime]:
    """Machines with the name of whose they are, and how many tokens and keys each has."""
    tokens = (
        sa.select(AccessToken.id)
        .where(AccessToken.user_id == User.id, AccessToken.revoked_at.is_(None))
        .correlate(User)  # Through the union, too.
    )
    keys = sa.select(SshKey.id).where(SshKey.user_id == User.id).correlate(User)
    used = sa.select(sa.func.max(LastUse.used_at)).where(
        LastUse.credential_id.in_(sa.union_all(tokens, keys))
    )
    return (
        sa.select(
            User,
            Organisation.name,
            _count(tokens),
            _count(keys),
            used.scalar_subquery(),
        )
        .join(Owner, Owner.id == User.id)
        .outerjoin(Organisation, Organisation.id == User.owner_organisation_id)
        .where(User.is_machine.is_(True))
    )


def _count(query: sa.Select[UUID]) -> sa.ScalarSelect[int]:
    return query.with_only_columns(sa.func.count()).scalar_subquery()


def _machine(row: sa.Row[User, str, int, int, datetime]) -> Machine:
    return Machine(row[0], row[1] or "", row[2], row[3], row[4])
