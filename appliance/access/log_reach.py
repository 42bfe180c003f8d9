"""Which part of an audit log the actor may read: all of it by a role, or what an auditor was given.

What lies outside of that part does not exist for them.
"""

from __future__ import annotations

import functools
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

    def joined(self, other: Reach) -> Reach:
        """Both, where they meet; where a time that is nobody's lies between them, the first."""
        if not (_begins_within(self, other) or _begins_within(other, self)):
            return self
        begins = [each for each in (self.since, other.since) if each is not None]
        ends = [each for each in (self.until, other.until) if each is not None]
        return Reach(
            min(begins) if len(begins) == BOTH else None,
            max(ends) if len(ends) == BOTH else None,
            self.grant_id,
            max(filter(None, (self.expires_at, other.expires_at)), default=None),
        )


BOTH = 2


def _begins_within(one: Reach, other: Reach) -> bool:
    """Whether a part begins in another, or where it ends."""
    begins_late = other.since is None or (one.since is not None and one.since >= other.since)
    meets = one.since is None or other.until is None or one.since <= other.until
    return begins_late and meets


WHOLE = Reach()


def granted(work: UnitOfWork, log: str) -> Reach | None:
    """What the actor was given of a log, if that has neither ended nor been taken back.

    It is asked at every request, so that a grant ends at its minute and not with the session.
    """
    if not work.actor.ceiling_allows(Permission.AUDIT_READ) or log in _withheld(work):
        return None
    query = live(work.begun_at).where(*_of_actor(work, log))
    found = [
        Reach(row.period_from, row.period_until, row.id, row.expires_at)
        for row in work.session.scalars(query.order_by(AuditorGrant.created_at.desc()))
    ]
    # One at a time is given. Where there are more all the same, each of them counts.
    return functools.reduce(Reach.joined, found) if found else None


def logs(work: UnitOfWork) -> list[str]:
    """The logs of which the actor was given something."""
    if work.actor.id is None or not work.actor.ceiling_allows(Permission.AUDIT_READ):
        return []
    query = live(work.begun_at).where(AuditorGrant.user_id == work.actor.id)
    found = [each.log for each in work.session.scalars(query.order_by(AuditorGrant.log))]
    return [log for log in found if log not in _withheld(work)]


def _withheld(work: UnitOfWork) -> frozenset[str]:
    """The logs of organisations that keep the token in use out."""
    return frozenset(map(str, work.actor.withheld_organisations))


def live(now: datetime) -> sa.Select[AuditorGrant]:
    """The grants that count now."""
    return sa.select(AuditorGrant).where(
        AuditorGrant.revoked_at.is_(None), AuditorGrant.expires_at > now
    )


def _of_actor(work: UnitOfWork, log: str) -> tuple[sa.ColumnElement[bool], ...]:
    return AuditorGrant.user_id == work.actor.id, AuditorGrant.log == log
