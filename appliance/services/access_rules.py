"""What may be asked for in an organisation, for how long, and who answers: as its owners say."""

from __future__ import annotations

import sqlalchemy as sa

from appliance.access import fetch, fetch_requests
from appliance.db.access_requests import AccessRuleRow
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import events
from appliance.domain.access_requests import AccessRule, check_hours
from appliance.domain.permissions import Permission
from appliance.errors import InvalidError, sentence


def show(work: UnitOfWork, organisation_name: str) -> AccessRule:
    """The rule in force, for who may change it."""
    organisation = fetch.organisation(work, organisation_name, Permission.ORGANISATION_MANAGE)
    return fetch_requests.rule_of(work, organisation.id)


def change(work: UnitOfWork, organisation_name: str, rule: AccessRule) -> AccessRule:
    """Set it. What has been given stays as it is; what waits is answered by the new rule.

    Errors:
        InvalidError: the longest span is none.
    """
    organisation = fetch.organisation(work, organisation_name, Permission.ORGANISATION_MANAGE)
    if check_hours(rule.longest_hours) is None:
        raise InvalidError.of("longest_hours", sentence("Enter a maximum number of hours."))
    row = work.session.scalar(
        sa.select(AccessRuleRow).where(AccessRuleRow.organisation_id == organisation.id)
    )
    if row is None:
        row = AccessRuleRow(organisation_id=organisation.id)
        work.session.add(row)
    row.is_open, row.approvers = rule.is_open, rule.approvers
    row.longest_hours, row.allows_endless = rule.longest_hours, rule.allows_endless
    row.highest_role = rule.highest_role
    work.record(
        events.AccessRuleChanged(
            about=organisation.id,
            organisation_id=organisation.id,
            is_open=rule.is_open,
            approvers=rule.approvers,
            longest_hours=rule.longest_hours,
            allows_endless=rule.allows_endless,
            highest_role=rule.highest_role,
        )
    )
    return rule
