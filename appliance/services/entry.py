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
from appliance.db.unit_of_work import UnitOfWork
from appliance.db.users import User, UserState
from appliance.domain import events
from appliance.domain.permissions import InstanceRole

LONGEST_REASON = 500


@open_to_everyone(because="`users` asks who may, and `identities` does what a provider said")
def keep_out(
    work: UnitOfWork, user: User, *, reason: str, provider_id: UUID | None = None, now: datetime
) -> None:
    """Suspend a user: nothing of theirs opens any door from now on."""
    user.state = UserState.SUSPENDED
    user.suspended_by_id = provider_id
    user.break_glass_until = None
    end_sessions(work.session, user.id, now=now)
    work.record(
        events.UserSuspended(
            about=user.id,
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
    work.record(
        events.UserReinstated(about=user.id, provider_id=str(provider_id) if provider_id else None)
    )


@open_to_everyone(because="it only tells callers that were asked whom they must not touch")
def is_last_administrator(work: UnitOfWork, user: User) -> bool:
    """Whether nobody else could administer the appliance. Locks the administrators' rows, so that
    two of them cannot go at the same moment.
    """
    if user.instance_role is not InstanceRole.ADMINISTRATOR:
        return False
    active = sa.select(User.id).where(
        User.instance_role == InstanceRole.ADMINISTRATOR, User.state == UserState.ACTIVE
    )
    others = work.session.scalars(active.with_for_update()).all()
    return not any(other != user.id for other in others)
