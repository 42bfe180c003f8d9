"""What goes when a user goes: a person, or a machine."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import orm

from appliance.access.gate import open_to_everyone
from appliance.db import owner_names
from appliance.db.access_requests import AccessRequest
from appliance.db.credentials import AccessToken, SshKey, end_sessions
from appliance.db.identity_providers import Identity
from appliance.db.organisations import Membership, Organisation, TeamMembership
from appliance.db.provider_syncs import SyncChange
from appliance.db.repositories import Grant, Repository
from appliance.db.signing_keys import OpenPgpKey, X509Certificate
from appliance.db.unit_of_work import UnitOfWork
from appliance.db.users import (
    AddressProof,
    EmailAddress,
    Owner,
    PasswordReset,
    User,
    UserState,
)
from appliance.domain import events
from appliance.domain.permissions import InstanceRole, OrganisationRole
from appliance.errors import ConflictError, sentence


@open_to_everyone(because="the verbs that call it have asked who may")
def insist_on_owning_nothing(work: UnitOfWork, user: User) -> None:
    """Go on only if nothing would be nobody's without a user.

    Errors:
        ConflictError: they own repositories, or an organisation alone.
    """
    owned = sa.select(Repository.id).where(
        Repository.owner_id == user.id, Repository.deleted_at.is_(None)
    )
    if work.session.scalar(sa.select(owned.exists())):
        raise ConflictError(
            sentence("%(name)s owns repositories. Transfer or delete them first.", name=user.name)
        )
    others, people = orm.aliased(Membership), orm.aliased(User)
    alone = work.session.scalar(
        sa.select(Organisation.name)
        .join(Membership, Membership.organisation_id == Organisation.id)
        .outerjoin(
            others,
            sa.and_(
                others.organisation_id == Organisation.id,
                others.role == OrganisationRole.OWNER,
                others.user_id != user.id,
                # A machine alone could own nothing: nobody could sign in and say what it is to do.
                others.user_id.in_(sa.select(people.id).where(people.is_machine.is_(False))),
            ),
        )
        .where(
            Membership.user_id == user.id,
            Membership.role == OrganisationRole.OWNER,
            Organisation.deleted_at.is_(None),
            others.id.is_(None),
        )
        .limit(1)
    )
    if alone is not None:
        raise ConflictError(
            sentence(
                "%(name)s is the only owner of %(alone)s. Name another owner first.",
                name=user.name,
                alone=alone,
            )
        )


@open_to_everyone(because="the verbs that call it have asked who may")
def remove(work: UnitOfWork, user: User, *, now: datetime) -> None:
    """Take from a user all that lets them in and all that they may; their name becomes free."""
    _forget_ties(work, user, now)
    before = user.name
    owner = work.session.get_one(Owner, user.id)
    owner_names.free(work.session, owner)
    user.name, user.display_name = owner.name, ""
    user.about = user.location = user.website = ""
    user.state, user.password_hash = UserState.DELETED, None
    user.instance_role = InstanceRole.USER
    user.role_provider_id = user.given_instance_role = user.suspended_by_id = None
    work.record(
        events.UserDeleted(
            about=user.id,
            organisation_id=user.owner_organisation_id,
            person=user.pseudonym,
            name=before,
        )
    )


def _forget_ties(work: UnitOfWork, user: User, now: datetime) -> None:
    end_sessions(work.session, user.id, now=now)
    work.session.execute(
        sa.update(AccessToken)
        .where(AccessToken.user_id == user.id, AccessToken.revoked_at.is_(None))
        .values(revoked_at=now)
    )
    keys = (SshKey, OpenPgpKey, X509Certificate)
    rows = (Membership, TeamMembership, Grant, EmailAddress, AddressProof, PasswordReset)
    for table in (*keys, *rows, Identity, SyncChange, AccessRequest):
        work.session.execute(sa.delete(table).where(table.user_id == user.id))
