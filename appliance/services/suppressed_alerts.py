"""Alerts that the repository's own file sets aside, and that count again when it says so no more.

A rule has dismissed them: they are counted beside open ones, and a vulnerability that attackers are
known to use is not among them. Where an organisation wants somebody else's approval for a kind, a
file is none.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa

from appliance.access import fetch_alerts
from appliance.access.gate import open_to_everyone
from appliance.db import alert_policies, suppressions
from appliance.db.alerts import Alert, AlertDecision
from appliance.db.component_rows import parts
from appliance.db.repositories import Repository
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import alerts, events
from appliance.domain.alerts import AlertKind, AlertState, Dismissal, Lane, Step
from appliance.domain.suppressions import PLACE, Suppression
from appliance.services.alert_events import about


def apply(
    work: UnitOfWork,
    repository: Repository,
    *,
    now: datetime,
    numbers: Collection[int] | None = None,
) -> int:
    """Set aside what the file means, and let count again what it means no more; how many changed.

    `numbers` are the alerts to look at; None: all of them.

    Errors:
        HiddenError, RefusedError: the actor may not say what scans found.
    """
    fetch_alerts.to_report(work, repository)
    if numbers is not None and not numbers:
        return 0
    entries = suppressions.counting(work.session, repository.id, now.date())
    rules = alert_policies.rules_of(work.session, repository.organisation_id)
    changed = 0
    for alert in _rows(work, repository.id, numbers, has_entries=bool(entries)):
        entry = _meant(alert, entries) if alert.kind not in rules.approved_kinds else None
        if entry is not None and alert.state is AlertState.OPEN:
            _dismiss(work, repository, alert, entry, now)
        elif entry is None and alert.is_automatic:
            _reopen(work, repository, alert, now)
            alert.run(alert.clock.resumed(now), rules.clocks)
        else:
            continue
        changed += 1
    return changed


@open_to_everyone(because="whoever has a pull request before them was asked whether they may")
def entries_of(work: UnitOfWork, repository_id: UUID, today: date) -> Sequence[Suppression]:
    """What the default branch's file says, without the kinds that need somebody's approval."""
    repository = work.session.get_one(Repository, repository_id)
    approved = alert_policies.rules_of(work.session, repository.organisation_id).approved_kinds
    return [
        replace(each, kinds=tuple(kind for kind in each.kinds if kind not in approved))
        for each in suppressions.counting(work.session, repository_id, today)
    ]


@open_to_everyone(because="it looks at nothing but what it is given")
def is_meant(
    entries: Sequence[Suppression], kind: AlertKind, lane: Lane, rule: str, path: bytes
) -> bool:
    """Whether an entry means something that a pull request brings."""
    return any(each.fits(kind, lane, rule, path) for each in entries)


def _rows(
    work: UnitOfWork, repository_id: UUID, numbers: Collection[int] | None, *, has_entries: bool
) -> list[Alert]:
    """The open ones, as far as there are entries, and those that a rule has dismissed."""
    wanted = sa.and_(Alert.state == AlertState.DISMISSED, Alert.is_automatic.is_(True))
    if has_entries:
        is_open = sa.and_(Alert.state == AlertState.OPEN, Alert.is_exploited.is_(False))
        wanted = sa.or_(wanted, is_open)
    query = sa.select(Alert).where(Alert.repository_id == repository_id, wanted)
    if numbers is None:
        return list(work.session.scalars(query.order_by(Alert.number)))
    found: list[Alert] = []
    for some in parts(sorted(numbers)):
        found += work.session.scalars(query.where(Alert.number.in_(some)).order_by(Alert.number))
    return found


def _meant(alert: Alert, entries: Sequence[Suppression]) -> Suppression | None:
    return next(
        (each for each in entries if each.fits(alert.kind, alert.lane, alert.rule, alert.path)),
        None,
    )


def _dismiss(
    work: UnitOfWork, repository: Repository, alert: Alert, entry: Suppression, now: datetime
) -> None:
    facts = alerts.after(
        alert.facts, Step.AUTO_DISMISSED, now=now, dismissal=Dismissal(entry.reason)
    )
    alert.become(facts, now=now)
    alert.due_at = None
    work.session.add(
        AlertDecision(
            alert_id=alert.id,
            step=Step.AUTO_DISMISSED,
            reason=entry.reason,
            comment=f"{PLACE.decode()}: {entry.comment}",
            created_at=now,
        )
    )
    work.record(
        events.AlertDismissed(**about(repository, alert), reason=str(entry.reason), automatic=True)
    )


def _reopen(work: UnitOfWork, repository: Repository, alert: Alert, now: datetime) -> None:
    alert.become(alerts.after(alert.facts, Step.REOPENED, now=now), now=now)
    work.session.add(AlertDecision(alert_id=alert.id, step=Step.REOPENED, created_at=now))
    work.record(events.AlertReopened(**about(repository, alert), why="suppression ended"))
