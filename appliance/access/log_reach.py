"""Which part of an audit log the actor may read: all of it by a role, or what an auditor was given.

What lies outside of that part does not exist for them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from appliance.db.auditors import AuditorGrant
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain.permissions import Permission


@dataclass(frozen=True)
class Reach:
    """The part of a log that somebody may read, by the time of its events."""

    since: datetime | None = None
    until: datetime | None = None
    grant_id: UUID | None = None
    """By which grant; none where a role gives the whole log."""
    expires_at: datetime | None = None

    @property
    def is_whole(self) -> bool:
        """Whether nothing of the log lies outside."""
        return self.since is None and self.until is None

    def holds(self, at: datetime) -> bool:
        """Whether an event of that time lies in it."""
        return (self.since is None or at >= self.since) and (self.until is None or at < self.until)


WHOLE = Reach()


def granted(work: UnitOfWork, log: str) -> Reach | None:
    """What the actor was given of a log, if that has neither ended nor been taken back.

    It is asked at every request, so that a grant ends at its minute and not with the session.
    """
    found = work.session.scalars(live(work.begun_at).where(*_of_actor(work, log))).first()
    if found is None or not work.actor.ceiling_allows(Permission.AUDIT_READ):
        return None
    return Reach(found.period_from, found.period_until, found.id, found.expires_at)


def logs(work: UnitOfWork) -> list[str]:
    """The logs of which the actor was given something."""
    if work.actor.id is None or not work.actor.ceiling_allows(Permission.AUDIT_READ):
        return []
    query = live(work.begun_at).where(AuditorGrant.user_id == work.actor.id)
    return [each.log for each in work.session.scalars(query.order_by(AuditorGrant.log))]


def live(now: datetime) -> sa.Select[AuditorGrant]:
    """The grants that count now."""
    return sa.select(AuditorGrant).where(
        AuditorGrant.revoked_at.is_(None), AuditorGrant.expires_at > now
    )


def _of_actor(work: UnitOfWork, log: str) -> tuple[sa.ColumnElement[bool], ...]:
    return AuditorGrant.user_id == work.actor.id, AuditorGrant.log == log
