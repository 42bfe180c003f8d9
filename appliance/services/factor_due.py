"""Whether somebody must have a second factor by now, and has none.

Who is overdue may set one up in a browser and nothing else; their tokens, keys and certificates let
them in no more, and say why. The console asks for none: it is the last way in.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa

from appliance.access import grants
from appliance.access.gate import open_to_everyone
from appliance.db.access_requests import TemporaryRight
from appliance.db.credentials import BrowserSession
from appliance.db.organisations import Membership
from appliance.db.second_factors import ANY_RULE, FactorRule, has_factor
from appliance.db.unit_of_work import UnitOfWork
from appliance.db.users import User
from appliance.domain import events
from appliance.domain.factors import Factor
from appliance.domain.permissions import OrganisationRole
from appliance.errors import UnauthenticatedError, sentence

SHOWN_THERE = timedelta(days=30)
"""So long it counts that somebody has shown a second factor to their identity provider."""
OVERDUE = sentence(
    "Your account needs a second factor. Set one up in the portal, under Settings; "
    "until then no token and no key lets you in."
)


@open_to_everyone(because="it is asked about who has just been identified")
def due_at(work: UnitOfWork, user_id: UUID) -> datetime | None:
    """Until when somebody must have set up a second factor; None: they have one, or need none."""
    if not work.session.scalar(sa.select(ANY_RULE & ~has_factor(user_id))):
        return None
    user = work.session.get_one(User, user_id)
    moments = list(_moments(work, user))
    if not moments or _showed_one_there(work, user_id):
        return None
    return min(moments)


@open_to_everyone(because="it is asked about who has just been identified")
def insist(work: UnitOfWork, user_id: UUID, *, now: datetime) -> None:
    """Go on only if somebody has a second factor, or needs none yet.

    Errors:
        UnauthenticatedError: they are overdue; it says what to do.
    """
    due = due_at(work, user_id)
    if due is not None and due <= now:
        user = work.session.get_one(User, user_id)
        refused = events.SignInRefused(
            about=user.id, person=user.pseudonym, reason="no_second_factor", name=user.name
        )
        raise UnauthenticatedError(OVERDUE, event=refused)


def _moments(work: UnitOfWork, user: User) -> Iterator[datetime]:
    """When each rule about somebody is due for them; a machine can have no second factor."""
    if user.is_machine:
        return
    joined = {
        each.organisation_id: (str(OrganisationRole.MEMBER), each.created_at)
        for each in work.session.scalars(
            sa.select(TemporaryRight).where(*grants.in_force(user.id, work.begun_at))
        )
    } | {
        each.organisation_id: (str(each.role), each.created_at)
        for each in work.session.scalars(sa.select(Membership).where(Membership.user_id == user.id))
    }
    for rule in work.session.scalars(sa.select(FactorRule)):
        if rule.organisation_id is None:
            role, since = str(user.instance_role), user.created_at
        elif rule.organisation_id in joined:
            role, since = joined[rule.organisation_id]
        else:
            continue
        if rule.role in {"", role}:
            yield max(rule.created_at, since) + timedelta(seconds=rule.grace_seconds)


def _showed_one_there(work: UnitOfWork, user_id: UUID) -> bool:
    shown = sa.exists().where(
        BrowserSession.user_id == user_id,
        BrowserSession.factor == Factor.PROVIDER,
        BrowserSession.created_at > work.begun_at - SHOWN_THERE,
    )
    return bool(work.session.scalar(sa.select(shown)))
