"""What an organisation asks of tokens and keys that reach it, as its owners say."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from appliance.access import fetch, gate
from appliance.db import credential_rules
from appliance.db.credentials import AccessToken
from appliance.db.unit_of_work import UnitOfWork
from appliance.domain import events
from appliance.domain.credentials import LONGEST_LIFE_DAYS, Approval, needs_approval
from appliance.domain.ids import new_id
from appliance.domain.permissions import Permission
from appliance.errors import ConflictError, InvalidError, sentence
from appliance.services import token_approvals

NEEDED = Permission.ORGANISATION_MANAGE


@dataclass(frozen=True)
class Rule:
    """What an organisation asks; None where the instance's rule counts."""

    approval: Approval = Approval.OFF
    most_days: int | None = None
    unused_days: int | None = None


def show(work: UnitOfWork, organisation: str) -> Rule:
    """The rule of an organisation, for who may change it."""
    found = fetch.organisation(work, organisation, NEEDED)
    row = credential_rules.rule_of(work.session, found.id)
    return Rule(row.approval, row.most_days, row.unused_days) if row else Rule()


def change(work: UnitOfWork, organisation: str, rule: Rule, *, now: datetime) -> Rule:
    """Ask this of tokens and keys from now on, also of those that are there. The token with which
    this is asked is approved by it.

    Errors:
        InvalidError: a number of days makes no sense.
        ConflictError: the token with which this is asked would live too long.
    """
    found = fetch.organisation(work, organisation, NEEDED)
    gate.require_elevation(work, NEEDED, sensitive=True)
    _check_days("most_days", rule.most_days)
    _check_days("unused_days", rule.unused_days)
    row = credential_rules.ensure_rule(work.session, found.id)
    row.approval, row.most_days, row.unused_days = rule.approval, rule.most_days, rule.unused_days
    work.record(
        events.CredentialRuleChanged(
            about=found.id,
            organisation_id=found.id,
            approval=rule.approval,
            most_days=rule.most_days,
            unused_days=rule.unused_days,
        )
    )
    _let_in_who_asks(work, found.id, rule, now)
    return rule


def _let_in_who_asks(work: UnitOfWork, organisation_id: UUID, rule: Rule, now: datetime) -> None:
    token = work.session.get(AccessToken, work.actor.origin.credential_id or new_id())
    if token is None:
        return
    lives_days = token.lifetime_days
    if rule.most_days is not None and (lives_days is None or lives_days > rule.most_days):
        raise ConflictError(
            sentence("The token you are using lasts longer: it would be locked out.")
        )
    if needs_approval(rule.approval, all_repositories=token.all_repositories):
        token_approvals.let_in(work, token, organisation_id, now=now)


def _check_days(field: str, days: int | None) -> None:
    if days is not None and not 1 <= days <= LONGEST_LIFE_DAYS:
        raise InvalidError.of(
            field, sentence("Enter 1 to %(most)s days, or leave it empty.", most=LONGEST_LIFE_DAYS)
        )
