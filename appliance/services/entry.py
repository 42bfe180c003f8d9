"""Keeping a user out and letting them in again, whoever decides it: a person, or a sign-in system.

Who is kept out loses sessions here and now. Tokens, keys and passwords are asked for this at each
use, and a transfer under way is asked for it every few seconds (`web/transfer_watch.py`, and over
SSH `ssh/session_program.py`).
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from appliance.access.gate import open_to_everyone
from appliance.db.credentials import end_sessions
from appliance.db.identity_providers import ANOTHER_KEEPS_OUT, Identity, IdentityProvider
from appliance.db.unit_of_work import UnitOfWork
from appliance.db.users import User, UserState
from appliance.domain import events
from appliance.domain.identity_providers import policy
from appliance.domain.permissions import InstanceRole
from appliance.errors import ConflictError, sentence

LONGEST_REASON = 500
KEPT_OUT = sentence("The identity provider no longer lets them in.")


@open_to_everyone(because="`users` asks who may, and `identities` does what a provider said")
def keep_out(
    work: UnitOfWork,
    user: User,
    *,
    reason: str,
    provider_id: UUID | None = None,
    by_administrator: bool = False,
    now: datetime,
) -> None:
    """Suspend a user: nothing of theirs opens any door from now on."""
    user.state = UserState.SUSPENDED
    user.suspended_by_id = provider_id
    user.suspended_by_administrator = by_administrator
    user.break_glass_until = None
    end_sessions(work.session, user.id, now=now)
    work.record(
        events.UserSuspended(
            about=user.id,
            organisation_id=user.owner_organisation_id,
            person=user.pseudonym,
            provider_id=str(provider_id) if provider_id else None,
            reason=reason[:LONGEST_REASON],
        )
    )


@open_to_everyone(because="`users` asks who may, and `identities` does what a provider said")
def let_in(work: UnitOfWork, user: User, *, provider_id: UUID | None = None) -> None:
    """Let a suspended user in again."""
    user.state = UserState.ACTIVE
    user.suspended_by_id = None
    user.suspended_by_administrator = False
    work.record(
        events.UserReinstated(
            about=user.id,
            organisation_id=user.owner_organisation_id,
            provider_id=str(provider_id) if provider_id else None,
        )
    )


@open_to_everyone(because="the provider says so, as its protocol has checked")
def let_in_or_keep_out(
    work: UnitOfWork, identity: Identity, user: User, *, is_active: bool, now: datetime
) -> None:
    """Do what a provider says of somebody. Whom several keep out, the last of them lets in."""
    identity.is_active = is_active
    provider_id = identity.provider_id
    if not is_active and user.is_active and not is_last_administrator(work, user):
        keep_out(work, user, reason=KEPT_OUT, provider_id=provider_id, now=now)
    elif is_active and user.suspended_by_id == provider_id and not user.is_active:
        other = _also_kept_out_by(work, identity)
        if other is not None:
            # From now on it is that one which may let them in.
            keep_out(work, user, reason=KEPT_OUT, provider_id=other, now=now)
            return
        provider = work.session.get_one(IdentityProvider, provider_id)
        if policy(provider.policy).lets_in_again:
            let_in(work, user, provider_id=provider_id)


def _also_kept_out_by(work: UnitOfWork, identity: Identity) -> UUID | None:
    """Another provider that does not let the same user in, as it said last."""
    query = sa.select(ANOTHER_KEEPS_OUT).select_from(Identity).where(Identity.id == identity.id)
    return work.session.scalar(query)


@open_to_everyone(because="it only tells callers that were asked who is no person")
def insist_on_person(user: User) -> None:
    """Go on only if a user is a person.

    Errors:
        ConflictError: it is a machine, which tokens and SSH keys let in and nothing else.
    """
    if user.is_machine:
        raise ConflictError(
            sentence(
                "%(name)s is a service account: it uses tokens and SSH keys and cannot sign in.",
                name=user.name,
            )
        )


@open_to_everyone(because="it only tells callers that were asked whom they must not touch")
def is_last_administrator(work: UnitOfWork, user: User) -> bool:
    """Whether nobody else could administer the appliance. Locks the administrators' rows, so that
    two of them cannot go at the same moment.
    """
    if user.instance_role is not InstanceRole.ADMINISTRATOR or user.is_machine:
        return False
    active = sa.select(User.id).where(
        User.instance_role == InstanceRole.ADMINISTRATOR,
        User.state == UserState.ACTIVE,
        User.is_machine.is_(False),
    )
    others = work.session.scalars(active.with_for_update()).all()
    return not any(other != user.id for other in others)
