"""How an organisation deals with alerts: who decides, and in how many days."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from appliance.access import fetch
from appliance.db.alert_policies import AlertRules, row_of, rules_of
from appliance.db.alerts import AlertPolicy
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import events
from appliance.domain.alert_clocks import MOST_DAYS, USUAL_DAYS
from appliance.domain.alerts import AlertKind, Severity
from appliance.domain.permissions import Permission
from appliance.errors import InvalidError, sentence

__all__ = ["AlertRules"]


@dataclass(frozen=True)
class NewPolicy:
    """What an organisation says, whole."""

    approved_kinds: frozenset[AlertKind]
    maintainers_settle_secrets: bool
    days: Mapping[Severity, int | None]
    """What is left out stays as usual; None: never due."""
    exploited_days: int | None


def show(work: UnitOfWork, organisation: str) -> AlertRules:
    """What holds for alerts in an organisation.

    Errors:
        HiddenError, MovedError: there is none, or none for this actor.
    """
    found = fetch.organisation(work, organisation, Permission.ORGANISATION_READ)
    return rules_of(work.session, found.id)


def set_policy(work: UnitOfWork, organisation: str, wanted: NewPolicy) -> AlertRules:
    """Say how alerts are dealt with. What is open already falls due by the new days when it is
    seen or decided about next.

    Errors:
        HiddenError, RefusedError: the actor does not manage the organisation.
        InvalidError: nobody counts so many days.
    """
    found = fetch.organisation(work, organisation, Permission.ORGANISATION_MANAGE)
    for days in (*wanted.days.values(), wanted.exploited_days):
        if days is not None and not 1 <= days <= MOST_DAYS:
            raise InvalidError.of(
                "days", sentence("Say a number of days from 1 to %(most)s.", most=MOST_DAYS)
            )
    row = row_of(work.session, found.id)
    if row is None:
        row = AlertPolicy(organisation_id=found.id)
        work.session.add(row)
    row.approved_kinds = sorted(wanted.approved_kinds)
    row.maintainers_settle_secrets = wanted.maintainers_settle_secrets
    row.days = {str(each): wanted.days.get(each, USUAL_DAYS[each]) for each in Severity}
    row.exploited_days = wanted.exploited_days
    work.record(
        events.AlertPolicyChanged(
            about=found.id,
            organisation_id=found.id,
            approved_kinds=row.approved_kinds,
            maintainers_settle_secrets=row.maintainers_settle_secrets,
            days=row.days,
            exploited_days=row.exploited_days,
        )
    )
    work.session.flush()
    return rules_of(work.session, found.id)
