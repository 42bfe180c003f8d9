"""Whether a session's administrator acts as somebody else now, and what they may do as them."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from appliance.access.gate import open_to_everyone
from appliance.db.credentials import BrowserSession
from appliance.db.impersonations import Impersonation
from appliance.db.unit_of_work import UnitOfWork
from appliance.db.users import User
from appliance.domain.identity import Actor, Impersonator
from appliance.domain.permissions import WHILE_IMPERSONATING, InstanceRole
from appliance.errors import UnauthenticatedError
from appliance.services import factor_due, reach

if TYPE_CHECKING:
    from appliance.services.identify import KnownSession


@dataclass(frozen=True)
class Acting:
    """An administrator who acts as the session's user."""

    administrator: Actor
    ends_at: datetime
    reason: str


@open_to_everyone(because="it finds out who is asking")
def seen(
    work: UnitOfWork,
    own: KnownSession,
    row: Impersonation | None,
    session: BrowserSession,
    *,
    now: datetime,
) -> KnownSession:
    """The session as that of whom its administrator acts as; as it was where that does not hold."""
    if row is None:
        return own
    whom = work.session.get(User, row.user_id)
    if now >= row.ends_at or own.actor.ceiling is not None:
        return own
    if whom is None or not may_go_on(own.user, whom) or own.user.id != row.administrator_id:
        return own
    due = factor_due.due_at(work, whom.id) if not session.factor else None
    if due is not None and due <= now:
        return own
    try:
        actor = reach.placed(work, acting_as(whom, own.actor, row.id))
    except UnauthenticatedError:
        return own
    return dataclasses.replace(
        own,
        actor=actor,
        user=whom,
        factor_due_at=None,
        acting=Acting(own.actor, row.ends_at, row.reason),
    )


@open_to_everyone(because="it only says what two people are")
def may_go_on(administrator: User, whom: User) -> bool:
    """Whether one of them may act as the other at all."""
    is_above = administrator.is_active and administrator.instance_role is InstanceRole.ADMINISTRATOR
    return is_above and whom.is_active and whom.instance_role is not InstanceRole.ADMINISTRATOR


@open_to_everyone(because="it says of a capability whether the administrator behind it still acts")
def again(work: UnitOfWork, actor: Actor, impersonation_id: UUID, *, now: datetime) -> Actor | None:
    """The actor with the administrator who acts as them; None where that has ended."""
    row = work.session.get(Impersonation, impersonation_id)
    if row is None or row.ended_at is not None or now >= row.ends_at or row.user_id != actor.id:
        return None
    administrator = work.session.get_one(User, row.administrator_id)
    whom = work.session.get_one(User, row.user_id)
    session = work.session.get(BrowserSession, row.session_id)
    if session is None or session.revoked_at is not None or not may_go_on(administrator, whom):
        return None
    return as_then(work, actor, row.id)


@open_to_everyone(because="it only says in whose name something was done")
def as_then(work: UnitOfWork, actor: Actor, impersonation_id: UUID) -> Actor:
    """The actor with the administrator who acted as them, whether or not that has ended."""
    row = work.session.get_one(Impersonation, impersonation_id)
    administrator = work.session.get_one(User, row.administrator_id)
    return _by(actor, administrator.id, administrator.name, administrator.pseudonym, row.id)


def acting_as(whom: User, own: Actor, impersonation_id: UUID) -> Actor:
    """The actor that an administrator is while they act as a user."""
    actor = dataclasses.replace(
        own,
        label=whom.name,
        pseudonym=whom.pseudonym,
        id=whom.id,
        instance_role=whom.instance_role,
        closed_organisations=frozenset(),
        is_elevated=False,
    )
    return _by(actor, own.id, own.label, own.pseudonym, impersonation_id)


def _by(actor: Actor, *who: Any) -> Actor:
    return dataclasses.replace(actor, ceiling=WHILE_IMPERSONATING, impersonator=Impersonator(*who))
