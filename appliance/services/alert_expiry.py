"""Dismissals that end: what was set aside until a day counts again from then on."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from appliance.access import gate
from appliance.db import alert_policies
from appliance.db.alerts import Alert, AlertDecision
from appliance.db.repositories import Repository
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import alerts, events
from appliance.domain.alerts import AlertState, Step
from appliance.domain.permissions import Permission
from appliance.services.alert_events import about


def is_due(work: UnitOfWork, *, now: datetime) -> bool:
    """Whether a dismissal has ended: asked without writing, because it is asked often."""
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    return work.session.scalar(_due(now).with_only_columns(Alert.id).limit(1)) is not None


def end_some(work: UnitOfWork, *, limit: int, now: datetime) -> int:
    """Let some of those count again whose time is over; gives how many. Safe to repeat."""
    gate.require(work, Permission.INSTANCE_MAINTAIN)
    query = _due(now).order_by(Alert.id).limit(limit).with_for_update(of=Alert, skip_locked=True)
    found = work.session.execute(query).all()
    for alert, repository in found:
        facts = alerts.after(alert.facts, Step.EXPIRED, now=now)
        alert.become(facts, now=now)
        rules = alert_policies.rules_of(work.session, repository.organisation_id)
        alert.run(alert.clock.resumed(now), rules.clocks)
        work.session.add(AlertDecision(alert_id=alert.id, step=Step.EXPIRED, created_at=now))
        ended = events.AlertDismissalExpired(**about(repository, alert), state=str(alert.state))
        work.record(ended)
    return len(found)


def _due(now: datetime) -> sa.Select[Alert, Repository]:
    return (
        sa.select(Alert, Repository)
        .join(Repository, Repository.id == Alert.repository_id)
        .where(Alert.state == AlertState.DISMISSED, Alert.until.is_not(None), Alert.until <= now)
    )
