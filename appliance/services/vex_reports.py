"""What was decided about a repository's dependencies, as an OpenVEX document."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from appliance.access import fetch_alerts
from appliance.db.alerts import Alert, AlertDecision
from appliance.db.repositories import Repository
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain.alerts import AlertKind, AlertState, DismissalReason, Resolution
from appliance.domain.ids import new_id
from appliance.scanning import vex
from appliance.scanning.vex import Document, Justification, Statement, Status
from appliance.services.vex_statements import DECIDING, MOST_ALERTS


def document(work: UnitOfWork, path: str, *, now: datetime) -> dict[str, Any]:
    """OpenVEX of what was decided about a repository's dependencies.

    Errors:
        HiddenError, MovedError: there is no such repository, or no alerts for this actor.
    """
    repository = fetch_alerts.home(work, path)
    query = sa.select(Alert).where(
        Alert.repository_id == repository.id, Alert.kind == AlertKind.DEPENDENCY
    )
    found = list(work.session.scalars(query.order_by(Alert.number).limit(MOST_ALERTS)))
    decisions = _last_decisions(work, repository)
    statements = tuple(_statements(repository, found, decisions))
    made = Document(f"urn:uuid:{new_id()}", repository.path, 1, now, statements)
    return vex.write(made)


def _last_decisions(work: UnitOfWork, repository: Repository) -> dict[Any, AlertDecision]:
    query = (
        sa.select(AlertDecision)
        .join(Alert, Alert.id == AlertDecision.alert_id)
        .where(
            Alert.repository_id == repository.id,
            Alert.kind == AlertKind.DEPENDENCY,
            AlertDecision.step.in_(DECIDING),
        )
        .order_by(AlertDecision.id)
    )
    return {each.alert_id: each for each in work.session.scalars(query)}


def _statements(
    repository: Repository, found: Iterable[Alert], decisions: dict[Any, AlertDecision]
) -> Iterator[Statement]:
    for alert in found:
        last = decisions.get(alert.id)
        status, justification, impact, action = _judged(alert, last)
        yield Statement(
            vulnerability=alert.rule,
            aliases=tuple(each for each in alert.detail.get("names", ()) if each != alert.rule),
            product=f"pkg:generic/{repository.path}",
            part=alert.preview,
            status=status,
            said_at=alert.closed_at or (last.created_at if last else alert.first_seen_at),
            justification=justification,
            impact=impact,
            action=action,
        )


def _judged(
    alert: Alert, last: AlertDecision | None
) -> tuple[Status, Justification | None, str, str]:
    """Status, justification, impact and action."""
    said = last.comment if last is not None else ""
    if alert.state is AlertState.OPEN:
        return Status.UNDER_INVESTIGATION, None, "", ""
    if alert.resolution is Resolution.WITHDRAWN:
        return Status.NOT_AFFECTED, None, "The advisory was withdrawn.", ""
    if alert.state is AlertState.FIXED:
        return Status.FIXED, None, "", ""
    if alert.reason in _AFFECTED:
        return Status.AFFECTED, None, "", said or _AFFECTED[alert.reason]
    evidence = last.evidence if last is not None else {}
    word = evidence.get("justification", "")
    known = Justification(word) if word in tuple(Justification) else None
    return Status.NOT_AFFECTED, known, said or _UNAFFECTED[alert.reason], ""


_AFFECTED = {
    DismissalReason.WONT_FIX: "No fix is planned.",
    DismissalReason.TOLERABLE_RISK: "The risk is accepted.",
}
_UNAFFECTED = {
    DismissalReason.FALSE_POSITIVE: "The finding is a false positive.",
    DismissalReason.USED_IN_TESTS: "The component is used in tests only.",
    None: "The finding was dismissed.",
}
