"""Who must have a second factor, as administrators say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from appliance.access import act_states as states
from appliance.access import fetch, gate
from appliance.db.organisations import Organisation
from appliance.db.second_factors import FactorRule, has_factor
from appliance.db.unit_of_work import UnitOfWork
from appliance.db.users import User, UserState
from appliance.domain import events
from appliance.domain.identity import Method
from appliance.domain.ids import new_id
from appliance.domain.permissions import InstanceRole, OrganisationRole, Permission
from appliance.domain.second_person import Act
from appliance.errors import ConflictError, InvalidError, NotFoundError, sentence
from appliance.services import factor_due
from appliance.services.second_person import guarded

DAY = 24 * 3600
MOST_GRACE_DAYS = 365


@dataclass(frozen=True)
class ListedRule:
    """About whom a rule is, and how long they may go on without a second factor."""

    id: UUID
    organisation: str
    """Empty: it is about the whole appliance."""
    role: str
    grace_days: int
    created_at: datetime


@dataclass(frozen=True)
class Rules:
    """All rules, and how many people have no second factor."""

    items: Sequence[ListedRule]
    people: int
    without: int


def show(work: UnitOfWork) -> Rules:
    """All rules, for who manages users."""
    gate.require(work, Permission.USERS_MANAGE)
    rows = work.session.execute(
        sa.select(FactorRule, Organisation.name)
        .outerjoin(Organisation, Organisation.id == FactorRule.organisation_id)
        .order_by(FactorRule.id)
    )
    active = sa.select(sa.func.count(User.id)).where(
        User.state == UserState.ACTIVE, User.is_machine.is_(False)
    )
    return Rules(
        [_listed(row[0], row[1] or "") for row in rows],
        work.session.scalar(active) or 0,
        work.session.scalar(active.where(~has_factor(User.id))) or 0,
    )


@guarded(Act.FACTOR_RULE_CHANGE, states.factor_rules, covers=states.is_lowered)
def require(
    work: UnitOfWork, *, organisation: str = "", role: str = "", grace_days: int, now: datetime
) -> ListedRule:
    """Let some people need a second factor: everybody, or who has a role, here or somewhere.

    A rule about the same people is replaced, and their grace begins anew.

    Errors:
        InvalidError: there is no such role, or the grace is too long.
        ConflictError: it would keep out who asks, here and now.
    """
    gate.require(work, Permission.USERS_MANAGE)
    roles = OrganisationRole if organisation else InstanceRole
    if role and role not in set(roles):
        raise InvalidError.of("role", sentence("There is no role %(role)s there.", role=role))
    if not 0 <= grace_days <= MOST_GRACE_DAYS:
        raise InvalidError.of(
            "grace_days", sentence("Enter 0 to %(most)s days.", most=MOST_GRACE_DAYS)
        )
    found = None
    if organisation:
        found = fetch.organisation(work, organisation, Permission.ORGANISATION_READ)
    scope = f"{found.id if found else 'instance'} {role}"
    work.session.execute(sa.delete(FactorRule).where(FactorRule.scope == scope))
    rule = FactorRule(
        id=new_id(),
        scope=scope,
        organisation_id=found.id if found else None,
        role=role,
        grace_seconds=grace_days * DAY,
        created_at=now,
    )
    work.session.add(rule)
    work.session.flush()  # Whether it keeps out who asks is asked of what is stored.
    _insist_on_staying(work, now)
    work.record(
        events.SecondFactorRequired(
            about=rule.id,
            organisation_id=found.id if found else None,
            role=role,
            grace_seconds=rule.grace_seconds,
        )
    )
    return _listed(rule, found.name if found else "")


@guarded(Act.FACTOR_RULE_REMOVE, states.factor_rules, covers=states.is_lowered)
def withdraw(work: UnitOfWork, rule_id: UUID) -> None:
    """Let these people need none any more.

    Errors:
        NotFoundError: there is no such rule.
    """
    gate.require(work, Permission.USERS_MANAGE)
    rule = work.session.get(FactorRule, rule_id)
    if rule is None:
        raise NotFoundError(sentence("There is no such rule."))
    work.record(
        events.SecondFactorNotRequired(
            about=rule.id, organisation_id=rule.organisation_id, role=rule.role
        )
    )
    work.session.delete(rule)


def _insist_on_staying(work: UnitOfWork, now: datetime) -> None:
    actor = work.actor
    if actor.id is None or actor.origin.method is Method.CONSOLE:
        return
    due = factor_due.due_at(work, actor.id)
    if due is not None and due <= now:
        raise ConflictError(
            sentence("That would lock you out at once. Set up a second factor of your own first.")
        )


def _listed(rule: FactorRule, organisation: str) -> ListedRule:
    return ListedRule(rule.id, organisation, rule.role, rule.grace_seconds // DAY, rule.created_at)
