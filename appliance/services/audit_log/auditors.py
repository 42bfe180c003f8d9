"""Auditors: who may read which log, what happened when of it, and until when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import orm

from appliance.access import fetch, fetch_log, log_reach
from appliance.db.auditors import AuditorGrant
from appliance.db.paging import USUAL_LIMIT, Page, in_order, page
from appliance.db.unit_of_work import UnitOfWork
from appliance.db.users import Owner, User
from appliance.domain import events
from appliance.domain.names import fold
from appliance.domain.permissions import Permission
from appliance.errors import ConflictError, InvalidError, NotFoundError, sentence
from appliance.services.audit_log.trees import organisation_of

LONGEST = timedelta(days=366)
LONGEST_REASON = 500
ORDERS = {
    "created": (AuditorGrant.created_at, AuditorGrant.id),
    "until": (AuditorGrant.expires_at, AuditorGrant.id),
    "name": (Owner.name_key, AuditorGrant.id),
}


@dataclass(frozen=True)
class Listed:
    """A grant with the names that belong to it."""

    grant: AuditorGrant
    user: str
    granted_by: str
    """Empty where it was the console, or somebody who is no user any more."""
    state: str
    """`live`, `ended` or `revoked`."""


@dataclass(frozen=True)
class Period:
    """What happened from `since` on and before `until`; open where there is none."""

    since: datetime | None = None
    until: datetime | None = None


def grant(
    work: UnitOfWork,
    log: str,
    user_name: str,
    *,
    period: Period,
    expires_at: datetime,
    reason: str,
    now: datetime,
) -> Listed:
    """Let somebody read a log for a while, and nothing else.

    Errors:
        InvalidError: the times contradict each other, it is for too long, or no reason is given.
        ConflictError: they have been given this log already.
    """
    name = fetch_log.name_to_grant(work, log)
    user = fetch.user(work, user_name, Permission.USERS_READ)
    said = _checked(period, expires_at, reason, now)
    # Whoever gives them something at the same moment waits here, and then sees it.
    work.session.refresh(user, with_for_update=True)
    theirs = (AuditorGrant.user_id == user.id, AuditorGrant.log == name)
    if work.session.scalars(log_reach.live(now).where(*theirs)).first() is not None:
        raise ConflictError(
            sentence("%(name)s can already read this log. Revoke that first.", name=user.name)
        )
    made = AuditorGrant(
        user_id=user.id,
        log=name,
        period_from=period.since,
        period_until=period.until,
        expires_at=expires_at,
        granted_by=work.actor.id,
        reason=said,
        created_at=now,
        revoked_at=None,
    )
    work.session.add(made)
    work.session.flush()  # The event names its id.
    work.record(
        events.AuditorGranted(
            about=made.id,
            organisation_id=organisation_of(name),
            user_id=str(user.id),
            scope=name,
            period_from=_said(period.since),
            period_until=_said(period.until),
            expires_at=expires_at.isoformat(),
            reason=said,
        )
    )
    return Listed(made, user.name, work.actor.label, "live")


def revoke(work: UnitOfWork, log: str, grant_id: UUID, *, now: datetime) -> None:
    """Take back what somebody was given of a log; it counts from their next request on.

    Errors:
        NotFoundError: there is no such grant of this log.
        ConflictError: it has ended already.
    """
    name = fetch_log.name_to_grant(work, log)
    found = work.session.get(AuditorGrant, grant_id)
    if found is None or found.log != name:
        raise NotFoundError(sentence("This log was given to nobody under that id."))
    if _state(found, now) != "live":
        raise ConflictError(sentence("It has already ended."))
    found.revoked_at = now
    work.record(
        events.AuditorRevoked(
            about=found.id,
            organisation_id=organisation_of(name),
            user_id=str(found.user_id),
            scope=name,
        )
    )


def listed(
    work: UnitOfWork,
    log: str,
    *,
    search: str = "",
    order: str = "-created",
    after: str | None = None,
    limit: int = USUAL_LIMIT,
    now: datetime,
) -> Page[Listed]:
    """To whom a log was given, ended and revoked ones too.

    `search` is a part of a name.
    """
    name = fetch_log.name_to_grant(work, log)
    giver = orm.aliased(Owner)
    query = (
        sa.select(AuditorGrant, Owner.name, giver.name)
        .join(User, User.id == AuditorGrant.user_id)
        .join(Owner, Owner.id == User.id)
        .outerjoin(giver, giver.id == AuditorGrant.granted_by)
        .where(AuditorGrant.log == name)
    )
    if search:
        query = query.where(Owner.name_key.contains(fold(search), autoescape=True))
    keys, is_descending = in_order(ORDERS, order)
    return page(
        work.session,
        query,
        *keys,
        make=lambda row: Listed(row[0], row[1], row[2] or "", _state(row[0], now)),
        after=after,
        limit=limit,
        newest_first=is_descending,
    )


def _state(found: AuditorGrant, now: datetime) -> str:
    if found.revoked_at is not None:
        return "revoked"
    return "live" if found.expires_at > now else "ended"


def _checked(period: Period, expires_at: datetime, reason: str, now: datetime) -> str:
    if period.since and period.until and period.since >= period.until:
        raise InvalidError.of("until", sentence("The period ends before it begins."))
    if not now < expires_at <= now + LONGEST:
        raise InvalidError.of(
            "expires", sentence("Choose a day between tomorrow and one year from now.")
        )
    said = reason.strip()
    if not said or len(said) > LONGEST_REASON:
        raise InvalidError.of(
            "reason",
            sentence("Give a reason of at most %(most)s characters.", most=LONGEST_REASON),
        )
    return said


def _said(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
