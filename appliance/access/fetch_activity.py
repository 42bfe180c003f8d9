"""Alerts of suspicious activity for who may see them: security officers those of their
organisation, administrators and auditors of the appliance all. For others there are none.
"""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa

from appliance.access import gate, grants, unseen
from appliance.db import lookups
from appliance.db.activity import ActivityAlert
from appliance.db.audit_log import INSTANCE_LOG
from appliance.db.organisations import Membership, Organisation
from appliance.db.unit_of_work import UnitOfWork
from appliance.db.users import User, UserState
from appliance.domain.permissions import (
    INSTANCE_PERMISSIONS_OF,
    ORGANISATION_PERMISSIONS_OF,
    InstanceRole,
    Permission,
)
from appliance.errors import HiddenError, InvalidError, RefusedError, UnauthenticatedError, sentence

NOTHING = sentence("There is no such list of suspicious activity.")
NO_ALERT = sentence("There is no such alert.")
OFFICERS = tuple(
    role
    for role, permissions in ORGANISATION_PERMISSIONS_OF.items()
    if Permission.ACTIVITY_DECIDE in permissions
)


def log_of(
    work: UnitOfWork, organisation: str, permission: Permission = Permission.ACTIVITY_READ
) -> str | None:
    """The log that is meant by an organisation's name; None for all, where none is named.

    Errors:
        UnauthenticatedError: nobody has signed in.
        HiddenError: there is none, or none for this actor.
        RefusedError: they may see alerts, but not do this.
    """
    if not work.actor.is_signed_in:
        raise UnauthenticatedError(sentence("Sign in first."))
    if not organisation:
        _insist(grants.on_instance(work.actor), permission)
        return None
    found = lookups.organisation(work.session, organisation)
    _insist(unseen.on_organisation(work, found), permission)
    if found is None:
        raise HiddenError(NOTHING)
    gate.insist_on_place(work, found.id)
    return str(found.id)


def alert(
    work: UnitOfWork, alert_id: UUID, permission: Permission = Permission.ACTIVITY_READ
) -> ActivityAlert:
    """One alert.

    Errors: as for `log_of`.
    """
    if not work.actor.is_signed_in:
        raise UnauthenticatedError(sentence("Sign in first."))
    found = work.session.get(ActivityAlert, alert_id)
    try:
        _insist(allowed(work, found.log if found else INSTANCE_LOG), permission)
    except HiddenError as error:
        raise HiddenError(NO_ALERT) from error
    if found is None:
        raise HiddenError(NO_ALERT)
    return found


def to_exempt(work: UnitOfWork, name: str) -> User | None:
    """The user of that name, of whom a rule is to tell nothing, for who may decide on alerts."""
    return lookups.user(work.session, name.removeprefix("@"))


def to_assign(work: UnitOfWork, log: str, name: str) -> User:
    """The user of that name, if they could look into alerts of a log.

    Errors:
        InvalidError: there is none, or they may not see these alerts.
    """
    found = to_exempt(work, name)
    if found is None or not decides(work, found, log):
        raise InvalidError.of(
            "assignee", sentence("%(name)s cannot deal with these alerts.", name=name)
        )
    return found


def deciders(work: UnitOfWork, log: str) -> list[UUID]:
    """Who is told of an alert in a log: its organisation's security officers; administrators where
    there are none.
    """
    officers = sa.select(Membership.user_id).where(
        Membership.organisation_id == _id(log), Membership.role.in_(OFFICERS)
    )
    people = sa.select(User.id).where(User.is_machine.is_(False), User.state == UserState.ACTIVE)
    found = list(work.session.scalars(people.where(User.id.in_(officers)).order_by(User.id)))
    if found:
        return found
    administrators = people.where(User.instance_role == InstanceRole.ADMINISTRATOR)
    return list(work.session.scalars(administrators.order_by(User.id)))


def decides(work: UnitOfWork, user: User, log: str) -> bool:
    """Whether somebody may decide on alerts in a log."""
    if Permission.ACTIVITY_DECIDE in INSTANCE_PERMISSIONS_OF[user.instance_role]:
        return True
    query = sa.select(Membership.role).where(
        Membership.user_id == user.id, Membership.organisation_id == _id(log)
    )
    role = work.session.scalar(query)
    return role is not None and Permission.ACTIVITY_DECIDE in ORGANISATION_PERMISSIONS_OF[role]


def _id(log: str) -> UUID:
    return unseen.NOBODY if log == INSTANCE_LOG else UUID(log)


def allowed(work: UnitOfWork, log: str) -> frozenset[Permission]:
    """What the actor may do with what is in a log."""
    if log == INSTANCE_LOG:
        return grants.on_instance(work.actor)
    organisation = work.session.get(Organisation, UUID(log))
    if organisation is None:
        return grants.on_instance(work.actor)
    return grants.on_organisation(work, organisation)


def _insist(given: frozenset[Permission], permission: Permission) -> None:
    if Permission.ACTIVITY_READ not in given:
        raise HiddenError(NOTHING)
    if permission not in given:
        raise RefusedError(sentence("Only a security officer or an administrator may do that."))
