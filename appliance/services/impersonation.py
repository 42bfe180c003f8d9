"""An administrator acts as somebody else, for a reason, for a while, and everybody can see it.

It is a state of the administrator's own session: their sign-in, their second factor, their address
and their time-outs hold, and what ends that session ends it. The rights are the user's, less all
that makes or changes what proves who they are or gives rights in their name.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import orm

from appliance.access import fetch, gate
from appliance.access.gate import open_to_everyone
from appliance.db.credentials import BrowserSession, SessionActivity
from appliance.db.impersonations import Impersonation
from appliance.db.unit_of_work import UnitOfWork
from appliance.db.users import User
from appliance.domain import events
from appliance.domain.permissions import InstanceRole, Permission
from appliance.errors import ConflictError, HiddenError, InvalidError, RefusedError, sentence
from appliance.services import entry, identify, impersonated, sessions

NOT_AS_ANOTHER = gate.NOT_AS_ANOTHER
"""For doors that ask for more than the verbs behind them."""
LONGEST_REASON = 500
SHOWN = timedelta(days=30)
"""So long somebody sees that an administrator acted as them."""
MOST_SHOWN = 100


@dataclass(frozen=True)
class Told:
    """One time that an administrator acted as somebody."""

    id: UUID
    user: str
    administrator: str
    reason: str
    began_at: datetime
    ends_at: datetime
    ended_at: datetime | None


def begin(work: UnitOfWork, name: str, *, reason: str, minutes: int, now: datetime) -> User:
    """Act as a user in this session, for a while. It takes a confirmation of one's own each time.

    Errors:
        RefusedError: it is switched off, or asked with a token, or of another administrator.
        InvalidError: there is no reason, or it is for too long.
        ConflictError: they may not enter, or not from here.
    """
    user = fetch.user(work, name, Permission.USERS_MANAGE)
    session = _own_session(work)
    _insist_on_whom(user, work)
    row = Impersonation(
        session_id=session.id,
        administrator_id=session.user_id,
        user_id=user.id,
        reason=_reason(reason),
        began_at=now,
        ends_at=now + timedelta(minutes=_minutes(work, minutes)),
    )
    work.session.add(row)
    work.session.flush()  # Whether it holds is asked of the row.
    own = identify.KnownSession(
        work.actor, session.id, work.session.get_one(User, session.user_id), now
    )
    if impersonated.seen(work, own, row, session, now=now).acting is None:
        raise ConflictError(
            sentence(
                "You cannot act as %(name)s from here: they or you may not sign in from this "
                "address, or a second factor is missing.",
                name=user.name,
            )
        )
    work.session.get_one(SessionActivity, session.id).elevated_until = None
    work.record(
        events.ImpersonationStarted(
            about=user.id,
            person=user.pseudonym,
            session_id=str(session.id),
            minutes=minutes,
            reason=row.reason,
        )
    )
    return user


@open_to_everyone(because="whoever acts as somebody else may always be themself again")
def leave(
    work: UnitOfWork, own: identify.KnownSession, *, why: str = "left", now: datetime
) -> None:
    """Be oneself again. From here on the work is done by the administrator.

    Errors:
        ConflictError: nobody acts as another in this session.
    """
    row = work.session.scalar(
        sa.select(Impersonation)
        .where(Impersonation.session_id == own.session_id, Impersonation.ended_at.is_(None))
        .with_for_update()
    )
    if row is None or own.acting is None:
        raise ConflictError(sentence("You are not impersonating anybody."))
    work.actor = own.acting.administrator
    _end(work, row, why, now)


def stop(work: UnitOfWork, impersonation_id: UUID, *, now: datetime) -> None:
    """End it from elsewhere, as any administrator may.

    Errors:
        HiddenError: there is none.
        ConflictError: it has ended already.
    """
    gate.require(work, Permission.USERS_MANAGE)
    row = work.session.get(Impersonation, impersonation_id, with_for_update=True)
    if row is None:
        raise HiddenError(sentence("There is no such impersonation."))
    if row.ended_at is not None:
        raise ConflictError(sentence("That has already ended."))
    _end(work, row, "stopped", now)


def of_user(work: UnitOfWork, name: str | None, *, now: datetime) -> list[Told]:
    """When administrators acted as oneself, or as that user, lately; newest first."""
    user = fetch.account(work, name)
    return _told(work, Impersonation.user_id == user.id, Impersonation.began_at > now - SHOWN)


def listed(work: UnitOfWork, *, now: datetime) -> list[Told]:
    """Who acts as whom now, and who did lately; newest first. For administrators."""
    gate.require(work, Permission.USERS_MANAGE)
    return _told(work, Impersonation.began_at > now - SHOWN)


def settle(work: UnitOfWork, *, now: datetime) -> int:
    """Write down the end of what ended by itself; gives how many there were."""
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    administrator, user = orm.aliased(User), orm.aliased(User)
    rows = work.session.execute(
        sa.select(Impersonation, BrowserSession, SessionActivity, administrator, user)
        .outerjoin(BrowserSession, BrowserSession.id == Impersonation.session_id)
        .outerjoin(SessionActivity, SessionActivity.id == Impersonation.session_id)
        .join(administrator, administrator.id == Impersonation.administrator_id)
        .join(user, user.id == Impersonation.user_id)
        .where(Impersonation.ended_at.is_(None))
    ).all()
    ended = 0
    for row, session, activity, by, whom in rows:
        why = _over(work, row, session, activity, by, whom, now)
        if why:
            _end(work, row, why, min(now, row.ends_at))
            ended += 1
    return ended


def _over(  # Each is a row of the same question.
    work: UnitOfWork,
    row: Impersonation,
    session: BrowserSession | None,
    activity: SessionActivity | None,
    by: User,
    whom: User,
    now: datetime,
) -> str:
    """Why somebody acts as another no longer; empty while they do."""
    if now >= row.ends_at:
        return "time"
    if not impersonated.may_go_on(by, whom):
        return "barred"
    idle = timedelta(seconds=work.rules.sign_in.session_idle_seconds)
    if session is None or activity is None or session.revoked_at is not None:
        return "session"
    return "session" if now >= session.ends_at or now >= activity.seen_at + idle else ""


def _end(work: UnitOfWork, row: Impersonation, why: str, at: datetime) -> None:
    row.ended_at = at
    work.record(
        events.ImpersonationEnded(
            about=row.user_id,
            session_id=str(row.session_id),
            administrator_id=str(row.administrator_id),
            why=why,
        )
    )


def _own_session(work: UnitOfWork) -> BrowserSession:
    if not work.rules.sign_in.impersonation_seconds:
        raise RefusedError(sentence("Impersonation is disabled here."))
    try:
        return sessions.present(work)
    except ConflictError as error:
        raise RefusedError(
            sentence("Impersonation works only in the portal, never with a token.")
        ) from error


def _insist_on_whom(user: User, work: UnitOfWork) -> None:
    if user.id == work.actor.id:
        raise ConflictError(sentence("That is you."))
    entry.insist_on_person(user)
    if user.instance_role is InstanceRole.ADMINISTRATOR:
        raise RefusedError(sentence("Administrators cannot be impersonated."))
    if not user.is_active:
        raise ConflictError(sentence("%(name)s may not sign in.", name=user.name))


def _reason(reason: str) -> str:
    said = reason.strip()
    if not said or len(said) > LONGEST_REASON:
        raise InvalidError.of(
            "reason", sentence("Give a reason of at most %(most)s characters.", most=LONGEST_REASON)
        )
    return said


def _minutes(work: UnitOfWork, minutes: int) -> int:
    most = work.rules.sign_in.impersonation_seconds // 60
    if not 1 <= minutes <= most:
        raise InvalidError.of("minutes", sentence("Enter 1 to %(most)s minutes.", most=most))
    return minutes


def _told(work: UnitOfWork, *conditions: sa.ColumnElement[bool]) -> list[Told]:
    administrator, user = orm.aliased(User), orm.aliased(User)
    rows = work.session.execute(
        sa.select(Impersonation, administrator.name, user.name)
        .join(administrator, administrator.id == Impersonation.administrator_id)
        .join(user, user.id == Impersonation.user_id)
        .where(*conditions)
        .order_by(Impersonation.began_at.desc(), Impersonation.id.desc())
        .limit(MOST_SHOWN)
    )
    return [
        Told(row.id, whom, by, row.reason, row.began_at, row.ends_at, row.ended_at)
        for row, by, whom in rows
    ]
