"""Suspicious activity that waits for a person: for officers theirs, for administrators all."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import sqlalchemy as sa

from appliance.access import fetch_activity, gate, grants
from appliance.db.activity import ActivityAlert
from appliance.db.organisations import Membership, Organisation
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain.activity import ActivityState
from appliance.domain.permissions import Permission
from appliance.services.inbox_entries import MOST_OF_A_KIND, Entry, Topic


def waiting(work: UnitOfWork, now: datetime) -> Iterator[Entry]:
    """Open alerts that nobody else is to look into, the newest first."""
    gate.require_sight_of_own(work)
    del now
    nobody_or_me = sa.or_(
        ActivityAlert.assignee_id.is_(None), ActivityAlert.assignee_id == work.actor.id
    )
    query = sa.select(ActivityAlert).where(ActivityAlert.state == ActivityState.OPEN, nobody_or_me)
    names = _organisations(work)
    if Permission.ACTIVITY_DECIDE not in grants.on_instance(work.actor):
        query = query.where(ActivityAlert.log.in_(names))
    found = work.session.scalars(query.order_by(ActivityAlert.at.desc()).limit(MOST_OF_A_KIND))
    for each in found:
        owner = names.get(each.log, "")
        yield Entry(Topic.ACTIVITY, owner, each.at, detail=str(each.rule), id=each.id, owner=owner)


def _organisations(work: UnitOfWork) -> dict[str, str]:
    """The organisations whose officer the actor is, by their logs."""
    query = (
        sa.select(Organisation.id, Organisation.name)
        .join(Membership, Membership.organisation_id == Organisation.id)
        .where(
            Membership.user_id == work.actor.id,
            Membership.role.in_(fetch_activity.OFFICERS),
            Organisation.id.not_in(work.actor.withheld_organisations),
        )
    )
    return {str(row.id): row.name for row in work.session.execute(query)}
