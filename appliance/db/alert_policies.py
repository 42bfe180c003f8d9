"""How alerts are dealt with in a repository: what its organisation says, or the usual."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from appliance.db.alerts import AlertPolicy
from appliance.domain.alert_clocks import ClockRules
from appliance.domain.alerts import AlertKind, Severity


@dataclass(frozen=True)
class AlertRules:
    """What holds for the alerts of one organisation; of a person's repositories always this."""

    approved_kinds: frozenset[AlertKind] = frozenset()
    """Of which a dismissal needs somebody else's approval."""
    maintainers_settle_secrets: bool = False
    """Whether maintainers may dismiss secrets and attest their revocation, as owners may."""
    clocks: ClockRules = field(default_factory=ClockRules)


def row_of(session: Session, organisation_id: UUID) -> AlertPolicy | None:
    """What an organisation has said, if it has."""
    query = sa.select(AlertPolicy).where(AlertPolicy.organisation_id == organisation_id)
    return session.scalar(query)


def rules_of(session: Session, organisation_id: UUID | None) -> AlertRules:
    """What holds."""
    row = row_of(session, organisation_id) if organisation_id is not None else None
    if row is None:
        return AlertRules()
    days = {Severity(each): days for each, days in row.days.items() if days is not None}
    return AlertRules(
        approved_kinds=frozenset(map(AlertKind, row.approved_kinds)),
        maintainers_settle_secrets=row.maintainers_settle_secrets,
        clocks=ClockRules(days=days, exploited_days=row.exploited_days),
    )
